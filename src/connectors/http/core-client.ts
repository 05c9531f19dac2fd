import { setTimeout as pause } from 'node:timers/promises';
import { type Clock, systemClock } from '../../kernel/clock.ts';
import type { Asking } from '../connector.ts';
import { BadAnswer } from './bad-answer.ts';
import { createCompartments } from './compartments.ts';
import { ConnectorAway } from './connector-away.ts';
import type { CoreOperation } from './core-contract.ts';
import { createCoreTransport } from './core-transport.ts';
import { type Circuit, type CircuitWord, createCircuit } from './create-circuit.ts';
import type { HttpConnectorSettings } from './http-connector-settings.ts';
import { createRequestSigner } from './request-signer.ts';
import { type Patience, withinDeadline } from './within-deadline.ts';

/** A circuit that is not closed, by what it protects. */
export interface DisturbedCircuit {
  readonly name: string;
  readonly state: CircuitWord;
}

/**
 * Calls to an institution's systems, bounded in number and time. All reject with {@link ConnectorAway},
 * {@link ConnectorLate}, {@link BadAnswer}, or the reason of the signal when whoever asked went away.
 */
export interface CoreClient {
  /** Asks on behalf of somebody. Returns the body of the answer. */
  ask(operation: CoreOperation, asking: Asking, question: object): Promise<Buffer>;
  /** Asks for something about the systems themselves, once. */
  read(operation: CoreOperation, patience: Patience): Promise<Buffer>;
  circuits(): readonly DisturbedCircuit[];
  close(): Promise<void>;
}

const CONCURRENCY = 32;
const QUEUE = 32;
const RETRIES = 1;
const MAX_ANSWER_BYTES = 8 * 1024 * 1024;
const CONNECT_TIMEOUT_MS = 1_000;
/** Half to one and a half of it pass before a call is sent again, and twice as much each further time. */
const PAUSE_MS = 50;

/**
 * Creates the client. Each operation and API has its own bounds and its own circuit, so that what is slow holds up nothing
 * else; connections that fail are counted by a circuit that all share.
 *
 * @throws Error for settings that cannot be used.
 */
export function createCoreClient(settings: HttpConnectorSettings): CoreClient {
  const { clock = systemClock, random = Math.random, retries = RETRIES } = settings;
  const { circuit = {}, onCircuit = () => undefined, concurrency = CONCURRENCY, queue = QUEUE } = settings;
  checkNumbers(settings);
  checkNumbers(circuit);
  const transport = createCoreTransport({
    ...settings,
    sign: settings.signing && createRequestSigner(settings.signing, clock),
    maxAnswerBytes: settings.maxAnswerBytes ?? MAX_ANSWER_BYTES,
    connectTimeoutMs: settings.connectTimeoutMs ?? CONNECT_TIMEOUT_MS,
  });
  const compartments = createCompartments({ concurrency, queue, circuit, onCircuit });
  const connections = createCircuit(circuit, {
    name: "the connection to the institution's systems",
    counts: (error) => error instanceof ConnectorAway && error.reason === 'unreachable',
    // Whatever was answered, somebody was there to answer it.
    proves: (error) =>
      error instanceof BadAnswer || (error instanceof ConnectorAway && error.reason === 'failing'),
    onCircuit,
  });

  function send(
    operation: CoreOperation,
    asking: Pick<Asking, 'deadline'> & Partial<Pick<Asking, 'interactionId'>>,
    body: string,
    signal: AbortSignal,
  ): Promise<Buffer> {
    const headers = tellHeaders(asking, clock);
    return connections.run(() => transport.send(operation, headers, body, signal));
  }

  /** Attempts until one is good, or another is of no use, not allowed, or too late. */
  async function sendUntilGood(
    attempt: () => Promise<Buffer>,
    { isSafe }: CoreOperation,
    deadline: number,
    signal: AbortSignal,
  ): Promise<Buffer> {
    for (let repeated = 0; ; repeated += 1) {
      try {
        return await attempt();
      } catch (error) {
        const pauseMs = PAUSE_MS * 2 ** repeated * (0.5 + random());
        const isWorthIt = isSafe && repeated < retries && error instanceof ConnectorAway && error.isPassing;
        if (!isWorthIt || deadline - clock.now() <= pauseMs) throw error;
        await pause(pauseMs, undefined, { signal });
      }
    }
  }

  return {
    ask(operation, asking, question) {
      const compartment = compartments.of(operation.name, asking.api);
      const body = JSON.stringify({ asking: tellAsking(asking), ...question });
      return withinDeadline(operation.name, asking, clock, (signal) => {
        const attempt = () => compartment.circuit.run(() => send(operation, asking, body, signal));
        return compartment.enter(signal, () => sendUntilGood(attempt, operation, asking.deadline, signal));
      });
    },
    read: (operation, patience) =>
      withinDeadline(operation.name, patience, clock, (signal) => send(operation, patience, '', signal)),
    circuits: () => [connections, ...compartments.circuits()].map(tellCircuit).filter(isDisturbed),
    close: () => transport.close(),
  };
}

/** The least that makes sense of each number in the settings. */
const LEAST: Readonly<Record<string, number>> = {
  concurrency: 1,
  queue: 0,
  retries: 0,
  maxAnswerBytes: 1,
  connectTimeoutMs: 1,
  clockToleranceMs: 0,
  failures: 1,
  pauseMs: 1,
};

function checkNumbers(settings: object): void {
  for (const [name, value] of Object.entries<unknown>(settings as Record<string, unknown>)) {
    const least = LEAST[name];
    if (least === undefined || value === undefined) continue;
    if (!Number.isSafeInteger(value) || (value as number) < least)
      throw new Error(`${name} must be a whole number of at least ${least}`);
  }
}

function tellHeaders(
  { deadline, interactionId }: Pick<Asking, 'deadline'> & Partial<Pick<Asking, 'interactionId'>>,
  clock: Pick<Clock, 'now'>,
): Record<string, string> {
  return {
    'x-guiche-deadline': new Date(deadline).toISOString(),
    'x-guiche-timeout-ms': String(Math.max(0, Math.floor(deadline - clock.now()))),
    ...(interactionId !== undefined && { 'x-fapi-interaction-id': interactionId }),
  };
}

function tellAsking({ brand, ecosystem, api, version, permissions }: Asking): object {
  return { brand, ecosystem, api, version, permissions };
}

function tellCircuit({ name, state }: Circuit): DisturbedCircuit {
  return { name, state: state() };
}

function isDisturbed({ state }: DisturbedCircuit): boolean {
  return state !== 'closed';
}
