import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { Operation } from '../contract/operation.ts';
import { createVirtualClock } from '../kernel/clock.ts';
import { createEndpointHealth } from './endpoint-health.ts';

const START = Date.UTC(2026, 0, 1);
const operation = { key: 'GET /things' } as Operation;

function setUp() {
  const clock = createVirtualClock(START);
  const health = createEndpointHealth({ now: clock.now });
  const answer = (status: number, times = 1, of = operation, at = clock.now()) => {
    for (let index = 0; index < times; index += 1)
      health.record({ operation: of, status, durationMs: 1, at, unattended: false });
  };
  const since = () => health.impairments()[0]?.since;
  return { clock, health, answer, since };
}

describe('the recent success of an endpoint', () => {
  it('is impaired from 20 calls on, half of them failed', () => {
    const { answer, health } = setUp();
    answer(200, 10);
    answer(500, 9);
    assert.deepEqual(health.impairments(), []);
    answer(503);
    const [impairment] = health.impairments();
    assert.deepEqual(impairment?.endpoints, ['GET /things']);
    assert.equal(impairment?.since, START);
  });

  const harmless: [string, [number, number][]][] = [
    ['19 failures alone say nothing', [[500, 19]]],
    [
      'less than half failed',
      [
        [200, 51],
        [500, 50],
      ],
    ],
    [
      "errors are the caller's",
      [
        [404, 100],
        [422, 100],
      ],
    ],
    [
      'rejections for load do not count as failures',
      [
        [529, 100],
        [429, 100],
      ],
    ],
    [
      'rejections for load do not make up the number of calls',
      [
        [500, 19],
        [429, 100],
        [529, 100],
      ],
    ],
  ];
  for (const [name, answers] of harmless) {
    it(`is not impaired: ${name}`, () => {
      const { answer, since } = setUp();
      for (const [status, times] of answers) answer(status, times);
      assert.equal(since(), undefined);
    });
  }

  it('rejections for load do not dilute failures', () => {
    const { answer, since } = setUp();
    answer(500, 20);
    answer(429, 1000);
    assert.equal(since(), START);
  });

  it('tells when it was detected, by the answer that made it so, and keeps that while it lasts', async () => {
    const { clock, answer, since } = setUp();
    answer(500, 19);
    await clock.advance(7000);
    answer(500);
    await clock.advance(30_000);
    answer(500, 20);
    await clock.advance(40_000);
    assert.equal(since(), START + 7000);
  });

  it('recovers as soon as most calls succeed again', () => {
    const { answer, since } = setUp();
    answer(500, 20);
    answer(200, 20);
    assert.equal(since(), START);
    answer(200);
    assert.equal(since(), undefined);
  });

  it('recovers when the failures are older than a minute', async () => {
    const { clock, answer, since } = setUp();
    answer(500, 40);
    await clock.advance(59_999);
    assert.equal(since(), START);
    await clock.advance(1);
    assert.equal(since(), undefined);
  });

  it('is another impairment when it comes back', async () => {
    const { clock, answer, since } = setUp();
    answer(500, 20);
    await clock.advance(200_000);
    answer(500, 20);
    assert.equal(since(), START + 200_000);
  });

  it('keeps endpoints apart', () => {
    const { answer, health } = setUp();
    answer(500, 20);
    answer(200, 100, { key: 'GET /others' } as Operation);
    assert.deepEqual(
      health.impairments().flatMap(({ endpoints }) => endpoints),
      ['GET /things'],
    );
  });

  it('goes on when the clock is set back, a little or a lot', () => {
    const { answer, health } = setUp();
    answer(500, 20);
    answer(200, 10, operation, START - 5000);
    assert.equal(health.impairments()[0]?.since, START);
    answer(500, 40, operation, START - 3_600_000);
    assert.ok(health.impairments().length <= 1);
    answer(200, 100);
    assert.deepEqual(health.impairments(), []);
  });

  it('starts again when the clock is set back by more than the window', () => {
    let now = START;
    const health = createEndpointHealth({ now: () => now });
    for (let index = 0; index < 20; index += 1)
      health.record({ operation, status: 500, durationMs: 1, at: now, unattended: false });
    now -= 3_600_000;
    assert.deepEqual(health.impairments(), []);
  });

  it('counts what the last 60 seconds hold, whatever the rhythm', () => {
    const step = fc.record({
      wait: fc.integer({ min: 0, max: 30_000 }),
      status: fc.constantFrom(200, 500),
      times: fc.nat(15),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        let now = START;
        const health = createEndpointHealth({ now: () => now });
        const events: { second: number; failed: boolean }[] = [];
        for (const { wait, status, times } of steps) {
          now += wait;
          for (let index = 0; index < times; index += 1) {
            health.record({ operation, status, durationMs: 1, at: now, unattended: false });
            events.push({ second: Math.floor(now / 1000), failed: status === 500 });
          }
          const recent = events.filter(({ second }) => second > Math.floor(now / 1000) - 60);
          const failed = recent.filter((event) => event.failed).length;
          assert.equal(health.impairments().length > 0, recent.length >= 20 && failed * 2 >= recent.length);
        }
      }),
    );
  });
});
