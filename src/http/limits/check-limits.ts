import { type Answer, answerProblem, type Call, type Step } from '../../contract/call.ts';
import { createProblem, type Problem } from '../../kernel/problem.ts';
import type { Limiter, Verdict } from './limiter.ts';

/** Status by which Open Finance tells its global ceiling from the limit of one receiver. */
const OVERLOADED = 529;
const OVERALL = 'all';

/**
 * Creates the step that holds the regulators' traffic limits: so many requests per minute from one address, so many
 * per second in all. Both are floors, so nobody is refused below them.
 */
export function createLimitStep({
  perAddress,
  overall,
}: {
  readonly perAddress: Limiter;
  readonly overall: Limiter;
}): Step {
  return (call) => {
    const verdict = perAddress.take(call.client ?? '');
    if (verdict instanceof Promise)
      return verdict.then((ready) => refusePerAddress(ready) ?? checkOverall(call));
    return refusePerAddress(verdict) ?? checkOverall(call);
  };

  function checkOverall(call: Call): Answer | undefined | Promise<Answer | undefined> {
    const verdict = overall.take(OVERALL);
    return verdict instanceof Promise
      ? verdict.then((ready) => refuseOverall(ready, call))
      : refuseOverall(verdict, call);
  }
}

function refusePerAddress(verdict: Verdict): Answer | undefined {
  return refuse(verdict, () => createProblem('LIMITE_EXCEDIDO'));
}

function refuseOverall(verdict: Verdict, { operation }: Call): Answer | undefined {
  return refuse(verdict, () =>
    createProblem('CAPACIDADE_EXCEDIDA', operation.statuses.has(OVERLOADED) ? { status: OVERLOADED } : {}),
  );
}

function refuse(verdict: Verdict, problem: () => Problem): Answer | undefined {
  if (verdict.passed) return undefined;
  const seconds = String(Math.max(Math.ceil(verdict.retryAfterMs / 1000), 1));
  return answerProblem(problem(), {
    'retry-after': seconds,
    'x-rate-limit': String(verdict.limit),
    'x-rate-limit-remaining': '0',
    'x-rate-limit-time': seconds,
  });
}
