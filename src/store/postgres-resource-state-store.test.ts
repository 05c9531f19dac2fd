import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { madeUpConsent, NOON } from '../../test/support/made-up-consent.ts';
import { type SealedStore, startSealedStores } from '../../test/support/sealed-stores.ts';
import type { Consent } from '../consents/consent.ts';
import type { ConsentChange } from '../consents/consent-store.ts';
import type { RecordedState, ResourceStateStore } from '../resources/resource-state-store.ts';
import { openSession } from './database-session.ts';
import { migrate } from './migrate.ts';
import { createPostgresResourceStateStore } from './postgres-resource-state-store.ts';

const stores = startSealedStores();
after(async () => (await stores).close());

const DAY = 86_400_000;

function state(resource: string, change: Partial<RecordedState> = {}): RecordedState {
  return { resource, type: 'LOAN', status: 'AVAILABLE', reason: 'IN_USE', since: NOON, ...change };
}

describe('given the states of resources in PostgreSQL', () => {
  let sealed: SealedStore;
  let states: ResourceStateStore;
  let otherNode: ResourceStateStore;
  const sessions: { close(): Promise<void> }[] = [];

  before(async () => {
    sealed = await (await stores).open();
    await migrate(sealed.url);
    const open = async () => {
      const session = await openSession(sealed.url, 4);
      sessions.push(session);
      return createPostgresResourceStateStore({ database: () => session.database });
    };
    [states, otherNode] = [await open(), await open()];
  });
  after(() => Promise.all(sessions.map((session) => session.close())));

  async function created(): Promise<Consent> {
    const made = await sealed.store.consents.create(madeUpConsent(), {
      event: 'created',
      actor: 'client:client-1',
    });
    return (made as { consent: Consent }).consent;
  }

  async function changed(consent: Consent, change: ConsentChange): Promise<Consent> {
    const act = { event: 'rejected', actor: 'clock' } as const;
    const result = await sealed.store.consents.change(consent.id, consent.revision, change, act);
    assert.ok(result);
    return result;
  }

  const found = (list: readonly RecordedState[]) => new Map(list.map((each) => [each.resource, each]));

  it('when nothing was recorded, or the consent is unknown, then there is nothing', async () => {
    const { id, resourcesRevision } = await created();
    assert.equal(resourcesRevision, 0);
    for (const consentId of [id, 'urn:made-up:unknown'])
      assert.deepEqual(await states.find(consentId), { revision: 0, readyAt: undefined, states: new Map() });
    assert.equal(
      await states.record('urn:made-up:unknown', 0, { states: [state('r')], isReady: true, at: NOON }),
      undefined,
    );
  });

  it('when states are recorded, then they are found, by every node, and the consent tells that there are newer ones', async () => {
    const { id } = await created();
    const first = [state('r-1'), state('r-2', { status: 'PENDING_AUTHORISATION', reason: 'NOT_ASKED' })];
    assert.equal(await states.record(id, 0, { states: first, isReady: true, at: NOON }), 1);
    const moved = state('r-1', { status: 'TEMPORARILY_UNAVAILABLE', reason: 'BLOCKED', since: NOON + 1 });
    assert.equal(await states.record(id, 1, { states: [moved], isReady: true, at: NOON + 1 }), 2);
    assert.deepEqual(await otherNode.find(id), {
      revision: 2,
      readyAt: NOON,
      states: found([moved, first[1] as RecordedState]),
    });
    assert.equal((await sealed.store.consents.find(id))?.resourcesRevision, 2);
  });

  it('when only some types were read, then the list has not been ready', async () => {
    const { id } = await created();
    await states.record(id, 0, { states: [state('r')], isReady: false, at: NOON });
    assert.equal((await states.find(id)).readyAt, undefined);
    await states.record(id, 1, { states: [], isReady: true, at: NOON + 5 });
    assert.deepEqual((await states.find(id)).readyAt, NOON + 5);
  });

  it('when two nodes record at once, then one wins, and nothing of the other is there', async () => {
    const { id } = await created();
    const nodes = Array.from({ length: 10 }, (_, index) => (index % 2 === 0 ? states : otherNode));
    const outcomes = await Promise.all(
      nodes.map((node, index) =>
        node.record(id, 0, { states: [state('r', { since: NOON + index })], isReady: true, at: NOON }),
      ),
    );
    assert.deepEqual(
      outcomes.filter((outcome) => outcome !== undefined),
      [1],
    );
    const winner = outcomes.indexOf(1);
    assert.equal((await states.find(id)).states.get('r')?.since, NOON + winner);
    assert.equal((await states.history('r', 10)).filter(({ consentId }) => consentId === id).length, 1);
  });

  it('when the consent changes meanwhile, then neither undoes the other, and the ledger is whole', async () => {
    const consent = await created();
    const [, revision] = await Promise.all([
      changed(consent, { status: 'AUTHORISED', subject: 'sub', grantId: 'grant' }),
      states.record(consent.id, 0, { states: [state('x')], isReady: true, at: NOON }),
    ]);
    assert.equal(revision, 1);
    const now = await sealed.store.consents.find(consent.id);
    assert.deepEqual([now?.status, now?.revision, now?.resourcesRevision], ['AUTHORISED', 2, 1]);
    await changed(now as Consent, { expiresAt: NOON + DAY });
    assert.equal((await sealed.store.consents.find(consent.id))?.resourcesRevision, 1);
    const verified = await sealed.store.ledger.verify();
    assert.ok('entries' in verified, JSON.stringify(verified));
  });

  it('when the history of a resource is asked for, then it is that of all consents, newest first, and no more than asked for', async () => {
    const [one, other] = [await created(), await created()];
    await states.record(one.id, 0, { states: [state('h')], isReady: true, at: NOON });
    await states.record(other.id, 0, { states: [state('h'), state('h-2')], isReady: true, at: NOON + 1 });
    const barred = state('h', { status: 'UNAVAILABLE', reason: 'BARRED' });
    await states.record(one.id, 1, { states: [barred], isReady: false, at: NOON + 2 });
    const type = 'LOAN';
    const newest = [
      { consentId: one.id, type, from: 'AVAILABLE', to: 'UNAVAILABLE', reason: 'BARRED', at: NOON + 2 },
      { consentId: other.id, type, from: undefined, to: 'AVAILABLE', reason: 'IN_USE', at: NOON + 1 },
    ];
    assert.deepEqual(await states.history('h', 2), newest);
    assert.equal((await states.history('h', 100)).length, 3);
    assert.deepEqual(await states.history('unknown', 100), []);
  });

  it('when a consent ended more than three months ago, then its states are swept, and nothing else', async () => {
    const [old, recent, open] = [await created(), await created(), await created()];
    const ends = { [old.id]: NOON, [recent.id]: NOON + 2 * DAY, [open.id]: undefined };
    for (const consent of [old, recent, open]) {
      await states.record(consent.id, 0, { states: [state(`s-${consent.id}`)], isReady: true, at: NOON });
      const endedAt = ends[consent.id];
      const rejection = { rejectedBy: 'ASPSP', code: 'CONSENT_MAX_DATE_REACHED' } as const;
      if (endedAt !== undefined)
        await changed(consent, { status: 'REJECTED', statusUpdatedAt: endedAt, rejection });
    }
    // The 11th of June: the first ended on the 10th of March.
    assert.equal(await states.sweep(NOON + 93 * DAY), 1);
    assert.deepEqual((await states.find(old.id)).states, new Map());
    assert.equal((await states.find(old.id)).readyAt, undefined);
    assert.equal((await states.find(recent.id)).states.size, 1);
    assert.equal((await states.find(open.id)).states.size, 1);
    assert.equal((await states.history(`s-${old.id}`, 10)).length, 1, 'its history stays');
    assert.equal(await states.sweep(NOON + 93 * DAY), 0);
    const verified = await sealed.store.ledger.verify();
    assert.ok('entries' in verified, JSON.stringify(verified));
  });

  it('when history is older than twelve months, then it is swept', async () => {
    const { id } = await created();
    const LONG_AGO = NOON - 400 * DAY;
    await states.record(id, 0, { states: [state('old')], isReady: true, at: LONG_AGO });
    await states.record(id, 1, { states: [state('old')], isReady: true, at: LONG_AGO + 40 * DAY });
    assert.equal(await states.sweep(NOON), 1);
    assert.deepEqual(
      (await states.history('old', 10)).map(({ at }) => at),
      [LONG_AGO + 40 * DAY],
    );
    assert.equal((await states.find(id)).states.size, 1, 'the state itself stays');
  });

  it('when a row is held by somebody else, then sweeping does not wait for it', async () => {
    const consent = await created();
    await states.record(consent.id, 0, { states: [state('held')], isReady: true, at: NOON });
    const rejection = { rejectedBy: 'ASPSP', code: 'CONSENT_MAX_DATE_REACHED' } as const;
    await changed(consent, { status: 'REJECTED', statusUpdatedAt: NOON - 300 * DAY, rejection });
    const session = await openSession(sealed.url, 1);
    sessions.push(session);
    const swept = await session.database.transaction().execute(async (transaction) => {
      await transaction
        .selectFrom('consents')
        .select('id')
        .where('id', '=', consent.id)
        .forUpdate()
        .execute();
      return states.sweep(NOON);
    });
    assert.equal(swept, 0);
    assert.equal(await states.sweep(NOON), 1);
  });

  it('when the tables are looked at, then there is nothing of a person or of the institution in them', async () => {
    const columns = await sealed.sql(
      `select column_name from information_schema.columns where table_name in ('resource_states', 'resource_transitions')`,
    );
    assert.deepEqual([...new Set(columns.map(({ column_name }) => column_name))].sort(), [
      'at',
      'consent',
      'from_status',
      'position',
      'reason',
      'resource',
      'since',
      'status',
      'to_status',
      'type',
    ]);
  });
});
