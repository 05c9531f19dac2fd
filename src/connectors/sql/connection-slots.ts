/** Room for a number of things at a time, and a queue of bounded length before it. */
export interface ConnectionSlots {
  /**
   * Resolves with what gives the slot back once there is one, first come, first served. Rejects with the signal's reason
   * when it is aborted before that, and at once when too many wait already.
   */
  take(signal: AbortSignal): Promise<() => void>;
}

interface Waiter {
  readonly admit: () => void;
}

/** Creates as many free slots as `slots`; up to `mostWaiting` callers wait for one. */
export function createConnectionSlots(slots: number, mostWaiting: number): ConnectionSlots {
  const waiting = new Set<Waiter>();
  let free = slots;

  function giveBack(): void {
    const [next] = waiting;
    if (!next) free += 1;
    else {
      waiting.delete(next);
      next.admit();
    }
  }

  function slot(): () => void {
    let isTaken = true;
    return () => {
      if (isTaken) giveBack();
      isTaken = false;
    };
  }

  function wait(signal: AbortSignal): Promise<() => void> {
    const { promise, resolve, reject } = Promise.withResolvers<() => void>();
    const waiter: Waiter = {
      admit() {
        signal.removeEventListener('abort', leave);
        resolve(slot());
      },
    };
    const leave = () => {
      waiting.delete(waiter);
      reject(signal.reason);
    };
    waiting.add(waiter);
    signal.addEventListener('abort', leave, { once: true });
    return promise;
  }

  return {
    async take(signal) {
      signal.throwIfAborted();
      if (free > 0) {
        free -= 1;
        return slot();
      }
      if (waiting.size >= mostWaiting)
        throw new Error('too many reads wait for a connection to the database');
      return wait(signal);
    },
  };
}
