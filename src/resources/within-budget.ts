/** Says that the institution's systems took all the time there was. */
export class OutOfTime extends Error {
  constructor() {
    super("the institution's systems did not answer in time");
    this.name = 'OutOfTime';
  }
}

/** Whoever keeps to a deadline of their own gives up about when the budget ends, and a little earlier at times. */
const MOMENT_MS = 20;

/**
 * Lets work go on for so many milliseconds: whoever does not obey the signal is not waited for. Work that has a result at
 * hand the moment the signal is aborted may still answer with it. Rejects with {@link OutOfTime}, also when the work
 * fails as its time ends, or as the work does.
 */
export async function withinBudget<Result>(
  budgetMs: number,
  work: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const { signal, abort } = abortable();
  const isOverAt = performance.now() + budgetMs - Math.min(MOMENT_MS, budgetMs / 10);
  const isOver = () => signal.aborted || performance.now() >= isOverAt;
  return new Promise<Result>((resolve, reject) => {
    const timer = setTimeout(() => {
      abort();
      setImmediate(() => reject(signal.reason));
    }, budgetMs);
    work(signal)
      .then(resolve, (error) => reject(isOver() ? new OutOfTime() : error))
      .finally(() => clearTimeout(timer));
  });
}

function abortable(): { readonly signal: AbortSignal; readonly abort: () => void } {
  const controller = new AbortController();
  return { signal: controller.signal, abort: () => controller.abort(new OutOfTime()) };
}
