import { systemClock } from '../../kernel/clock.ts';
import type {
  Asking,
  Capabilities,
  Connector,
  ConnectorHealth,
  CustomerKey,
  DataRequest,
  Found,
  FoundData,
  RecordRequest,
} from '../connector.ts';
import type { Customer, OfferedResource } from '../customer.ts';
import { BadAnswer } from './bad-answer.ts';
import { ConnectorAway } from './connector-away.ts';
import { ConnectorLate } from './connector-late.ts';
import { createCoreClient, type DisturbedCircuit } from './core-client.ts';
import { type CoreOperation, readCoreContract } from './core-contract.ts';
import type { HttpConnectorSettings } from './http-connector-settings.ts';
import { readAnswer, readFound, readFoundData } from './read-found.ts';

/** A connector whose circuits can be looked at. */
export interface HttpConnector extends Connector {
  /** Circuits that are not closed: what they protect is not asked, or being tried. */
  circuits(): readonly DisturbedCircuit[];
  close(): Promise<void>;
}

const CLOCK_TOLERANCE_MS = 30_000;
const HEALTH_MS = 2_000;
const CAPABILITIES_MS = 5_000;
const CAPABILITIES_KEPT_MS = 60_000;

/**
 * Reaches an institution's systems over the REST contract of `connectors/http/openapi.yaml`. No connection is opened yet.
 * Methods reject with {@link ConnectorAway}, {@link ConnectorLate}, {@link BadAnswer}, or the reason of the signal when
 * whoever asked went away.
 *
 * @throws Error for settings that cannot be used.
 */
export function createHttpConnector(settings: HttpConnectorSettings): HttpConnector {
  const { clock = systemClock, clockToleranceMs: toleranceMs = CLOCK_TOLERANCE_MS } = settings;
  const contract = readCoreContract();
  const client = createCoreClient(settings);
  let known: { readonly capabilities: Capabilities; readonly until: number } | undefined;

  async function find<Data>(
    operation: CoreOperation,
    asking: Asking,
    question: object,
  ): Promise<Found<Data>> {
    const bytes = await client.ask(operation, asking, question);
    return readFound<Data>(operation, bytes, { now: clock.now(), toleranceMs });
  }

  async function findData(operation: CoreOperation, asking: Asking, question: object): Promise<FoundData> {
    const bytes = await client.ask(operation, asking, question);
    return readFoundData(operation, bytes, { now: clock.now(), toleranceMs });
  }

  async function readHealth(signal: AbortSignal): Promise<ConnectorHealth> {
    const operation = contract.checkHealth;
    const bytes = await client.read(operation, { deadline: clock.now() + HEALTH_MS, signal });
    const { isUp, reason } = readAnswer(operation, bytes) as ConnectorHealth;
    const told = reason === undefined ? [] : [discreet(reason)];
    const disturbed = client.circuits().map(({ name }) => `${name} fails, and is not asked for a while`);
    const reasons = [...told, ...disturbed].join('; ');
    return { isUp, ...(reasons !== '' && { reason: reasons }) };
  }

  async function readCapabilities(): Promise<Capabilities> {
    const operation = contract.readCapabilities;
    const signal = new AbortController().signal;
    const bytes = await client.read(operation, { deadline: clock.now() + CAPABILITIES_MS, signal });
    const { apis, authenticates } = readAnswer(operation, bytes) as Capabilities;
    return { apis, authenticates };
  }

  return {
    async capabilities() {
      if (known && clock.now() < known.until) return known.capabilities;
      known = { capabilities: await readCapabilities(), until: clock.now() + CAPABILITIES_KEPT_MS };
      return known.capabilities;
    },

    async health(signal) {
      try {
        return await readHealth(signal);
      } catch (error) {
        if (isTold(error)) return { isUp: false, reason: error.message };
        throw error;
      }
    },

    async customer(key, asking) {
      const operation = contract.findCustomer;
      const found = await find<Customer>(operation, asking, { key });
      if (found.status === 'ok' && !isOf(found.data, key))
        throw new BadAnswer(operation.name, 'it is another customer');
      return found;
    },

    authenticate: (login, password, asking) =>
      find<Customer>(contract.authenticateCustomer, asking, { login, password }),

    async discover(documents, types, asking) {
      const operation = contract.discoverResources;
      const found = await find<readonly OfferedResource[]>(operation, asking, { documents, types });
      if (found.status !== 'ok') return found;
      checkUnique(operation.name, found.data);
      return { ...found, data: found.data.filter(({ type }) => types.includes(type)) };
    },

    list: (request) => findData(contract.listRecords, request, tellRequest(request)),
    get: (request) => findData(contract.getRecord, request, tellRecordRequest(request)),
    children: (request) =>
      findData(contract.listChildren, request, { ...tellRecordRequest(request), name: request.name }),

    circuits: client.circuits,
    close: client.close,
  };
}

/** Errors of this connector's own say what is wrong without an address; others are whoever asked going away. */
function isTold(error: unknown): error is Error {
  return error instanceof ConnectorAway || error instanceof ConnectorLate || error instanceof BadAnswer;
}

function tellRequest({ operationPath, types, refs, documents, shape, query, page }: DataRequest): object {
  return { operationPath, types, refs, documents, shape, query, page };
}

function tellRecordRequest(request: RecordRequest): object {
  return { ...tellRequest(request), type: request.type, ref: request.ref };
}

function isOf(customer: Customer, key: CustomerKey): boolean {
  return 'cpf' in key ? customer.cpf === key.cpf : customer.id === key.id;
}

function checkUnique(operation: string, resources: readonly OfferedResource[]): void {
  const names = new Set(resources.map(({ type, ref }) => JSON.stringify([type, ref])));
  if (names.size < resources.length) throw new BadAnswer(operation, 'it has a resource twice');
}

/** The reason that the systems give, unless it looks as if there were a document or an address in it. */
function discreet(reason: string): string {
  return /\d{4,}|:\/\/|@|(?:\d+\.){3}/.test(reason) ? 'they give a reason that cannot be shown' : reason;
}
