import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../kernel/clock.ts';
import { type CompanyFile, type CustomerFile, readCompanyFile, readCustomerFile } from './customer-file.ts';
import type { Customer, Institution } from './institution.ts';
import { hashPassword, verifyPassword } from './password-hash.ts';

export interface FolderInstitutionSettings {
  /** Holds one folder per person or company, named after the CPF or CNPJ, with a `customer.yaml` or `company.yaml`. */
  readonly folder: string;
  /** The hash of a login's password, as `hashPassword` makes it; passwords are never in the files. */
  readonly passwordHash: (login: string) => string | undefined | Promise<string | undefined>;
  readonly clock: Clock;
  /** Told when changed files cannot be used: what was read before goes on serving. */
  readonly onFault: (fault: Error) => void;
}

const MOST_FOLDERS = 10_000;
const MOST_BYTES = 256 * 1024;
/** Files are looked at again no sooner than this. */
const LOOK_EVERY_MS = 1_000;

interface Register {
  /** Tells whether a file has come, gone or changed. */
  readonly version: string;
  readonly customers: readonly CustomerFile[];
  readonly companies: ReadonlyMap<string, CompanyFile>;
}

/**
 * An institution that is a folder: for the sandbox, and for trying guiche out. Changed files count within a second.
 * Rejects when the folder cannot be read or a file in it is wrong.
 */
export async function createFolderInstitution(settings: FolderInstitutionSettings): Promise<Institution> {
  const { passwordHash } = settings;
  const register = await createRegister(settings);
  const decoy = await hashPassword('nobody has this password');

  return {
    async authenticate(login, password, signal) {
      const name = login.trim().toLowerCase();
      const [{ customers, companies }, hash] = await Promise.all([register(), passwordHash(name)]);
      signal.throwIfAborted();
      const found = customers.find((customer) => customer.login === name);
      const isRight = await verifyPassword(password, hash ?? decoy);
      signal.throwIfAborted();
      return found && hash !== undefined && isRight ? toCustomer(found, companies) : undefined;
    },

    async customer(id, signal) {
      const { customers, companies } = await register();
      signal.throwIfAborted();
      const found = customers.find((customer) => customer.id === id);
      return found && toCustomer(found, companies);
    },

    async customerWith(cpf, signal) {
      const { customers, companies } = await register();
      signal.throwIfAborted();
      const found = customers.find((customer) => customer.cpf === cpf);
      return found && toCustomer(found, companies);
    },

    async discover(customer, cnpj, types, signal) {
      const { customers, companies } = await register();
      signal.throwIfAborted();
      const found = customers.find(({ id }) => id === customer.id);
      if (!found || (cnpj !== undefined && !found.companies.includes(cnpj))) return [];
      const owner = cnpj === undefined ? found : companies.get(cnpj);
      return owner?.resources.filter(({ type }) => types.includes(type)) ?? [];
    },
  };
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

/** What the files say now; what they said before, while they are broken. */
async function createRegister({
  folder,
  clock,
  onFault,
}: FolderInstitutionSettings): Promise<() => Promise<Register>> {
  let current = await readRegister(folder);
  let lookedAt = clock.now();
  let reported = '';

  async function refresh(): Promise<void> {
    let version = '';
    try {
      version = await readVersion(folder);
      if (version !== current.version) current = await readRegister(folder);
      reported = '';
    } catch (fault) {
      const report = `${version} ${(fault as Error).message}`;
      if (report !== reported) onFault(fault as Error);
      reported = report;
    }
  }

  return async () => {
    const now = clock.now();
    if (now - lookedAt >= LOOK_EVERY_MS) {
      lookedAt = now;
      await refresh();
    }
    return current;
  };
}

async function readRegister(folder: string): Promise<Register> {
  const version = await readVersion(folder);
  const customers: CustomerFile[] = [];
  const companies = new Map<string, CompanyFile>();
  for (const [index, name] of (await foldersOf(folder)).entries()) {
    const at = `customer folder ${index + 1} of ${folder}`;
    const company = await readIfThere(join(folder, name, 'company.yaml'), readCompanyFile, at);
    if (company) companies.set(named(company.cnpj, name, at), company);
    const customer = await readIfThere(join(folder, name, 'customer.yaml'), readCustomerFile, at);
    if (customer) customers.push({ ...customer, cpf: named(customer.cpf, name, at) });
  }
  checkUnique(customers, 'id');
  checkUnique(customers, 'login');
  return { version, customers, companies };
}

/** Faults count folders instead of naming them: a name is somebody's CPF. */
async function readIfThere<File>(
  file: string,
  read: (text: string) => File,
  at: string,
): Promise<File | undefined> {
  const found = await stat(file).catch(() => undefined);
  if (!found?.isFile()) return undefined;
  if (found.size > MOST_BYTES) throw new Error(`${at}: a file is larger than ${MOST_BYTES} bytes`);
  const text = await readFile(file, 'utf8');
  try {
    return read(text);
  } catch (fault) {
    throw new Error(`${at}: ${(fault as Error).message}`);
  }
}

function named(document: string, folder: string, at: string): string {
  if (document !== folder) throw new Error(`${at}: it must be named after the document in its file`);
  return document;
}

function checkUnique(customers: readonly CustomerFile[], member: 'id' | 'login'): void {
  if (new Set(customers.map((customer) => customer[member])).size < customers.length)
    throw new Error(`two customers have the same ${member}`);
}

async function foldersOf(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  const names = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  if (names.length > MOST_FOLDERS) throw new Error(`${folder} holds more than ${MOST_FOLDERS} customers`);
  return names.sort();
}

async function readVersion(folder: string): Promise<string> {
  const names = await foldersOf(folder);
  const files = names.flatMap((name) => [
    join(folder, name, 'customer.yaml'),
    join(folder, name, 'company.yaml'),
  ]);
  const stamps = await Promise.all(
    files.map(async (file) => {
      const found = await stat(file).catch(() => undefined);
      return found ? `${file}:${found.mtimeMs}:${found.size}:${found.ino}` : '';
    }),
  );
  return stamps.join('\n');
}
