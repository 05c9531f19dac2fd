import { openPasswordFile } from '../../src/app/consent-side/password-file.ts';
import type { Connector, Json } from '../../src/connectors/connector.ts';
import { createFolderConnector } from '../../src/connectors/folder-connector.ts';
import { systemClock } from '../../src/kernel/clock.ts';
import { type CoreSystem, type CoreSystemOptions, startCoreSystem } from './core-system.ts';
import type { TestSandbox } from './start-sandbox.ts';

/** Starts systems that know what an example institution of a sandbox does, and page what customers book by themselves. */
export async function startExampleCore(
  { sandbox }: TestSandbox,
  ecosystem: string,
  options: Omit<CoreSystemOptions, 'over'> = {},
): Promise<CoreSystem> {
  const institution = sandbox.configuration.institutions[ecosystem];
  const folder = await createFolderConnector({
    folder: String(institution?.customers),
    passwordHash: openPasswordFile(institution?.passwords),
    clock: systemClock,
    onFault(error) {
      throw error;
    },
  });
  return startCoreSystem({ ...options, over: inPages(folder) });
}

type Booked = { readonly [member: string]: Json } & { readonly transactionDateTime: string };

/** Transactions of accounts in pages, counted, from where a cursor says; everything else whole. */
function inPages(connector: Connector): Connector {
  return {
    ...connector,
    async children(request) {
      const found = await connector.children(request);
      const { page, name, api, query } = request;
      if (found.status !== 'ok' || !page || api !== 'accounts' || name !== 'transactions') return found;
      const { fromBookingDate: from = '', toBookingDate: to = '9' } = query;
      const records = (found.data as readonly Booked[]).filter(({ transactionDateTime }) => {
        const day = transactionDateTime.slice(0, 10);
        return from <= day && day <= to;
      });
      const start = page.cursor === undefined ? page.offset : Number(page.cursor.slice(1));
      const end = start + page.size;
      const cursor = end < records.length ? `n${end}` : null;
      return { ...found, data: records.slice(start, end), total: records.length, cursor };
    },
  };
}
