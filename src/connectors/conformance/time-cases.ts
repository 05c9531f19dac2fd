import type { Asking } from '../connector.ts';
import { readEverything, widestQuery } from './base-answers.ts';
import { type ConnectorCase, expect, NotTried } from './connector-case.ts';
import { askRead } from './connector-read.ts';
import { findInternals } from './find-internals.ts';
import type { Trial } from './trial.ts';

const SHORT_MS = 5;
/** Calls given up at once: more than a connector has connections. */
const MANY = 40;

/** Cases about time, and about what errors tell. */
export const TIME_CASES: readonly ConnectorCase[] = [
  {
    number: 29,
    name: 'the deadline is kept',
    why: 'A receiver is answered within the regulator’s time, with or without the institution’s systems.',
    run: (trial) => trySettling(trial, { deadlineMs: SHORT_MS }, `of ${SHORT_MS} ms`),
  },
  {
    number: 30,
    name: 'a call under way can be given up',
    why: 'Work for an answer that nobody waits for takes the place of work that somebody does.',
    run: (trial) =>
      trySettling(trial, { deadlineMs: trial.settings.patienceMs, abortMs: SHORT_MS }, 'given up'),
  },
  {
    number: 31,
    name: 'a call that was given up before is not begun',
    why: 'A request that waited too long in a queue is over: nothing may be asked for it any more.',
    run: tryAborted,
  },
  {
    number: 32,
    name: 'calls that were given up leave nothing behind',
    why: 'Connections and places in a queue that are never given back end a service in an afternoon.',
    run: tryRecovery,
  },
  {
    number: 33,
    name: 'errors tell nothing of the inside',
    why: 'Errors are logged and end up with people who must know neither documents nor addresses nor queries.',
    run: tryErrors,
  },
];

type Call = (asking: Asking) => Promise<unknown>;

/** One call of each method, of those that data was found with. */
async function callsOf(trial: Trial): Promise<Map<string, Call>> {
  const { connector, customers, settings } = trial;
  const { customer } = customers;
  const calls = new Map<string, Call>([
    ['customer', (asking) => connector.customer({ cpf: customer.cpf }, asking)],
    ['discover', (asking) => connector.discover(customer, settings.types, asking)],
  ]);
  const { answers } = await readEverything(trial);
  for (const { target } of answers) {
    const method = target.read.addressing.method;
    if (calls.has(method)) continue;
    const query = widestQuery(target.read);
    const page = target.read.operation.paging && { offset: 0, size: 25 };
    calls.set(method, (asking) => askRead(connector, target, asking, query, page));
  }
  return calls;
}

async function trySettling(
  trial: Trial,
  timing: { deadlineMs: number; abortMs?: number },
  how: string,
): Promise<number> {
  const calls = await callsOf(trial);
  for (const [method, call] of calls) {
    const { state } = await trial.attempt(method, timing, call);
    expect(state !== 'late', `${method}, ${how}, is not over ${trial.settings.graceMs} ms after its end`);
    // What counts failures in a row must not take the trial for an outage.
    await trial.attempt(method, { deadlineMs: trial.settings.patienceMs }, call);
  }
  return calls.size;
}

async function tryAborted(trial: Trial): Promise<number> {
  const calls = await callsOf(trial);
  const timing = { deadlineMs: trial.settings.patienceMs, abortMs: 0 };
  for (const [method, call] of calls) {
    const { state } = await trial.attempt(method, timing, call);
    expect(state === 'rejected', `${method} is ${state} although the signal was aborted before`);
  }
  return calls.size;
}

async function tryRecovery(trial: Trial): Promise<number> {
  const calls = await callsOf(trial);
  const timing = { deadlineMs: trial.settings.patienceMs, abortMs: 1 };
  for (const [method, call] of calls) {
    await Promise.all(Array.from({ length: MANY }, () => trial.attempt(method, timing, call)));
    const { state } = await trial.attempt(method, { deadlineMs: trial.settings.patienceMs }, call);
    expect(state === 'answered', `${method} is ${state} after ${MANY} calls of it were given up`);
  }
  return calls.size * (MANY + 1);
}

/** Looks at every error of the whole trial, and at what health says. */
async function tryErrors(trial: Trial): Promise<number> {
  const { customer, other, empty, unknownCpf } = trial.customers;
  const customers = [customer, other, empty, { cpf: unknownCpf }].filter(
    (documents) => documents !== undefined,
  );
  const ended = await trial.attempt('health', { deadlineMs: trial.settings.patienceMs }, ({ signal }) =>
    trial.connector.health(signal),
  );
  const reason = ended.state === 'answered' ? ended.found?.reason : undefined;
  const seen = [...trial.errors, ...(reason === undefined ? [] : [{ about: 'health', messages: [reason] }])];
  for (const { about, messages } of seen) {
    const found = messages
      .map((message) => findInternals(message, customers))
      .find((what) => what !== undefined);
    expect(found === undefined, `${about}: an error has ${found} in it`);
  }
  if (seen.length === 0) throw new NotTried('no error was seen');
  return seen.length;
}
