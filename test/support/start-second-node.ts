import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { FastifyBaseLogger } from 'fastify';
import { pino } from 'pino';
import { parse, stringify } from 'yaml';
import type { Configuration } from '../../src/app/configuration/settings.ts';
import { createDataHolder } from '../../src/app/create-data-holder.ts';
import { loadService } from '../../src/app/load-service.ts';
import type { Json } from './send-request.ts';
import type { TestSandbox } from './start-sandbox.ts';
import { temporaryFolder, writeBelow } from './temporary-folder.ts';

/** Another node of a sandbox's institutions: the same database, its own customer files. */
export interface SecondNode {
  /** Origin of its mTLS listener. */
  readonly origin: string;
  /** Edits the file of a customer of an ecosystem, by CPF. It counts within a second. */
  editCustomer(ecosystem: string, cpf: string, edit: (file: Json) => void): void;
  /** Writes what a read of a customer's data finds, by document and by path with references in place of ids. */
  writeData(ecosystem: string, document: string, path: string, content: unknown): void;
  close(): Promise<void>;
}

/**
 * Starts a node whose customers begin as the sandbox's, and may change without changing those of anybody else.
 *
 * @param offers what the institutions offer, by ecosystem; everything unless it is said
 * @param change what else is not as in the sandbox's configuration
 */
export async function startSecondNode(
  { sandbox }: TestSandbox,
  offers: Readonly<Record<string, readonly string[]>> = {},
  change: Partial<Pick<Configuration, 'contracts' | 'operations'>> = {},
): Promise<SecondNode> {
  const { configuration, store } = sandbox;
  const folders = new Map<string, string>();
  const institutions = Object.fromEntries(
    Object.entries(configuration.institutions).map(([ecosystem, settings]) => {
      const customers = join(temporaryFolder(), 'customers');
      cpSync(settings.customers as string, customers, { recursive: true });
      folders.set(ecosystem, customers);
      return [ecosystem, { ...settings, customers, offers: offers[ecosystem] }];
    }),
  );
  const changed = { ...configuration, institutions, data: [], ...change };
  const holder = await createDataHolder({
    configuration: changed,
    service: loadService(changed),
    logger: pino({ level: 'silent' }) as unknown as FastifyBaseLogger,
    store,
  });
  const app = holder.mtlsServer?.app;
  if (!app || !holder.consentSide) throw new Error('the sandbox holds consents');
  await app.listen({ host: '127.0.0.1', port: 0 });
  await holder.consentSide.ready();

  return {
    origin: `https://127.0.0.1:${(app.server.address() as AddressInfo).port}`,
    editCustomer(ecosystem, cpf, edit) {
      const file = join(folders.get(ecosystem) as string, cpf, 'customer.yaml');
      const content = parse(readFileSync(file, 'utf8'));
      edit(content);
      writeFileSync(file, stringify(content, { defaultStringType: 'QUOTE_DOUBLE' }));
    },
    writeData(ecosystem, document, path, content) {
      writeBelow(folders.get(ecosystem) as string, `${document}${path}.json`, content);
    },
    async close() {
      app.server.closeAllConnections();
      await app.close();
      await holder.close();
    },
  };
}
