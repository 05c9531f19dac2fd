import { type Kysely, sql } from 'kysely';
import type { Rejection } from '../consents/consent.ts';
import { lockLedger } from './consent-ledger.ts';
import type { ConsentRow } from './consent-row.ts';
import { endGrants } from './grants.ts';
import { noChanges, storeConsentChanges } from './store-consent-changes.ts';
import type { Tables } from './tables.ts';
import { followGrant } from './write-consents.ts';

/** Artifacts by which the registration itself is managed: whoever ends it deletes them. */
const REGISTRATION = ['Client', 'RegistrationAccessToken'];

/**
 * Ends everything that a client holds, in one transaction: consents that are alive, each with its line in the ledger,
 * and grants, tokens and codes. Consents that still await the customer end too, since nobody is left to use them.
 * `now` is in milliseconds since the epoch.
 */
export function endClient(
  database: Kysely<Tables>,
  issuer: string,
  clientId: string,
  rejection: Rejection,
  now: number,
): Promise<void> {
  return database.transaction().execute(async (transaction) => {
    const head = await lockLedger(transaction);
    const changes = noChanges();
    for (const row of await readLiving(transaction, clientId)) {
      const after = reject(row, rejection, now);
      changes.changed.set(row.id, after);
      changes.lines.push({ act: { event: 'rejected', actor: `client:${clientId}` }, after });
      followGrant(changes, after, false);
    }
    await storeConsentChanges(transaction, head, changes, now);
    await endGrants(transaction, await readGrants(transaction, issuer, clientId));
    await sql`
      delete from artifacts where key in (
        select key from artifacts
        where client_id = ${clientId} and issuer = ${issuer} and model <> all(${REGISTRATION}::text[])
        order by key for update)`.execute(transaction);
  });
}

async function readGrants(transaction: Kysely<Tables>, issuer: string, clientId: string): Promise<string[]> {
  const { rows } = await sql<{ grant_id: string }>`
    select grant_id from artifacts
    where client_id = ${clientId} and issuer = ${issuer} and model = 'Grant'`.execute(transaction);
  return rows.map(({ grant_id }) => grant_id);
}

async function readLiving(transaction: Kysely<Tables>, clientId: string): Promise<ConsentRow[]> {
  const { rows } = await sql<ConsentRow>`
    select * from consents
    where client_id = ${clientId} and status in ('AWAITING_AUTHORISATION', 'AUTHORISED')
    order by id`.execute(transaction);
  return rows;
}

function reject(row: ConsentRow, rejection: Rejection, now: number): ConsentRow {
  return {
    ...row,
    status: 'REJECTED',
    status_updated_at: Math.floor(now / 1000) * 1000,
    rejection,
    revision: row.revision + 1,
  };
}
