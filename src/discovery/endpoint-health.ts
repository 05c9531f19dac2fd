import type { Answered, AnsweredListener } from '../contract/answered.ts';
import type { Operation } from '../contract/operation.ts';
import type { HealthSource, Impairment } from './health.ts';

const WINDOW_SECONDS = 60;
/** Fewer calls than this say nothing about an endpoint. */
const FEWEST_CALLS = 20;
/** Share of calls answered with an error of ours from which on an endpoint counts as down. */
const IMPAIRED_SHARE = 0.5;

const REASON = 'Foi detectada uma taxa elevada de erros no atendimento das requisições.';

/** The recent success of every endpoint, as its own answers tell it. */
export interface EndpointHealth {
  /** Counts one answer. */
  readonly record: AnsweredListener;
  /** The endpoints that are failing now. */
  readonly impairments: HealthSource;
}

/**
 * Creates a window over the last 60 seconds of every operation. An endpoint is impaired while at least 20 calls were
 * answered in it and at least half of them with 5xx, and recovers as soon as that no longer holds. Rejections for load
 * (429, 529) count neither way: they say that there was too much traffic, not that the endpoint fails.
 */
export function createEndpointHealth({ now }: { readonly now: () => number }): EndpointHealth {
  const windows = new Map<Operation, Window>();

  function record({ operation, status, at }: Answered): void {
    if (status === 429 || status === 529) return;
    let window = windows.get(operation);
    if (!window) {
      window = createWindow(Math.floor(at / 1000));
      windows.set(operation, window);
    }
    advance(window, at);
    const slot = window.second % WINDOW_SECONDS;
    window.calls[slot] = (window.calls[slot] as number) + 1;
    window.allCalls += 1;
    if (status >= 500 && status <= 599) {
      window.failures[slot] = (window.failures[slot] as number) + 1;
      window.allFailures += 1;
    }
    judge(window, at);
  }

  function impairments(): Impairment[] {
    const at = now();
    const found: Impairment[] = [];
    for (const [operation, window] of windows) {
      advance(window, at);
      judge(window, at);
      if (window.since !== undefined)
        found.push({ endpoints: [operation.key], reason: REASON, since: window.since });
    }
    return found;
  }

  return { record, impairments };
}

/** Calls and failures in one-second slots, and their sums, which are all that an event has to touch. */
interface Window {
  readonly calls: Uint32Array;
  readonly failures: Uint32Array;
  /** The newest second in the window, since the epoch. */
  second: number;
  allCalls: number;
  allFailures: number;
  /** When the present impairment was detected. */
  since: number | undefined;
}

function createWindow(second: number): Window {
  return {
    calls: new Uint32Array(WINDOW_SECONDS),
    failures: new Uint32Array(WINDOW_SECONDS),
    second,
    allCalls: 0,
    allFailures: 0,
    since: undefined,
  };
}

/** Moves the window on to a second, forgetting what falls out of it. */
function advance(window: Window, at: number): void {
  const second = Math.floor(at / 1000);
  const passed = second - window.second;
  if (passed === 0) return;
  // A clock set back a little is waited for; one set back further starts the window again.
  if (passed < 0 && passed > -WINDOW_SECONDS) return;
  if (passed < 0 || passed >= WINDOW_SECONDS) clear(window);
  else for (let next = window.second + 1; next <= second; next += 1) forget(window, next % WINDOW_SECONDS);
  window.second = second;
}

function clear(window: Window): void {
  window.calls.fill(0);
  window.failures.fill(0);
  window.allCalls = 0;
  window.allFailures = 0;
}

function forget(window: Window, slot: number): void {
  window.allCalls -= window.calls[slot] as number;
  window.allFailures -= window.failures[slot] as number;
  window.calls[slot] = 0;
  window.failures[slot] = 0;
}

function judge(window: Window, at: number): void {
  const isImpaired =
    window.allCalls >= FEWEST_CALLS && window.allFailures >= window.allCalls * IMPAIRED_SHARE;
  if (!isImpaired) window.since = undefined;
  else if (window.since === undefined) window.since = at;
}
