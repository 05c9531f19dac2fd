import type { Clock } from '../../kernel/clock.ts';
import { ConnectorLate } from './connector-late.ts';

/** `setTimeout` fires at once when asked for more. */
const LONGEST_TIMEOUT_MS = 2 ** 31 - 1;

/** How long somebody waits. */
export interface Patience {
  /** Milliseconds since the epoch. */
  readonly deadline: number;
  readonly signal: AbortSignal;
}

/**
 * Does work until the deadline, or until nobody waits any more, and not one moment longer: the work's signal is aborted
 * then. Rejects with {@link ConnectorLate} at the deadline, with the signal's own reason when whoever asked went away,
 * and as the work does.
 */
export async function withinDeadline<Result>(
  operation: string,
  { deadline, signal }: Patience,
  clock: Pick<Clock, 'now'>,
  work: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const leftMs = deadline - clock.now();
  if (signal.aborted) throw endOf(signal, operation);
  if (leftMs <= 0) throw new ConnectorLate(operation);
  const controller = new AbortController();
  return new Promise<Result>((resolve, reject) => {
    const end = (reason: unknown) => {
      controller.abort(reason);
      // Work that obeys has been counted as failed by then; work that waits for its turn cannot obey.
      setImmediate(() => reject(reason));
    };
    const onAbort = () => end(endOf(signal, operation));
    const timer = setTimeout(() => end(new ConnectorLate(operation)), Math.min(leftMs, LONGEST_TIMEOUT_MS));
    signal.addEventListener('abort', onAbort, { once: true });
    work(controller.signal)
      .then(resolve, reject)
      .finally(() => {
        clearTimeout(timer);
        signal.removeEventListener('abort', onAbort);
      });
  });
}

/** Whoever merely went away says nothing about the systems; a budget that ran out does. */
function endOf(signal: AbortSignal, operation: string): unknown {
  const { reason } = signal;
  return reason instanceof Error && reason.name === 'AbortError' ? reason : new ConnectorLate(operation);
}
