import type { Insertable, Kysely, Selectable } from 'kysely';
import type {
  CertificateFilter,
  CertificateStore,
  CertificateUse,
  IssuedCertificate,
  RevocationReason,
} from '../directory/certificate-store.ts';
import type { Tables } from './tables.ts';

const LONGEST_LIST = 1000;

export interface CertificateStoreSettings {
  /** The database of this moment; throws while there is none. */
  readonly database: () => Kysely<Tables>;
}

/** Keeps issued certificates in PostgreSQL. */
export function createPostgresCertificateStore({ database }: CertificateStoreSettings): CertificateStore {
  return {
    async add(certificate) {
      await database().insertInto('certificates').values(toRow(certificate)).execute();
    },

    addRenewal(renewed, certificate) {
      return database()
        .transaction()
        .execute(async (transaction) => {
          const { numUpdatedRows } = await transaction
            .updateTable('certificates')
            .set({ renewed_by: certificate.serialNumber })
            .where('serial_number', '=', renewed)
            .where('renewed_by', 'is', null)
            .where('revoked_at', 'is', null)
            .executeTakeFirstOrThrow();
          if (numUpdatedRows === 0n) return false;
          await transaction.insertInto('certificates').values(toRow(certificate)).execute();
          return true;
        });
    },

    async find(serialNumber) {
      const row = await database()
        .selectFrom('certificates')
        .selectAll()
        .where('serial_number', '=', serialNumber)
        .executeTakeFirst();
      return row && toCertificate(row);
    },

    async list(filter) {
      const rows = await selectBy(database(), filter).orderBy('position').limit(LONGEST_LIST).execute();
      return rows.map(toCertificate);
    },

    async revoke(serialNumber, { revokedAt, reason }) {
      const { numUpdatedRows } = await database()
        .updateTable('certificates')
        .set({ revoked_at: revokedAt, revocation_reason: reason })
        .where('serial_number', '=', serialNumber)
        .where('revoked_at', 'is', null)
        .executeTakeFirstOrThrow();
      return numUpdatedRows > 0n;
    },

    async revocations(issuer, endsFrom) {
      const rows = await database()
        .selectFrom('certificates')
        .select(['serial_number', 'revoked_at', 'revocation_reason'])
        .where('issuer', '=', issuer)
        .where('revoked_at', 'is not', null)
        .where('not_after', '>=', endsFrom)
        .orderBy('revoked_at')
        .orderBy('serial_number')
        .execute();
      return rows.map((row) => ({
        serialNumber: row.serial_number,
        revokedAt: row.revoked_at as number,
        reason: row.revocation_reason as RevocationReason,
      }));
    },
  };
}

function selectBy(database: Kysely<Tables>, filter: CertificateFilter) {
  let query = database.selectFrom('certificates').selectAll();
  if (filter.organisationId !== undefined) query = query.where('organisation_id', '=', filter.organisationId);
  if (filter.softwareId !== undefined) query = query.where('software_id', '=', filter.softwareId);
  if (filter.use !== undefined) query = query.where('use', '=', filter.use);
  if (filter.isCurrent) query = query.where('revoked_at', 'is', null).where('renewed_by', 'is', null);
  if (filter.endsBefore !== undefined) query = query.where('not_after', '<', filter.endsBefore);
  if (filter.endsFrom !== undefined) query = query.where('not_after', '>=', filter.endsFrom);
  return query;
}

function toRow(certificate: IssuedCertificate): Insertable<Tables['certificates']> {
  return {
    serial_number: certificate.serialNumber,
    issuer: certificate.issuer,
    use: certificate.use,
    organisation_id: certificate.organisationId ?? null,
    software_id: certificate.softwareId ?? null,
    certificate: certificate.certificate,
    chain: certificate.chain,
    thumbprint: certificate.thumbprint,
    not_before: certificate.notBefore,
    not_after: certificate.notAfter,
    revoked_at: certificate.revokedAt ?? null,
    revocation_reason: certificate.revocationReason ?? null,
    renewed_by: certificate.renewedBy ?? null,
  };
}

function toCertificate(row: Selectable<Tables['certificates']>): IssuedCertificate {
  return {
    serialNumber: row.serial_number,
    issuer: row.issuer,
    use: row.use as CertificateUse,
    organisationId: row.organisation_id ?? undefined,
    softwareId: row.software_id ?? undefined,
    certificate: row.certificate,
    chain: row.chain,
    thumbprint: row.thumbprint,
    notBefore: row.not_before,
    notAfter: row.not_after,
    revokedAt: row.revoked_at ?? undefined,
    revocationReason: (row.revocation_reason ?? undefined) as RevocationReason | undefined,
    renewedBy: row.renewed_by ?? undefined,
  };
}
