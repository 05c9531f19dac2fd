/** SQLSTATE classes after which the database has undone the transaction for sure: data, constraints, rollback. */
const UNDONE = /^(22|23|40)...$/;

export interface GroupedCalls<Input, Output> {
  /**
   * Does the work of many calls at once; answers in their order. An `Error` among the answers rejects that call
   * alone. What rejects is tried again call by call when the database has undone it, so that one call's data cannot
   * fail another's.
   */
  readonly run: (inputs: readonly Input[]) => Promise<readonly (Output | Error)[]>;
  /** Calls in one group. */
  readonly most: number;
  /** Groups that run at the same time. */
  readonly lanes: number;
  /** Calls that may wait for a lane; more are rejected. */
  readonly mostWaiting: number;
}

/**
 * Makes one call of many: those that arrive in the same turn, or while all lanes are busy, run together. Under load a
 * group is as large as what arrived while the one before it ran, which costs nobody a wait of its own.
 */
export function groupCalls<Input, Output>(
  settings: GroupedCalls<Input, Output>,
): (input: Input) => Promise<Output> {
  const { run, most, lanes, mostWaiting } = settings;
  let waiting: Call<Input, Output>[] = [];
  let busyLanes = 0;
  let isScheduled = false;

  function schedule(): void {
    if (isScheduled || waiting.length === 0 || busyLanes === lanes) return;
    isScheduled = true;
    setImmediate(() => {
      isScheduled = false;
      start();
      schedule();
    });
  }

  async function start(): Promise<void> {
    const group = waiting.slice(0, most);
    waiting = waiting.slice(most);
    busyLanes += 1;
    await settle(group, run);
    busyLanes -= 1;
    schedule();
  }

  return (input) => {
    if (waiting.length >= mostWaiting)
      return Promise.reject(new Error('too many calls wait for the database'));
    const { promise, resolve, reject } = Promise.withResolvers<Output>();
    waiting.push({ input, resolve, reject });
    schedule();
    return promise;
  };
}

interface Call<Input, Output> {
  readonly input: Input;
  readonly resolve: (output: Output) => void;
  readonly reject: (error: unknown) => void;
}

/** Never rejects. */
async function settle<Input, Output>(
  group: readonly Call<Input, Output>[],
  run: GroupedCalls<Input, Output>['run'],
): Promise<void> {
  try {
    answer(group, await run(group.map(({ input }) => input)));
  } catch (error) {
    if (!UNDONE.test(String((error as { code?: unknown }).code))) return rejectAll(group, error);
    for (const call of group) await settleAlone(call, run);
  }
}

/** Never rejects. */
async function settleAlone<Input, Output>(
  call: Call<Input, Output>,
  run: GroupedCalls<Input, Output>['run'],
): Promise<void> {
  try {
    answer([call], await run([call.input]));
  } catch (error) {
    call.reject(error);
  }
}

function answer<Input, Output>(
  group: readonly Call<Input, Output>[],
  outputs: readonly (Output | Error)[],
): void {
  for (const [place, { resolve, reject }] of group.entries()) {
    const output = outputs[place] as Output | Error;
    if (output instanceof Error) reject(output);
    else resolve(output);
  }
}

function rejectAll<Input, Output>(group: readonly Call<Input, Output>[], error: unknown): void {
  for (const { reject } of group) reject(error);
}
