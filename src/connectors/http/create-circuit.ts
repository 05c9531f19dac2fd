import {
  BrokenCircuitError,
  CircuitState,
  ConsecutiveBreaker,
  CountBreaker,
  circuitBreaker,
  handleWhen,
} from 'cockatiel';
import { ConnectorAway } from './connector-away.ts';

/** When calls stop being sent, and for how long. */
export interface CircuitSettings {
  /** Failures in a row that open it, 5 by default; not with `ratio`. */
  readonly failures?: number;
  /** Opens when more than this share of the last `of` calls failed. */
  readonly ratio?: { readonly share: number; readonly of: number };
  /** Milliseconds until one call is let through to try, 5,000 by default. */
  readonly pauseMs?: number;
}

export type CircuitWord = 'closed' | 'open' | 'half-open';

export type OnCircuit = (change: { readonly name: string; readonly state: CircuitWord }) => void;

export interface Circuit {
  readonly name: string;
  state(): CircuitWord;
  /** Does the work, or rejects at once with {@link ConnectorAway} while too much has failed. */
  run<Result>(work: () => Promise<Result>): Promise<Result>;
}

export interface CircuitDependencies {
  /** Of what is protected, for the operator. */
  readonly name: string;
  /** Whether a failure says that what is protected does not work. */
  readonly counts: (error: unknown) => boolean;
  /** Whether a failure of the call that tries again says all the same that it works. */
  readonly proves: (error: unknown) => boolean;
  readonly onCircuit: OnCircuit;
}

const FAILURES = 5;
const PAUSE_MS = 5_000;

const WORDS: Readonly<Record<CircuitState, CircuitWord>> = {
  [CircuitState.Closed]: 'closed',
  [CircuitState.Open]: 'open',
  [CircuitState.Isolated]: 'open',
  [CircuitState.HalfOpen]: 'half-open',
};

/** Creates a circuit breaker. Throws a RangeError for settings that make no sense. */
export function createCircuit(
  { failures = FAILURES, ratio, pauseMs = PAUSE_MS }: CircuitSettings,
  { name, counts, proves, onCircuit }: CircuitDependencies,
): Circuit {
  const breaker = ratio
    ? new CountBreaker({ threshold: ratio.share, size: ratio.of })
    : new ConsecutiveBreaker(failures);
  // A trial that was given up proves nothing, so a circuit that is being tried stays open but for good reason.
  const isFailure = (error: unknown) => (isTried() ? !proves(error) : counts(error));
  const policy = circuitBreaker(handleWhen(isFailure), { breaker, halfOpenAfter: pauseMs });
  const isTried = () => policy.state === CircuitState.HalfOpen;
  policy.onStateChange((state) => onCircuit({ name, state: WORDS[state] }));

  return {
    name,
    state: () => WORDS[policy.state],
    async run(work) {
      // The policy would have everybody wait for the trial's end.
      if (isTried()) throw openCircuit(name);
      try {
        return await policy.execute(work);
      } catch (error) {
        throw error instanceof BrokenCircuitError ? openCircuit(name) : error;
      }
    },
  };
}

function openCircuit(name: string): ConnectorAway {
  return new ConnectorAway('circuit-open', `${name} failed too often just now and is not asked for a while`);
}
