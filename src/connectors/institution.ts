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

/** The institution's systems failed. Only the name of their failure is told: its text may repeat what they were asked. */
export class InstitutionFailed extends Error {
  constructor(failure: unknown) {
    super(`the institution's systems failed: ${failure instanceof Error ? failure.name : 'no error'}`);
    this.name = 'InstitutionFailed';
  }
}

/**
 * The institution's own systems as the customer's pages and the rules of consents use them. Methods reject when a system
 * is away, with {@link InstitutionFailed}, with {@link NotReadyYet} when it is preparing the answer, and as the signal says
 * once that is aborted.
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

const NOBODY = { status: 'notFound' } as const;
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
  const find = (key: CustomerKey, signal: AbortSignal) =>
    contentOf(signal, () => connector.customer(key, asking(signal)));

  return {
    authenticate: (login, password, signal) =>
      contentOf(
        signal,
        async () => (await connector.authenticate?.(login, password, asking(signal))) ?? NOBODY,
      ),
    customer: (id, signal) => find({ id }, signal),
    customerWith: (cpf, signal) => find({ cpf }, signal),
    async discover({ cpf }, cnpj, types, signal) {
      const documents = cnpj === undefined ? { cpf } : { cpf, cnpj };
      return (await contentOf(signal, () => connector.discover(documents, types, asking(signal)))) ?? [];
    },
  };
}

async function contentOf<Data>(
  signal: AbortSignal,
  ask: () => Promise<Found<Data>>,
): Promise<Data | undefined> {
  const found = await told(signal, ask);
  if (found.status === 'notReady') throw new NotReadyYet();
  return found.status === 'ok' ? found.data : undefined;
}

async function told<Data>(signal: AbortSignal, ask: () => Promise<Found<Data>>): Promise<Found<Data>> {
  try {
    return await ask();
  } catch (failure) {
    throw signal.aborted ? signal.reason : new InstitutionFailed(failure);
  }
}
