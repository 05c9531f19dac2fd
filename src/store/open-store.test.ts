import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { madeUpConsent } from '../../test/support/made-up-consent.ts';
import { madeUpMasterKey } from '../../test/support/sealed-stores.ts';
import {
  query,
  SILENT,
  startTemporaryDatabases,
  type TemporaryDatabases,
  temporaryStateFolder,
  until,
} from '../../test/support/temporary-database.ts';
import type { Outage } from '../discovery/outage.ts';
import { LONGEST_NOTICE } from './notices.ts';
import { openStore, type Store } from './open-store.ts';
import { StoreAway } from './store-away.ts';
import { StoreFailure } from './store-failure.ts';

let databases: TemporaryDatabases;
const stores: Store[] = [];

before(async () => {
  databases = await startTemporaryDatabases();
});
after(async () => {
  await Promise.all(stores.map((store) => store.close()));
  await databases.server.close();
});

function open(databaseUrl: string | undefined, stateFolder = '/nowhere'): Store {
  const store = openStore({ stateFolder, databaseUrl, masterKeys: MASTER_KEYS, log: SILENT });
  stores.push(store);
  return store;
}

const MASTER_KEYS = [madeUpMasterKey()];
const CREATED = { event: 'created', actor: 'client:client-1' } as const;

const isReady = (store: Store) => () => store.health().state === 'ready';

const OUTAGE: Outage = {
  id: '8a0e7c5e-52f4-4a86-a5a8-0f3c7b8c9d10',
  ecosystem: undefined,
  startsAt: 1_800_000_000_000,
  durationMs: 3_600_000,
  duration: 'PT1H',
  isPartial: true,
  explanation: 'Troca de equipamentos',
  endpoints: ['GET /open-insurance/channels/v2/branches'],
  announcedAt: 1_799_000_000_000,
  cancelledAt: undefined,
};

/** Every method of the ports rejects, quickly. */
async function assertRejectsQuickly(store: Store): Promise<void> {
  const { metrics, outages, consents, signingKeys, ledger } = store;
  const artifacts = store.artifacts('https://made.up');
  const key = { kid: 'kid', jwk: {}, signsFrom: 1, endsAt: 2 };
  const startedAt = performance.now();
  const calls = [
    metrics.append({ node: crypto.randomUUID(), sequence: 1, minutes: [], seconds: [] }),
    metrics.readDays('2026-01-01', '2026-01-02'),
    metrics.readPeaks('2026-01-01', '2026-01-02'),
    metrics.appendProbes([]),
    metrics.readAvailability(0, 1),
    metrics.rollUp(0),
    outages.add(OUTAGE),
    outages.list(),
    outages.cancel('x', 1),
    consents.create(madeUpConsent(), CREATED),
    consents.find('x'),
    consents.change('x', 1, {}, CREATED),
    consents.extensions('x', { offset: 0, limit: 1 }),
    consents.due(1, 1, 1),
    consents.ofPerson('open-finance', 'x'),
    consents.erasePerson('x', CREATED),
    signingKeys.list('x'),
    signingKeys.add('x', key),
    signingKeys.sweep(1),
    artifacts.upsert('Session', 'x', {}, 1),
    artifacts.find('Session', 'x'),
    artifacts.findByUid('Session', 'x'),
    artifacts.consume('Session', 'x'),
    artifacts.destroy('Session', 'x'),
    artifacts.revokeByGrant('x'),
    artifacts.revokeByClient('x'),
    artifacts.remember('x', 1),
    artifacts.sweep(1, 1),
    ledger.verify(),
    store.rewrapKeys(),
  ];
  const results = await Promise.allSettled(calls);
  assert.deepEqual(new Set(results.map(({ status }) => status)), new Set(['rejected']));
  assert.ok(performance.now() - startedAt < 2000);
}

describe('the store', () => {
  it('brings the tables up to date once, however many nodes start together', async () => {
    const url = await databases.create();
    const together = [open(url), open(url), open(url)];
    assert.deepEqual(
      together.map((store) => store.health().state),
      ['starting', 'starting', 'starting'],
    );
    await Promise.all(together.map((store) => until('the store is ready', isReady(store))));
    const steps = readdirSync(join(import.meta.dirname, 'migrations')).map((file) => file.replace('.ts', ''));
    const taken = await query(url, 'select name from guiche_migrations');
    assert.deepEqual(taken.map(({ name }) => name).sort(), steps.sort());
  });

  it('keeps outages, and cancels each once', async () => {
    const store = open(await databases.create());
    await assert.rejects(store.outages.list(), StoreAway);
    await until('the store is ready', isReady(store));
    const { outages } = store;
    const earlier = { ...OUTAGE, id: 'b', ecosystem: 'open-finance', startsAt: OUTAGE.startsAt - 7_200_000 };
    await outages.add(OUTAGE);
    await outages.add(earlier);
    await outages.add({ ...OUTAGE, explanation: 'another text' });

    assert.deepEqual(await outages.list(), [earlier, OUTAGE]);
    assert.deepEqual(await outages.list({ from: OUTAGE.startsAt - 3_600_000 }), [OUTAGE]);
    assert.deepEqual(await outages.list({ from: OUTAGE.startsAt - 3_600_001 }), [earlier, OUTAGE]);
    assert.equal(await outages.cancel('b', 5), true);
    assert.equal(await outages.cancel('b', 6), false);
    assert.equal(await outages.cancel('unheard of', 6), false);
    assert.equal((await outages.list())[0]?.cancelledAt, 5);
  });

  it('tells all nodes what one of them tells, until they do not listen any more', async () => {
    const url = await databases.create();
    const [one, other] = [open(url), open(url)];
    await assert.rejects(one.notices.tell('too early'), StoreAway);
    await until('both are ready', () => isReady(one)() && isReady(other)());
    const heard: string[] = [];
    one.notices.hear((text) => heard.push(`one ${text}`));
    const stop = other.notices.hear((text) => heard.push(`other ${text}`));
    await one.notices.tell("it's 'quoted'; drop table consents");
    await until('both have heard', () => heard.length === 2);
    assert.deepEqual(heard.toSorted(), [
      "one it's 'quoted'; drop table consents",
      "other it's 'quoted'; drop table consents",
    ]);
    stop();
    await other.notices.tell('x'.repeat(LONGEST_NOTICE));
    await until('one has heard again', () => heard.length === 3);
    assert.ok(heard[2]?.startsWith('one xxx'));
  });

  it('rejects quickly while the embedded database is away, and recovers', async () => {
    const stateFolder = temporaryStateFolder();
    const store = open(undefined, stateFolder);
    await assertRejectsQuickly(store);
    const states: string[] = [];
    store.onChange(({ state }) => states.push(state));
    await until('the store is ready', isReady(store));
    await store.outages.add(OUTAGE);

    const postmaster = Number(
      readFileSync(join(stateFolder, 'postgres', 'postmaster.pid'), 'utf8').split('\n')[0],
    );
    process.kill(postmaster, 'SIGKILL');
    await until('the loss is noticed', () => store.health().state === 'away', 2000);
    await assertRejectsQuickly(store);
    await until('the store is ready again', isReady(store));

    assert.deepEqual(await store.outages.list(), [OUTAGE]);
    assert.deepEqual(new Set(states), new Set(['ready', 'away']));
    await store.close();
    await assertRejectsQuickly(store);
  });

  it('is failed at once on a state folder that is in use', async () => {
    const stateFolder = temporaryStateFolder();
    const first = open(undefined, stateFolder);
    const second = open(undefined, stateFolder);
    assert.equal(second.health().state, 'failed');
    assert.equal(second.health().reason, `state folder ${stateFolder} is in use by process ${process.pid}`);
    await assertRejectsQuickly(second);
    await second.close();
    await first.close();
  });

  it('says that a login is refused, and goes on when it is granted', async () => {
    const url = await databases.create();
    const store = open(url.replace('//guiche:', '//visitor:').replace(/:[^:@]+@/, ':secret@'));
    await until('the login is refused', () => store.health().state === 'failed');
    assert.match(store.health().reason ?? '', /password authentication failed/);
    assert.doesNotMatch(store.health().reason ?? '', /secret/);
    await query(url, `create role visitor login superuser password 'secret'`);
    await until('the store is ready', isReady(store));
  });

  it('keeps what needs no sealing without master keys, and says what is missing for the rest', async () => {
    const store = openStore({ stateFolder: '/nowhere', databaseUrl: await databases.create(), log: SILENT });
    stores.push(store);
    await until('the store is ready', isReady(store));
    await store.outages.add(OUTAGE);
    assert.throws(() => store.sealer(), StoreFailure);
    await assert.rejects(store.consents.create(madeUpConsent(), CREATED), /no master key/);
    await assert.rejects(store.artifacts('https://made.up').upsert('Session', 'x', {}, 1), /no master key/);
  });

  it('hands out its sealer once it was ready, and goes on doing so while the database is away', async () => {
    const store = open(await databases.create());
    assert.throws(() => store.sealer(), StoreAway);
    await until('the store is ready', isReady(store));
    const derived = store.sealer().derive('made up');
    await store.close();
    assert.deepEqual(store.sealer().derive('made up'), derived);
  });

  it('refuses tables that a newer guiche has changed', async () => {
    const url = await databases.create();
    const older = open(url);
    await until('the store is ready', isReady(older));
    await query(url, `insert into guiche_migrations values ('9999-from-the-future', '2030-01-01')`);
    const store = open(url);
    await until('it is away', () => store.health().state === 'failed');
    assert.match(store.health().reason ?? '', /9999-from-the-future/);
  });

  it('notices a database that has stopped answering, and cuts what waits for it', async () => {
    const url = await databases.create();
    const relay = await startRelay(new URL(url).searchParams.get('host') as string);
    const store = open(url.replace(/host=.*/, `host=127.0.0.1&port=${relay.port}`));
    await until('the store is ready', isReady(store));
    await store.outages.add(OUTAGE);

    relay.freeze();
    const startedAt = performance.now();
    await assert.rejects(store.outages.list());
    const waitedMs = performance.now() - startedAt;
    assert.ok(waitedMs < 3000, `rejected after ${Math.round(waitedMs)} ms`);
    assert.equal(store.health().state, 'away');
    await assertRejectsQuickly(store);

    relay.thaw();
    await until('the store is ready again', isReady(store));
    assert.equal((await store.outages.list()).length, 1);
    await store.close();
    await relay.close();
  });
});

/** A TCP port in front of the database's socket, which can stop passing anything on without closing. */
async function startRelay(socketFolder: string) {
  const sockets = new Set<Socket>();
  let isFrozen = false;
  const server = createServer((near) => {
    const far = connect(join(socketFolder, '.s.PGSQL.5432'));
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from);
      from.on('data', (bytes) => isFrozen || to.write(bytes));
      from.on('error', () => to.destroy());
      from.on('close', () => to.destroy());
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  return {
    port,
    freeze: () => {
      isFrozen = true;
    },
    thaw: () => {
      isFrozen = false;
    },
    close: () => {
      for (const socket of sockets) socket.destroy();
      return new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
