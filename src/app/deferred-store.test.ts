import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Outage } from '../discovery/outage.ts';
import type { Store, StoreHealth } from '../store/open-store.ts';
import { createDeferredStore } from './deferred-store.ts';

/** A store that records what is asked of it. */
function recordingStore() {
  const asked: unknown[] = [];
  let tell: (health: StoreHealth) => void = () => {};
  let notify: (text: string) => void = () => {};
  let health: StoreHealth = { state: 'ready', since: 7 };
  const record =
    (name: string) =>
    async (...args: readonly unknown[]) => {
      asked.push([name, ...args]);
      return [];
    };
  const metrics = ['append', 'readDays', 'readPeaks', 'appendProbes', 'readAvailability', 'rollUp'];
  const store = {
    metrics: Object.fromEntries(metrics.map((name) => [name, record(name)])),
    outages: Object.fromEntries(['add', 'list', 'cancel'].map((name) => [name, record(name)])),
    callRecords: Object.fromEntries(['append', 'find', 'forgetBefore'].map((name) => [name, record(name)])),
    notices: {
      tell: record('tell'),
      hear(listener: (text: string) => void) {
        notify = listener;
        return () => {};
      },
    },
    health: () => health,
    onChange(listener: (health: StoreHealth) => void) {
      tell = listener;
      return () => {};
    },
    close: record('close'),
  } as unknown as Store;
  return {
    store,
    asked,
    change(next: StoreHealth) {
      health = next;
      tell(next);
    },
    notify: (text: string) => notify(text),
  };
}

describe('given a store that is opened later', () => {
  it('when it is not open yet, then it is starting and every method is refused', async () => {
    const deferred = createDeferredStore(() => 5);
    assert.deepEqual(deferred.health(), { state: 'starting', since: 5 });
    const { metrics, outages, callRecords, notices } = deferred;
    for (const refused of [
      metrics.append({ node: 'n', sequence: 1, minutes: [], seconds: [] }),
      metrics.readDays('2026-01-01', '2026-01-01'),
      metrics.readPeaks('2026-01-01', '2026-01-01'),
      metrics.appendProbes([]),
      metrics.readAvailability(0, 1),
      metrics.rollUp(0),
      outages.add({} as Outage),
      outages.list({ from: 0 }),
      outages.cancel('id', 0),
      callRecords.append({ id: 'b', at: 0, interactionIds: [], calls: '[]' }),
      callRecords.find('i', 1),
      callRecords.forgetBefore(0),
      notices.tell('x'),
    ])
      await assert.rejects(refused, /not ready yet/);
    await deferred.close();
  });

  it('when it is opened, then it is the one that is asked', async () => {
    const deferred = createDeferredStore(() => 5);
    const { store, asked } = recordingStore();
    deferred.attach(store);
    const { metrics, outages } = deferred;
    const batch = { node: 'n', sequence: 1, minutes: [], seconds: [] };
    await metrics.append(batch);
    await metrics.readDays('a', 'b');
    await metrics.readPeaks('c', 'd');
    await metrics.appendProbes([]);
    await metrics.readAvailability(1, 2);
    await metrics.rollUp(3);
    await outages.add({ id: 'o' } as Outage);
    await outages.list({ from: 4 });
    await outages.cancel('o', 5);
    await deferred.close();
    assert.deepEqual(asked, [
      ['append', batch],
      ['readDays', 'a', 'b'],
      ['readPeaks', 'c', 'd'],
      ['appendProbes', []],
      ['readAvailability', 1, 2],
      ['rollUp', 3],
      ['add', { id: 'o' }],
      ['list', { from: 4 }],
      ['cancel', 'o', 5],
      ['close'],
    ]);
  });

  it('when its health changes, then those hear of it who listened before it was open', () => {
    const deferred = createDeferredStore(() => 5);
    const { store, change } = recordingStore();
    const heard: string[] = [];
    const forget = deferred.onChange(({ state }) => heard.push(state));
    deferred.attach(store);
    change({ state: 'away', since: 8, reason: 'gone' });
    assert.deepEqual(deferred.health(), { state: 'away', since: 8, reason: 'gone' });
    forget();
    change({ state: 'ready', since: 9 });
    assert.deepEqual(heard, ['ready', 'away']);
  });

  it('when something is told, then those hear of it who listened before it was open', async () => {
    const deferred = createDeferredStore(() => 5);
    const { store, asked, notify } = recordingStore();
    const heard: string[] = [];
    const forget = deferred.notices.hear((text) => heard.push(text));
    deferred.attach(store);
    await deferred.notices.tell('one');
    notify('two');
    forget();
    notify('three');
    assert.deepEqual([asked, heard], [[['tell', 'one']], ['two']]);
  });
});
