import type { Kysely } from 'kysely';
import type { PublicJwk } from '../directory/directory-trust.ts';
import type { KeyOwner, KeySetName } from '../directory/key-set-path.ts';
import type { ParticipantKeyStore } from '../directory/participant-key-store.ts';
import type { Tables } from './tables.ts';

export interface ParticipantKeyStoreSettings {
  /** The database of this moment; throws while there is none. */
  readonly database: () => Kysely<Tables>;
}

/** Keeps public keys of participants in PostgreSQL. */
export function createPostgresParticipantKeyStore({
  database,
}: ParticipantKeyStoreSettings): ParticipantKeyStore {
  return {
    async add({ owner, name, kid, jwk, addedAt, deactivatedAt }) {
      const { numInsertedOrUpdatedRows } = await database()
        .insertInto('participant_keys')
        .values({
          ...columnsOf(owner),
          kid,
          name,
          jwk: JSON.stringify(jwk),
          added_at: addedAt,
          deactivated_at: deactivatedAt ?? null,
        })
        .onConflict((conflict) => conflict.columns(['organisation_id', 'software_id', 'kid']).doNothing())
        .executeTakeFirstOrThrow();
      return (numInsertedOrUpdatedRows ?? 0n) > 0n;
    },

    async deactivate(owner, kid, at) {
      const columns = columnsOf(owner);
      const { numUpdatedRows } = await database()
        .updateTable('participant_keys')
        .set({ deactivated_at: at })
        .where('organisation_id', '=', columns.organisation_id)
        .where('software_id', '=', columns.software_id)
        .where('kid', '=', kid)
        .where('deactivated_at', 'is', null)
        .executeTakeFirstOrThrow();
      return numUpdatedRows > 0n;
    },

    async list(owner) {
      const columns = columnsOf(owner);
      const rows = await database()
        .selectFrom('participant_keys')
        .selectAll()
        .where('organisation_id', '=', columns.organisation_id)
        .where('software_id', '=', columns.software_id)
        .orderBy('position')
        .execute();
      return rows.map((row) => ({
        owner,
        name: row.name as KeySetName,
        kid: row.kid,
        jwk: row.jwk as PublicJwk,
        addedAt: row.added_at,
        deactivatedAt: row.deactivated_at ?? undefined,
      }));
    },
  };
}

function columnsOf({ organisationId, softwareId }: KeyOwner) {
  return { organisation_id: organisationId, software_id: softwareId ?? '' };
}
