import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createMemorySigningKeyStore } from '../../test/support/memory-artifact-store.ts';
import { createVirtualClock } from '../kernel/clock.ts';
import { createKeyRing } from './key-ring.ts';

const DAY = 86_400_000;
const START = Date.UTC(2026, 0, 1);
const SCHEDULE = { signsFor: 10 * DAY, publishedBefore: DAY, publishedAfter: 2 * DAY };

function ringsOf(nodes: number, start = START) {
  const clock = createVirtualClock(start);
  const store = createMemorySigningKeyStore();
  const settings = {
    store,
    name: 'https://issuer.test',
    algorithm: 'PS256',
    clock,
    schedule: SCHEDULE,
  } as const;
  return { clock, rings: Array.from({ length: nodes }, () => createKeyRing(settings)) };
}

const idsOf = async (ring: { keys(): Promise<readonly { kid?: string }[]> } | undefined) =>
  ((await ring?.keys()) ?? []).map(({ kid }) => kid);

describe('given the signing keys of an issuer', () => {
  it('when there are none, then one is made that signs at once and is made only once', async () => {
    const { rings } = ringsOf(1);
    const keys = await rings[0]?.keys();
    assert.equal(keys?.length, 1);
    assert.equal(keys[0]?.use, 'sig');
    assert.equal(keys[0]?.alg, 'PS256');
    assert.ok(keys[0]?.d);
    assert.deepEqual(await idsOf(rings[0]), [keys[0]?.kid]);
  });

  it('when nodes start at once, then they agree on one key', async () => {
    const { rings } = ringsOf(3, START + 12_345);
    await Promise.all(rings.map((ring) => ring.keys()));
    const seen = await Promise.all(rings.map(idsOf));
    assert.equal(new Set(seen.flat()).size, 1);
  });

  it('when its successor is due, then that is published before it signs, and the former one after it has', async () => {
    const { clock, rings } = ringsOf(1);
    const [ring] = rings;
    const [first] = await idsOf(ring);
    await clock.advance(8 * DAY);
    assert.deepEqual(await idsOf(ring), [first], 'long before its end it is alone');
    await clock.advance(DAY);
    const [signing, next, ...none] = await idsOf(ring);
    assert.deepEqual(
      [signing, none],
      [first, []],
      'a day before, the next one is published and does not sign',
    );
    assert.ok(next);
    await clock.advance(DAY);
    assert.deepEqual(await idsOf(ring), [next, first], 'then they change places');
    await clock.advance(3 * DAY - 1);
    assert.deepEqual(await idsOf(ring), [next, first]);
    await clock.advance(1);
    assert.deepEqual(await idsOf(ring), [next], 'and the former one is forgotten');
  });

  it('when nobody looked in time, then the successor is still published before it signs', async () => {
    const { clock, rings } = ringsOf(1);
    const [first] = await idsOf(rings[0]);
    await clock.advance(11 * DAY);
    const [signing, next] = await idsOf(rings[0]);
    assert.equal(signing, first);
    await clock.advance(DAY);
    assert.equal((await idsOf(rings[0]))[0], next);
  });

  it('when nobody looked for a year, then there is a key all the same', async () => {
    const { clock, rings } = ringsOf(1);
    const [first] = await idsOf(rings[0]);
    await clock.advance(365 * DAY);
    const after = await idsOf(rings[0]);
    assert.equal(after.length, 1);
    assert.notEqual(after[0], first);
  });

  it('when the store is away, then there are no keys rather than others', async () => {
    const store = { ...createMemorySigningKeyStore(), list: () => Promise.reject(new Error('away')) };
    const ring = createKeyRing({
      store,
      name: 'issuer',
      algorithm: 'PS256',
      clock: createVirtualClock(START),
    });
    await assert.rejects(ring.keys(), /away/);
  });
});
