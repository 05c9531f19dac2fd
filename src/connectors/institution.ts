import type { Clock } from '../kernel/clock.ts';
import type { Asking, Connector, CustomerKey, Found } from './connector.ts';
import type { Customer, OfferedResource } from './customer.ts';

/** What the institution's systems know is still being prepared: ask again later. */
export class NotReadyYet extends Error {
  constructor() {
    super("the institution's systems are not ready yet");
    this.name = 'NotReadyYet';
  }
}

/**
 * The institution's own systems as the customer's pages and the rules of consents use them. Methods reject when a system
 * is away, with {@link NotReadyYet} when it is preparing the answer, and obey the signal.
 */
export interface Institution {
  /** The customer behind a login, or undefined. Takes as long for an unknown login as for a wrong password. */
  authenticate(login: string, password: string, signal: AbortSignal): Promise<Customer | undefined>;
  customer(id: string, signal: AbortSignal): Promise<Customer | undefined>;
  /** The customer with a CPF, for consents that were given before. */
  customerWith(cpf: string, signal: AbortSignal): Promise<Customer | undefined>;
  /** What the customer has of these types; of the company's when one is named. */
  discover(
    customer: Pick<Customer, 'cpf'>,
    cnpj: string | undefined,
    types: readonly string[],
    signal: AbortSignal,
  ): Promise<readonly OfferedResource[]>;
}

export interface InstitutionIdentity {
  readonly brand: string;
  readonly ecosystem: string;
  readonly clock: Pick<Clock, 'now'>;
}

/** How long a connector is told that it has; who asks may stop waiting earlier. */
const PATIENCE_MS = 10_000;

/** Makes the institution behind a connector. */
export function createInstitution(
  connector: Pick<Connector, 'customer' | 'authenticate' | 'discover'>,
  { brand, ecosystem, clock }: InstitutionIdentity,
): Institution {
  const asking = (signal: AbortSignal): Asking => ({
    brand,
    ecosystem,
    api: undefined,
    version: undefined,
    permissions: [],
    interactionId: undefined,
    deadline: clock.now() + PATIENCE_MS,
    signal,
  });
  const find = async (key: CustomerKey, signal: AbortSignal) =>
    contentOf(await connector.customer(key, asking(signal)));

  return {
    async authenticate(login, password, signal) {
      const found = await connector.authenticate?.(login, password, asking(signal));
      return found && contentOf(found);
    },
    customer: (id, signal) => find({ id }, signal),
    customerWith: (cpf, signal) => find({ cpf }, signal),
    async discover({ cpf }, cnpj, types, signal) {
      const documents = cnpj === undefined ? { cpf } : { cpf, cnpj };
      return contentOf(await connector.discover(documents, types, asking(signal))) ?? [];
    },
  };
}

function contentOf<Data>(found: Found<Data>): Data | undefined {
  if (found.status === 'notReady') throw new NotReadyYet();
  return found.status === 'ok' ? found.data : undefined;
}
