import { type Answer, answerProblem, type Call, type Step } from '../../contract/call.ts';
import { note } from '../../contract/call-notes.ts';
import { createProblem, type Problem } from '../../kernel/problem.ts';
import type { Limiter, Verdict } from './limiter.ts';

/** Status by which Open Finance tells its global ceiling from the limit of one receiver. */
const OVERLOADED = 529;
const OVERALL = 'all';

/** The limits of one address and of all together. */
export interface TrafficLimits {
  readonly perAddress: Limiter;
  readonly overall: Limiter;
}

/** Refuses, or lets pass with `undefined`, a request of a client whose address is given. */
export type CallerGuard = (client: string) => Answer | undefined | Promise<Answer | undefined>;

/**
 * Creates the step that holds the regulators' traffic limits: so many requests per minute from one address, so many
 * per second in all. Both are floors, so nobody is refused below them.
 */
export function createLimitStep(limits: TrafficLimits): Step {
  return (call) => {
    const { client = '', operation } = call;
    const answer = checkLimits(limits, client, operation.statuses.has(OVERLOADED) ? OVERLOADED : undefined);
    if (!call.notes) return answer;
    if (answer instanceof Promise)
      return answer.then((ready) => {
        noteStandings(call, limits);
        return ready;
      });
    noteStandings(call, limits);
    return answer;
  };
}

function noteStandings(call: Call, { perAddress, overall }: TrafficLimits): void {
  note(call, {
    limits: { address: perAddress.standing(call.client ?? ''), all: overall.standing(OVERALL) },
  });
}

/** Creates what holds the same limits where requests are no calls of operations. Counted together when the limiters are the same. */
export function createLimitGuard(limits: TrafficLimits): CallerGuard {
  return (client) => checkLimits(limits, client, undefined);
}

function checkLimits(
  { perAddress, overall }: TrafficLimits,
  client: string,
  overloaded: number | undefined,
): Answer | undefined | Promise<Answer | undefined> {
  const verdict = perAddress.take(client);
  if (verdict instanceof Promise)
    return verdict.then((ready) => refusePerAddress(ready) ?? checkOverall(overall, overloaded));
  return refusePerAddress(verdict) ?? checkOverall(overall, overloaded);
}

function checkOverall(
  overall: Limiter,
  overloaded: number | undefined,
): Answer | undefined | Promise<Answer | undefined> {
  const verdict = overall.take(OVERALL);
  return verdict instanceof Promise
    ? verdict.then((ready) => refuseOverall(ready, overloaded))
    : refuseOverall(verdict, overloaded);
}

function refusePerAddress(verdict: Verdict): Answer | undefined {
  return refuse(verdict, () => createProblem('LIMITE_EXCEDIDO'));
}

function refuseOverall(verdict: Verdict, overloaded: number | undefined): Answer | undefined {
  return refuse(verdict, () =>
    createProblem('CAPACIDADE_EXCEDIDA', overloaded === undefined ? {} : { status: overloaded }),
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
