import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../kernel/clock.ts';
import { type CompanyFile, type CustomerFile, readCompanyFile, readCustomerFile } from './customer-file.ts';

export interface FolderRegisterSettings {
  /** Holds one folder per person or company, named after the CPF or CNPJ, with a `customer.yaml` or `company.yaml`. */
  readonly folder: string;
  readonly clock: Pick<Clock, 'now'>;
  /** Told when changed files cannot be used: what was read before goes on serving. */
  readonly onFault: (fault: Error) => void;
}

const MOST_FOLDERS = 10_000;
const MOST_BYTES = 256 * 1024;
/** Files are looked at again no sooner than this. */
const LOOK_EVERY_MS = 1_000;

/** Customers and companies as the files of a folder tell them. It never changes: changed files make another one. */
export interface Register {
  /** Tells whether a file has come, gone or changed. */
  readonly version: string;
  readonly customers: readonly CustomerFile[];
  readonly companies: ReadonlyMap<string, CompanyFile>;
}

/**
 * Opens the register of a folder. What is returned tells what the files say now, or said before, while they are broken;
 * changed files count within a second. Rejects when the folder cannot be read or a file in it is wrong.
 */
export async function openFolderRegister({
  folder,
  clock,
  onFault,
}: FolderRegisterSettings): Promise<() => Register | Promise<Register>> {
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

  return () => {
    const now = clock.now();
    if (now - lookedAt < LOOK_EVERY_MS) return current;
    lookedAt = now;
    return refresh().then(() => current);
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
