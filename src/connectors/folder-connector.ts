import { access } from 'node:fs/promises';
import { LRUCache } from 'lru-cache';
import type { Clock } from '../kernel/clock.ts';
import { askedOwner } from './asked-owner.ts';
import type { Connector, DataRequest, Found, FoundData } from './connector.ts';
import type { Customer, CustomerDocuments, OfferedResource } from './customer.ts';
import type { CustomerFile } from './customer-file.ts';
import { createFolderFiles, type FileContent } from './folder-files.ts';
import { openFolderRegister, type Register } from './folder-register.ts';
import { hashPassword, verifyPassword } from './password-hash.ts';

export interface FolderConnectorSettings {
  /** Holds one folder per person or company, named after the CPF or CNPJ, with a `customer.yaml` or `company.yaml`. */
  readonly folder: string;
  /** The hash of a login's password, as `hashPassword` makes it; passwords are never in the files. */
  readonly passwordHash: (login: string) => string | undefined | Promise<string | undefined>;
  readonly clock: Clock;
  /** Told when changed files cannot be used: what was read before goes on serving. */
  readonly onFault: (fault: Error) => void;
}

/** Answers of `discover` that are kept, so that a repeated question gets the very same answer. */
const MOST_DISCOVERIES = 10_000;

/**
 * An institution that is a folder: for the sandbox, and for trying guiche out. Changed files count within a second.
 * Rejects when the folder cannot be read or a file in it is wrong.
 */
export async function createFolderConnector(settings: FolderConnectorSettings): Promise<Connector> {
  const { folder, passwordHash, clock } = settings;
  const register = await openFolderRegister(settings);
  const contentOf = createFolderFiles(settings);
  const discoveries = new WeakMap<Register, LRUCache<string, Found<readonly OfferedResource[]>>>();
  const decoy = await hashPassword('nobody has this password');

  function discover(known: Register, documents: CustomerDocuments, types: readonly string[]) {
    const kept = discoveries.get(known) ?? new LRUCache({ max: MOST_DISCOVERIES });
    discoveries.set(known, kept);
    const key = JSON.stringify([documents, types]);
    const found = kept.get(key) ?? lookUp(known, documents, types, clock.now());
    kept.set(key, found);
    return found;
  }

  /** Whether what a request asks for is the customer's at all. */
  async function isTheirs(
    { documents }: DataRequest,
    type: string | undefined,
    ref: string,
  ): Promise<boolean> {
    if (type === undefined) return true;
    const found = discover(await register(), documents, [type]);
    return found.status === 'ok' && found.data.some((resource) => resource.ref === ref);
  }

  return {
    capabilities: () => ({ apis: undefined, authenticates: true }),

    async health() {
      const isThere = await access(folder).then(
        () => true,
        () => false,
      );
      return isThere ? { isUp: true } : { isUp: false, reason: 'the folder of customers cannot be read' };
    },

    async authenticate(login, password, { signal }) {
      const name = login.trim().toLowerCase();
      const [{ customers, companies }, hash] = await Promise.all([register(), passwordHash(name)]);
      signal.throwIfAborted();
      const found = customers.find((customer) => customer.login === name);
      const isRight = await verifyPassword(password, hash ?? decoy);
      signal.throwIfAborted();
      return tell(found && hash !== undefined && isRight ? toCustomer(found, companies) : undefined, clock);
    },

    async customer(key, { signal }) {
      const { customers, companies } = await register();
      signal.throwIfAborted();
      const found = customers.find((customer) =>
        'cpf' in key ? customer.cpf === key.cpf : customer.id === key.id,
      );
      return tell(found && toCustomer(found, companies), clock);
    },

    async discover(documents, types, { signal }) {
      const known = await register();
      signal.throwIfAborted();
      return discover(known, documents, types);
    },

    async list(request) {
      const content = await contentOf(request);
      if (content) return answer(content, request, askedOwner(request));
      return { status: request.shape === 'list' ? 'empty' : 'notFound' };
    },

    async get(request) {
      const content = (await isTheirs(request, request.type, request.ref)) && (await contentOf(request));
      return content ? answer(content, request, askedOwner(request, request)) : { status: 'notFound' };
    },

    async children(request) {
      if (!(await isTheirs(request, request.type, request.ref))) return { status: 'notFound' };
      const content = await contentOf(request);
      if (content) return answer(content, request, askedOwner(request, request));
      // What hangs on a thing that is not there is not an empty list of it.
      const hangsOnUnknown = Object.keys(request.refs).length > 1;
      return { status: request.shape === 'list' && !hangsOnUnknown ? 'empty' : 'notFound' };
    },
  };
}

/** A file is of whom it stands below, unless it says otherwise. */
function answer(
  { data, owner: told, asOf }: FileContent,
  { operationPath }: DataRequest,
  place: string | undefined,
): FoundData {
  const owner = told ?? place;
  if (owner === undefined) throw new Error(`a customer's file for ${operationPath} must name its owner`);
  return { status: 'ok', data, asOf, owner };
}

function tell(customer: Customer | undefined, clock: Clock): Found<Customer> {
  return customer ? { status: 'ok', data: customer, asOf: clock.now() } : { status: 'notFound' };
}

function lookUp(
  { customers, companies }: Register,
  { cpf, cnpj }: CustomerDocuments,
  types: readonly string[],
  asOf: number,
): Found<readonly OfferedResource[]> {
  const person = customers.find((customer) => customer.cpf === cpf);
  if (!person || (cnpj !== undefined && !person.companies.includes(cnpj))) return { status: 'notFound' };
  const owner = cnpj === undefined ? person : companies.get(cnpj);
  const owned = owner?.resources.filter(({ type }) => types.includes(type)) ?? [];
  return owned.length === 0
    ? { status: 'empty' }
    : Object.freeze({ status: 'ok', data: Object.freeze(owned), asOf });
}

function toCustomer(file: CustomerFile, companies: Register['companies']): Customer {
  return {
    id: file.id,
    name: file.name,
    cpf: file.cpf,
    companies: file.companies.flatMap((cnpj) => {
      const company = companies.get(cnpj);
      return company ? [{ cnpj, name: company.name }] : [];
    }),
  };
}
