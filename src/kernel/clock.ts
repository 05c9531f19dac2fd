/** Time as an argument, so that a test can let a quarter pass in seconds. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Runs an action again and again, `ms` after it last ended. Returns what stops it. */
  every(ms: number, action: () => void | Promise<void>): () => void;
}

/** The computer's own clock. Its timers do not keep the process alive. */
export const systemClock: Clock = {
  now: () => Date.now(),
  every(ms, action) {
    let timer: NodeJS.Timeout | undefined;
    let isStopped = false;
    const schedule = () => {
      timer = setTimeout(run, ms).unref();
    };
    const run = async () => {
      try {
        await action();
      } finally {
        if (!isStopped) schedule();
      }
    };
    schedule();
    return () => {
      isStopped = true;
      clearTimeout(timer);
    };
  },
};

/** A clock that stands still until it is told to move. */
export interface VirtualClock extends Clock {
  /** Lets time pass, running what falls due on the way, in order, each to its end. */
  advance(ms: number): Promise<void>;
}

/** Creates a virtual clock that shows `start`, in milliseconds since the epoch. */
export function createVirtualClock(start: number): VirtualClock {
  const due = new Set<{ at: number; ms: number; action: () => void | Promise<void> }>();
  let time = start;
  return {
    now: () => time,
    every(ms, action) {
      const entry = { at: time + ms, ms, action };
      due.add(entry);
      return () => {
        due.delete(entry);
      };
    },
    async advance(ms) {
      const end = time + ms;
      for (;;) {
        const next = [...due].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
        if (!next) break;
        time = next.at;
        next.at += next.ms;
        await next.action();
      }
      time = end;
    },
  };
}
