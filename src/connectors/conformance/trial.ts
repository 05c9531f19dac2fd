import { randomUUID } from 'node:crypto';
import type { Clock } from '../../kernel/clock.ts';
import type { Asking, Connector, Found } from '../connector.ts';
import type { CustomerDocuments, OfferedResource } from '../customer.ts';
import { Broken, NotTried } from './connector-case.ts';
import type { ConnectorRead } from './connector-read.ts';
import { findInternals, messagesOf } from './find-internals.ts';

/** Whom the cases ask about. */
export interface TrialCustomers {
  /** A customer with things of as many kinds as possible. */
  readonly customer: CustomerDocuments;
  /** Another customer, whose things the first must not get. */
  readonly other?: CustomerDocuments;
  /** A customer who has nothing. */
  readonly empty?: CustomerDocuments;
  /** A CPF that is no customer's. */
  readonly unknownCpf: string;
}

export interface TrialSettings {
  readonly connector: Connector;
  readonly brand: string;
  readonly ecosystem: string;
  /** Every read of customer data of the ecosystem. */
  readonly reads: readonly ConnectorRead[];
  /** APIs that the connector claims; undefined where it may have any. */
  readonly claimed: readonly string[] | undefined;
  /** Every resource type of the ecosystem. */
  readonly types: readonly string[];
  readonly customers: TrialCustomers;
  readonly clock: Pick<Clock, 'now'>;
  /** How long an ordinary call may take, in milliseconds. */
  readonly patienceMs: number;
  /** How long after its end a call may take to settle, in milliseconds. */
  readonly graceMs: number;
}

/** How a call is limited, in milliseconds from its start. */
export interface Timing {
  readonly deadlineMs: number;
  /** When the signal is aborted; at the deadline if it is left out, and before the call if it is 0. */
  readonly abortMs?: number;
}

/** How a call ended. */
export type Ended<Data> =
  | { readonly state: 'answered'; readonly found: Data }
  | { readonly state: 'rejected'; readonly error: unknown }
  /** Neither answered nor rejected when its time and the grace after it were over. */
  | { readonly state: 'late' };

/** One error that was seen, by what was asked. */
export interface SeenError {
  readonly about: string;
  readonly messages: readonly string[];
}

/** When data was true, as an answer told it, and when it arrived; both in milliseconds since the epoch. */
export interface SeenInstant {
  readonly about: string;
  readonly asOf: unknown;
  readonly at: number;
}

/** A connector under trial: what the cases ask it with, and what is remembered for the cases that look back. */
export interface Trial {
  readonly settings: TrialSettings;
  readonly connector: Connector;
  readonly customers: TrialCustomers;
  /** Reads of the APIs that the connector claims. */
  readonly reads: readonly ConnectorRead[];
  readonly errors: readonly SeenError[];
  readonly instants: readonly SeenInstant[];
  /** Makes a call and says how it ended. */
  attempt<Data>(
    about: string,
    timing: Timing,
    call: (asking: Asking) => Data | Promise<Data>,
  ): Promise<Ended<Data>>;
  /** Makes an ordinary call. Rejects with {@link Broken} when it fails, is late or has not the form of an answer. */
  ask<Data>(about: string, call: (asking: Asking) => Promise<Found<Data>>): Promise<Found<Data>>;
  /** What discovery finds of all types. Rejects with {@link NotTried} when it does not answer. */
  discovered(documents: CustomerDocuments): Promise<readonly OfferedResource[]>;
  /** Does work once, whichever case asks for it first. */
  once<Result>(name: string, work: () => Promise<Result>): Promise<Result>;
}

const STATUSES = new Set(['ok', 'empty', 'notReady', 'notFound', 'refused']);
const MOST_REMEMBERED = 10_000;
const MOST_WORDS = 200;

/** Starts a trial of a connector. */
export function createTrial(settings: TrialSettings): Trial {
  const { connector, customers, claimed, clock, patienceMs, graceMs } = settings;
  const errors: SeenError[] = [];
  const instants: SeenInstant[] = [];
  const memory = new Map<string, Promise<unknown>>();

  async function attempt<Data>(
    about: string,
    { deadlineMs, abortMs = deadlineMs }: Timing,
    call: (asking: Asking) => Data | Promise<Data>,
  ): Promise<Ended<Data>> {
    const controller = new AbortController();
    if (abortMs === 0) controller.abort();
    const abort = setTimeout(() => controller.abort(), abortMs);
    const late = Promise.withResolvers<Ended<Data>>();
    const end = setTimeout(() => late.resolve({ state: 'late' }), abortMs + graceMs);
    try {
      return await Promise.race([
        settle(about, call, createAsking(deadlineMs, controller.signal)),
        late.promise,
      ]);
    } finally {
      clearTimeout(abort);
      clearTimeout(end);
    }
  }

  function createAsking(deadlineMs: number, signal: AbortSignal): Asking {
    return {
      brand: settings.brand,
      ecosystem: settings.ecosystem,
      api: undefined,
      version: undefined,
      permissions: [],
      interactionId: randomUUID(),
      deadline: clock.now() + deadlineMs,
      signal,
    };
  }

  async function settle<Data>(
    about: string,
    call: (asking: Asking) => Data | Promise<Data>,
    asking: Asking,
  ): Promise<Ended<Data>> {
    try {
      return { state: 'answered', found: await call(asking) };
    } catch (error) {
      if (errors.length < MOST_REMEMBERED) errors.push({ about, messages: messagesOf(error) });
      return { state: 'rejected', error };
    }
  }

  async function ask<Data>(
    about: string,
    call: (asking: Asking) => Promise<Found<Data>>,
  ): Promise<Found<Data>> {
    const ended = await attempt(about, { deadlineMs: patienceMs }, call);
    if (ended.state === 'late') throw new Broken(`${about}: no answer within ${patienceMs} ms`);
    if (ended.state === 'rejected') throw new Broken(`${about}: ${describeError(ended.error, customers)}`);
    const { found } = ended;
    if (!isFound(found)) throw new Broken(`${about}: the answer has not the form of one`);
    if (found.status === 'ok' && instants.length < MOST_REMEMBERED)
      instants.push({ about, asOf: found.asOf, at: clock.now() });
    return found;
  }

  function once<Result>(name: string, work: () => Promise<Result>): Promise<Result> {
    const known = memory.get(name) ?? work();
    memory.set(name, known);
    return known as Promise<Result>;
  }

  return {
    settings,
    connector,
    customers,
    reads: claimed
      ? settings.reads.filter(({ operation }) => claimed.includes(operation.api))
      : settings.reads,
    errors,
    instants,
    attempt,
    ask,
    once,
    discovered: (documents) =>
      once(`discovery ${JSON.stringify(documents)}`, async () => {
        const { types } = settings;
        const found = await ask('discover', (asking) => connector.discover(documents, types, asking)).catch(
          () => undefined,
        );
        if (!found) throw new NotTried('discovery does not answer');
        return found.status === 'ok' && Array.isArray(found.data) ? found.data.filter(isUsable) : [];
      }),
  };
}

function isFound(found: unknown): boolean {
  if (typeof found !== 'object' || found === null || !('status' in found)) return false;
  return STATUSES.has(String(found.status)) && (found.status !== 'ok' || 'data' in found);
}

/** What could not be asked for at all is for the case that looks at discovery's form. */
function isUsable(resource: unknown): boolean {
  if (typeof resource !== 'object' || resource === null) return false;
  const { ref, type } = resource as Partial<OfferedResource>;
  return typeof ref === 'string' && typeof type === 'string';
}

/** The words of an error, unless they are the very thing that must not be told. */
function describeError(error: unknown, { customer, other, empty }: TrialCustomers): string {
  const known = [customer, other, empty].filter((documents) => documents !== undefined);
  const [message = ''] = messagesOf(error);
  const isTellable = message !== '' && findInternals(message, known) === undefined;
  return `fails${isTellable ? `: ${message.replaceAll(/\s+/g, ' ').slice(0, MOST_WORDS)}` : ''}`;
}
