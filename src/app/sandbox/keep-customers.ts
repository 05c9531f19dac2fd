import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readCustomerFile } from '../../connectors/customer-file.ts';
import { hashPassword } from '../../connectors/password-hash.ts';
import type { SandboxEcosystem, SandboxHolder } from './read-ecosystem.ts';
import type { SandboxCustomer } from './sandbox-description.ts';
import type { SandboxFiles } from './sandbox-files.ts';

/** Customers with passwords that are made once and never leave the machine. */
export async function keepCustomers(
  { holders }: SandboxEcosystem,
  files: SandboxFiles,
): Promise<readonly SandboxCustomer[]> {
  const known = files.readJson<Record<string, string>>('customers.json') ?? {};
  const customers = holders.flatMap((holder) => readCustomers(holder));
  const passwords = Object.fromEntries(
    customers.map(({ login }) => [login, known[login] ?? randomBytes(9).toString('base64url')]),
  );
  if (customers.some(({ login }) => known[login] === undefined)) {
    const hashes = await Promise.all(
      Object.entries(passwords).map(async ([login, password]) => [login, await hashPassword(password)]),
    );
    files.writeJson('passwords.json', Object.fromEntries(hashes));
    files.writeJson('customers.json', passwords);
  }
  return customers.map((customer) => ({ ...customer, password: passwords[customer.login] as string }));
}

function readCustomers({ customers, ecosystem }: SandboxHolder): Omit<SandboxCustomer, 'password'>[] {
  return readdirSync(customers)
    .map((folder) => join(customers, folder, 'customer.yaml'))
    .flatMap((file) => {
      const text = readIfThere(file);
      return text === undefined ? [] : [readCustomerFile(text)];
    })
    .toSorted((a, b) => b.resources.length - a.resources.length)
    .map(({ cpf, companies, login }) => ({
      ecosystem,
      document: cpf,
      businessDocument: companies[0],
      login,
    }));
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
