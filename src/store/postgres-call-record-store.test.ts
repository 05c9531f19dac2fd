import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { madeUpAnswered } from '../../test/support/made-up-answered.ts';
import {
  query,
  SILENT,
  startTemporaryDatabases,
  type TemporaryDatabases,
  until,
} from '../../test/support/temporary-database.ts';
import { toCallRecord } from '../explain/call-record.ts';
import type { CallBatch } from '../explain/call-record-store.ts';
import { openStore, type Store } from './open-store.ts';

const DAY = 86_400_000;
const NOON = Date.parse('2026-03-10T12:00:00Z');

let databases: TemporaryDatabases;
const stores: Store[] = [];

before(async () => {
  databases = await startTemporaryDatabases();
});
after(async () => {
  await Promise.all(stores.map((store) => store.close()));
  await databases.server.close();
});

async function openReady(url: string): Promise<Store> {
  const store = openStore({ stateFolder: '/nowhere', databaseUrl: url, log: SILENT });
  stores.push(store);
  await until('the store is ready', () => store.health().state === 'ready');
  return store;
}

interface Kept {
  readonly interactionId: string;
  readonly at?: number;
  readonly status?: number;
}

function batchOf(...calls: readonly Kept[]): CallBatch {
  const records = calls.map((call) => toCallRecord(madeUpAnswered({ at: NOON, ...call })));
  return {
    id: randomUUID(),
    at: Math.max(...records.map(({ at }) => at)),
    interactionIds: [...new Set(records.map(({ interactionId }) => interactionId.toLowerCase()))],
    calls: JSON.stringify(records),
  };
}

function partitions(url: string): Promise<string[]> {
  return query(
    url,
    `select relname from pg_inherits join pg_class on oid = inhrelid
       where inhparent = 'call_records'::regclass order by relname`,
  ).then((rows) => rows.map(({ relname }) => String(relname)));
}

describe('given a store of calls', () => {
  it('when a call was stored, then it is found by its interaction id as it was, and its neighbours are not', async () => {
    const { callRecords } = await openReady(await databases.create());
    const answered = madeUpAnswered({
      interactionId: randomUUID().toUpperCase(),
      at: NOON,
      status: 403,
      problem: 'PERMISSAO_NAO_CONCEDIDA',
      notes: {
        consent: { id: 'urn:b:ção \u0000 \'"', revision: 3 },
        permission: { asked: [], isGranted: false },
      },
    });
    const record = toCallRecord(answered);
    const id = record.interactionId.toLowerCase();
    const neighbour = toCallRecord(madeUpAnswered({ at: NOON }));
    await callRecords.append({
      id: randomUUID(),
      at: NOON,
      interactionIds: [id, neighbour.interactionId],
      calls: JSON.stringify([record, neighbour]),
    });
    assert.deepEqual(await callRecords.find(id, 10), [record]);
    assert.deepEqual(await callRecords.find(randomUUID(), 10), []);
  });

  it('when an id was sent with several calls, then they come newest first, as many as are wanted', async () => {
    const { callRecords } = await openReady(await databases.create());
    const interactionId = randomUUID();
    await callRecords.append(
      batchOf({ interactionId, at: NOON, status: 200 }, { interactionId, at: NOON + 2, status: 403 }),
    );
    await callRecords.append(batchOf({ interactionId, at: NOON + DAY, status: 500 }));
    await callRecords.append(batchOf({ interactionId, at: NOON + 1, status: 401 }));
    const statuses = async (limit: number) =>
      (await callRecords.find(interactionId, limit)).map(({ status }) => status);
    assert.deepEqual(await statuses(10), [500, 403, 401, 200]);
    assert.deepEqual(await statuses(2), [500, 403]);
  });

  it('when a batch is sent twice, then it is kept once', async () => {
    const { callRecords } = await openReady(await databases.create());
    const interactionId = randomUUID();
    const batch = batchOf({ interactionId });
    await callRecords.append(batch);
    await callRecords.append(batch);
    assert.equal((await callRecords.find(interactionId, 10)).length, 1);
  });

  it('when days are over, then they are forgotten whole, and what came later stays', async () => {
    const url = await databases.create();
    const { callRecords } = await openReady(url);
    const ids = [randomUUID(), randomUUID(), randomUUID()] as const;
    for (const [index, interactionId] of ids.entries())
      await callRecords.append(batchOf({ interactionId, at: NOON + index * DAY }));
    assert.equal((await partitions(url)).length, 3);

    await callRecords.forgetBefore(NOON + DAY);
    const found = await Promise.all(ids.map((id) => callRecords.find(id, 1)));
    assert.deepEqual(
      found.map(({ length }) => length),
      [0, 1, 1],
    );
    assert.equal((await partitions(url)).length, 2);
  });

  it('when a day was forgotten under a writer, then its next attempt makes the day again', async () => {
    const url = await databases.create();
    const [writer, sweeper] = [await openReady(url), await openReady(url)];
    await writer.callRecords.append(batchOf({ interactionId: randomUUID() }));
    await sweeper.callRecords.forgetBefore(NOON + DAY);
    const interactionId = randomUUID();
    const batch = batchOf({ interactionId });
    await assert.rejects(writer.callRecords.append(batch));
    await writer.callRecords.append(batch);
    assert.equal((await writer.callRecords.find(interactionId, 1)).length, 1);
  });

  it('when several nodes store the first calls of days and forget others, then nobody hinders anybody', async () => {
    const url = await databases.create();
    const nodes = await Promise.all([1, 2, 3].map(() => openReady(url)));
    const ids: string[] = [];
    await Promise.all(
      nodes.flatMap(({ callRecords }) =>
        Array.from({ length: 8 }, async (_, index) => {
          const interactionId = randomUUID();
          ids.push(interactionId);
          await callRecords.append(batchOf({ interactionId, at: NOON + index * DAY }));
          await callRecords.forgetBefore(NOON - 5 * DAY);
        }),
      ),
    );
    const found = await Promise.all(ids.map((id) => nodes[0]?.callRecords.find(id, 1)));
    assert.ok(found.every((calls) => calls?.length === 1));
    assert.equal((await partitions(url)).length, 8);
  });

  it('when an id comes with every call, then the newest are found across many batches', async () => {
    const { callRecords } = await openReady(await databases.create());
    const interactionId = randomUUID();
    for (let index = 0; index < 25; index += 1)
      await callRecords.append(batchOf({ interactionId, at: NOON + index }));
    const found = await callRecords.find(interactionId, 23);
    assert.deepEqual(
      found.map(({ at }) => at - NOON),
      Array.from({ length: 23 }, (_, index) => 24 - index),
    );
  });

  it('when an id is looked for, then an index of the day knows its batches', async () => {
    const url = await databases.create();
    const { callRecords } = await openReady(url);
    await callRecords.append(batchOf({ interactionId: 'a' }));
    const plan = await query(
      `${url}&options=-c%20enable_seqscan%3Doff`,
      `explain select calls from call_records where interaction_ids @> array['a']`,
    );
    assert.match(JSON.stringify(plan), /Bitmap Index Scan on call_records_\d+_interaction_ids_idx/);
  });
});
