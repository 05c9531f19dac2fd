import {
  checkFoundCustomer,
  checkFoundResources,
  createContentCheck,
  MalformedAnswer,
} from '../check-found.ts';
import type { Capabilities, Connector, ConnectorHealth, Found } from '../connector.ts';

/** Methods that every connector has. */
export const NEEDED_METHODS = [
  'capabilities',
  'health',
  'customer',
  'discover',
  'list',
  'get',
  'children',
] as const satisfies readonly (keyof Connector)[];
export const OPTIONAL_METHODS = ['authenticate', 'close'] as const satisfies readonly (keyof Connector)[];

const CLOSE_MS = 5_000;
const CAPABILITIES_MS = 5_000;
const MOST_REASON = 200;
const MOST_APIS = 1_000;

/** A method of a connector that somebody else wrote failed. The message has its name and that of the error only. */
export class ConnectorFault extends Error {
  /**
   * `failure` is what was thrown. Of it the name and the places in the code are kept, for whoever mends it; its message
   * may quote whatever the method was working on.
   */
  constructor(method: string, failure: unknown) {
    super(`the connector's ${method} failed${failure instanceof Error ? ` with ${plainName(failure)}` : ''}`);
    this.name = 'ConnectorFault';
    const places = failure instanceof Error ? placesOf(failure) : '';
    if (places !== '') this.stack = `${this.name}: ${this.message}\n${places}`;
  }
}

/**
 * Holds a connector that somebody else wrote to its port. A late answer is not waited for past the signal; what a method
 * throws becomes a {@link ConnectorFault}; an answer of another form rejects with {@link MalformedAnswer}.
 */
export function guardConnector(connector: Connector): Connector {
  const checkContent = createContentCheck();

  /** Rejects with the signal's reason once it is aborted, whatever the method goes on doing. */
  async function call<Answer>(
    method: keyof Connector,
    signal: AbortSignal,
    ask: () => Promise<Answer> | Answer,
  ): Promise<Answer> {
    signal.throwIfAborted();
    const { promise: aborted, reject } = Promise.withResolvers<never>();
    const stop = () => reject(signal.reason);
    signal.addEventListener('abort', stop, { once: true });
    // Asked in a step of its own, so that what it throws at once is caught like what it rejects with.
    const asked = Promise.resolve().then(ask);
    asked.catch(() => {});
    try {
      return await Promise.race([asked, aborted]);
    } catch (failure) {
      throw signal.aborted ? signal.reason : new ConnectorFault(method, failure);
    } finally {
      signal.removeEventListener('abort', stop);
    }
  }

  async function checked<Answer extends Found<unknown>>(
    method: keyof Connector,
    signal: AbortSignal,
    ask: () => Promise<Answer>,
    check: (answer: unknown) => Answer,
  ): Promise<Answer> {
    return check(await call(method, signal, ask));
  }

  const { authenticate } = connector;
  return {
    async capabilities() {
      const signal = AbortSignal.timeout(CAPABILITIES_MS);
      return checkCapabilities(
        await call('capabilities', signal, () => connector.capabilities()),
        authenticate !== undefined,
      );
    },
    async health(signal) {
      return checkHealth(await call('health', signal, () => connector.health(signal)));
    },
    customer: (key, asking) =>
      checked('customer', asking.signal, () => connector.customer(key, asking), checkFoundCustomer),
    ...(authenticate && {
      authenticate: (login, password, asking) =>
        checked(
          'authenticate',
          asking.signal,
          () => authenticate.call(connector, login, password, asking),
          checkFoundCustomer,
        ),
    }),
    discover: (documents, types, asking) =>
      checked(
        'discover',
        asking.signal,
        () => connector.discover(documents, types, asking),
        (answer) => checkFoundResources(answer, types),
      ),
    list: (request) => checked('list', request.signal, () => connector.list(request), checkContent),
    get: (request) => checked('get', request.signal, () => connector.get(request), checkContent),
    children: (request) =>
      checked('children', request.signal, () => connector.children(request), checkContent),
    async close() {
      await call('close', AbortSignal.timeout(CLOSE_MS), () => connector.close?.());
    },
  };
}

function checkCapabilities(given: unknown, canAuthenticate: boolean): Capabilities {
  const { apis, authenticates } = (given ?? {}) as Partial<Record<keyof Capabilities, unknown>>;
  if (apis !== undefined && !isListOfTexts(apis))
    throw new MalformedAnswer('/apis', `a list of at most ${MOST_APIS} texts, or left out`);
  if (typeof authenticates !== 'boolean') throw new MalformedAnswer('/authenticates', 'true or false');
  if (authenticates && !canAuthenticate)
    throw new MalformedAnswer('/authenticates', 'false where there is no method authenticate');
  return { apis, authenticates };
}

function isListOfTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.length <= MOST_APIS && value.every((text) => typeof text === 'string');
}

function checkHealth(given: unknown): ConnectorHealth {
  const { isUp, reason } = (given ?? {}) as Partial<Record<keyof ConnectorHealth, unknown>>;
  if (typeof isUp !== 'boolean') throw new MalformedAnswer('/isUp', 'true or false');
  if (reason === undefined) return { isUp };
  if (typeof reason !== 'string' || reason.length > MOST_REASON)
    throw new MalformedAnswer('/reason', `a text of at most ${MOST_REASON} characters`);
  return { isUp, reason };
}

/** An error can be given any name, but one that is no identifier is not repeated. */
function plainName({ name }: Error): string {
  return /^[A-Za-z]\w{0,60}$/.test(name) ? name : 'an error';
}

/** The lines of a stack that tell places only; the message before them is left behind. */
function placesOf({ stack = '' }: Error): string {
  return stack
    .split('\n')
    .filter((line) => /^\s{4}at .*:\d+:\d+\)?$/.test(line))
    .join('\n');
}
