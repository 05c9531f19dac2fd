import { after, before } from 'node:test';
import {
  createMemoryCertificateStore,
  createMemoryHeldKeyStore,
  createMemoryParticipantKeyStore,
} from '../../test/support/memory-trust-stores.ts';
import { startTemporaryDatabases, type TemporaryDatabases } from '../../test/support/temporary-database.ts';
import { describeTrustStores, type TrustStores } from '../../test/support/trust-stores-contract.ts';
import { type DatabaseSession, openSession } from './database-session.ts';
import { migrate } from './migrate.ts';
import { createPostgresCertificateStore } from './postgres-certificate-store.ts';
import { createPostgresHeldKeyStore } from './postgres-held-key-store.ts';
import { createPostgresParticipantKeyStore } from './postgres-participant-key-store.ts';

let databases: TemporaryDatabases;
let session: DatabaseSession;

before(async () => {
  databases = await startTemporaryDatabases();
  const url = await databases.create();
  await migrate(url);
  session = await openSession(url);
});

after(async () => {
  await session.close();
  await databases.server.close();
});

describeTrustStores('given stores in PostgreSQL', (): TrustStores => {
  const settings = { database: () => session.database };
  return {
    certificates: createPostgresCertificateStore(settings),
    heldKeys: createPostgresHeldKeyStore(settings),
    participantKeys: createPostgresParticipantKeyStore(settings),
  };
});

const memory: TrustStores = {
  certificates: createMemoryCertificateStore(),
  heldKeys: createMemoryHeldKeyStore(),
  participantKeys: createMemoryParticipantKeyStore(),
};
describeTrustStores('given stores in memory', () => memory);
