import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createVirtualClock } from '../kernel/clock.ts';
import type { Outage } from './outage.ts';
import { createOutageBoard } from './outage-board.ts';
import type { OutageStore } from './outage-store.ts';

const START = Date.UTC(2026, 6, 1);
const HOUR = 3_600_000;
const DAY = 24 * HOUR;

function outageAt(id: string, startsAt: number, durationMs = HOUR): Outage {
  return {
    id,
    ecosystem: undefined,
    startsAt,
    durationMs,
    duration: `PT${durationMs / 1000}S`,
    isPartial: false,
    explanation: 'Atualização.',
    endpoints: [],
    announcedAt: START,
    cancelledAt: undefined,
  };
}

/** A store in memory that can go away, and whose readings a test can hold back. */
function createStore() {
  const outages = new Map<string, Outage>();
  const store = {
    isAway: false,
    held: undefined as Promise<void> | undefined,
    outages,
    async add(outage: Outage) {
      store.check();
      if (!outages.has(outage.id)) outages.set(outage.id, outage);
    },
    async list({ from = 0 }: { from?: number } = {}) {
      store.check();
      const found = [...outages.values()].filter(({ startsAt, durationMs }) => startsAt + durationMs > from);
      await store.held;
      return found.reverse();
    },
    async cancel(id: string, at: number) {
      store.check();
      const outage = outages.get(id);
      if (!outage || outage.cancelledAt !== undefined) return false;
      outages.set(id, { ...outage, cancelledAt: at });
      return true;
    },
    check() {
      if (store.isAway) throw new Error('the store is away');
    },
  } satisfies OutageStore & Record<string, unknown>;
  return store;
}

function setUp() {
  const clock = createVirtualClock(START);
  const store = createStore();
  const events: string[] = [];
  const board = createOutageBoard({
    store,
    clock,
    onFault: () => events.push('fault'),
    onRecovery: () => events.push('recovery'),
  });
  const ids = () => board.list().map(({ id }) => id);
  return { clock, store, board, events, ids };
}

describe('the outage board', () => {
  it('shows what is announced on it at once, in order of start', async () => {
    const { board, ids } = setUp();
    await board.add(outageAt('later', START + DAY));
    await board.add(outageAt('sooner', START + HOUR));
    assert.deepEqual(ids(), ['sooner', 'later']);
  });

  it('finds what another node announced within five seconds', async () => {
    const { board, clock, store, ids } = setUp();
    const stop = board.start();
    await store.add(outageAt('one', START + DAY));
    await clock.advance(5000);
    assert.deepEqual(ids(), ['one']);
    stop();
    await store.add(outageAt('two', START + DAY));
    await clock.advance(60_000);
    assert.deepEqual(ids(), ['one']);
  });

  it('tells which outages are running', async () => {
    const { board } = setUp();
    await board.add(outageAt('one', START + HOUR));
    await board.add(outageAt('two', START + 1.5 * HOUR));
    const running = (now: number) => board.running(now).map(({ id }) => id);
    assert.deepEqual(running(START), []);
    assert.deepEqual(running(START + HOUR), ['one']);
    assert.deepEqual(running(START + 1.75 * HOUR), ['one', 'two']);
    assert.deepEqual(running(START + 2 * HOUR), ['two']);
    assert.deepEqual(running(START + DAY), []);
  });

  it('has another revision when something changed and only then', async () => {
    const { board } = setUp();
    await board.refresh();
    const before = board.revision;
    await board.refresh();
    assert.equal(board.revision, before);
    await board.add(outageAt('one', START));
    const after = board.revision;
    assert.notEqual(after, before);
    await board.refresh();
    assert.equal(board.revision, after);
  });

  it('keeps the last good copy while the store is away, and says so once', async () => {
    const { board, clock, store, events, ids } = setUp();
    board.start();
    await store.add(outageAt('one', START + HOUR));
    await clock.advance(5000);
    const { readAt } = board;
    store.isAway = true;
    await clock.advance(HOUR);
    assert.deepEqual(ids(), ['one']);
    assert.equal(board.running(clock.now()).length, 1);
    assert.equal(board.readAt, readAt);
    assert.deepEqual(events, ['fault']);
    store.isAway = false;
    await store.add(outageAt('two', START + DAY));
    await clock.advance(5000);
    assert.deepEqual(ids(), ['one', 'two']);
    assert.deepEqual(events, ['fault', 'recovery']);
  });

  it('is empty and says it was never read while there has been no store', async () => {
    const { board, clock, store } = setUp();
    store.isAway = true;
    board.start();
    await clock.advance(60_000);
    assert.deepEqual([board.list(), board.readAt], [[], undefined]);
  });

  it('announces and cancels nothing while the store is away', async () => {
    const { board, store, ids } = setUp();
    await board.add(outageAt('one', START + HOUR));
    store.isAway = true;
    await assert.rejects(board.add(outageAt('two', START + HOUR)));
    await assert.rejects(board.cancel('one'));
    assert.deepEqual(ids(), ['one']);
    assert.equal(board.list()[0]?.cancelledAt, undefined);
  });

  it('shows a change also when the store goes away right after it', async () => {
    const { board, store, ids } = setUp();
    const { add } = store;
    store.add = async (outage) => {
      await add(outage);
      store.isAway = true;
    };
    await board.add(outageAt('one', START + HOUR));
    assert.deepEqual(ids(), ['one']);
  });

  it('does not lose a change to a reading that began before it', async () => {
    const { board, store, ids } = setUp();
    let release = () => {};
    store.held = new Promise((resolve) => {
      release = resolve;
    });
    const old = board.refresh();
    store.held = undefined;
    await board.add(outageAt('one', START + HOUR));
    release();
    await old;
    assert.deepEqual(ids(), ['one']);
  });

  it('does not go back when an old reading ends after a newer one', async () => {
    const { board, store, ids } = setUp();
    let release = () => {};
    store.held = new Promise((resolve) => {
      release = resolve;
    });
    const old = board.refresh();
    store.held = undefined;
    await store.add(outageAt('elsewhere', START + HOUR));
    await board.refresh();
    release();
    await old;
    assert.deepEqual(ids(), ['elsewhere']);
  });

  it('cancels what is scheduled or running, once', async () => {
    const { board, clock, store } = setUp();
    await board.add(outageAt('one', START + HOUR));
    await clock.advance(1.5 * HOUR);
    assert.equal(board.running(clock.now()).length, 1);
    assert.equal(await board.cancel('one'), 'cancelled');
    assert.equal(board.running(clock.now()).length, 0);
    assert.equal(store.outages.get('one')?.cancelledAt, clock.now());
    assert.equal(await board.cancel('one'), 'cancelled-before');
  });

  it('leaves what is past as it was', async () => {
    const { board, clock, store } = setUp();
    await board.add(outageAt('one', START));
    await clock.advance(HOUR);
    assert.equal(await board.cancel('one'), 'past');
    assert.equal(store.outages.get('one')?.cancelledAt, undefined);
  });

  it('cancels what another node announced a moment ago, and nothing that nobody did', async () => {
    const { board, store } = setUp();
    await store.add(outageAt('elsewhere', START + HOUR));
    await store.add(outageAt('over', START - DAY));
    assert.equal(await board.cancel('over'), 'past');
    await store.add(outageAt('later', START + DAY));
    assert.equal(await board.cancel('elsewhere'), 'cancelled');
    assert.equal(await board.cancel('nothing'), 'unknown');
  });

  it('shows at once that another node was quicker to cancel', async () => {
    const { board, store } = setUp();
    await board.add(outageAt('one', START + HOUR));
    await store.cancel('one', START);
    assert.equal(await board.cancel('one'), 'cancelled-before');
    assert.equal(board.list()[0]?.cancelledAt, START);
  });

  it('forgets what ended more than a quarter ago', async () => {
    const { board, clock, ids } = setUp();
    await board.add(outageAt('old', START));
    await clock.advance(100 * DAY);
    await board.refresh();
    assert.deepEqual(ids(), ['old']);
    await clock.advance(2 * HOUR);
    await board.refresh();
    assert.deepEqual(ids(), []);
  });
});
