/** Says that the institution's systems took all the time there was. */
export class OutOfTime extends Error {
  constructor() {
    super("the institution's systems did not answer in time");
    this.name = 'OutOfTime';
  }
}

/**
 * Lets work go on for so many milliseconds, and not one more: whoever does not obey the signal is not waited for.
 * Rejects with {@link OutOfTime}, or as the work does.
 */
export async function withinBudget<Result>(
  budgetMs: number,
  work: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const controller = new AbortController();
  return new Promise<Result>((resolve, reject) => {
    const timer = setTimeout(() => {
      const late = new OutOfTime();
      reject(late);
      controller.abort(late);
    }, budgetMs);
    work(controller.signal)
      .then(resolve, reject)
      .finally(() => clearTimeout(timer));
  });
}
