import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Capabilities } from '../../connectors/connector.ts';
import { createOffering } from './offering.ts';

const AGAIN_MS = 5_000;

/** A connector whose answers are given one after the other, and a clock that stands still. */
function connectorSaying(...answers: (() => Capabilities | Promise<Capabilities>)[]) {
  let now = 0;
  let asked = 0;
  return {
    connector: {
      capabilities: () => {
        asked += 1;
        return (answers.shift() ?? never)();
      },
    },
    settings: { clock: { now: () => now }, patienceMs: 20 },
    asked: () => asked,
    advance: (ms: number) => {
      now += ms;
    },
  };
}

const only = (...apis: string[]): Capabilities => ({ apis, authenticates: false });
const never = () => new Promise<Capabilities>(() => {});
const away = () => Promise.reject(new Error('away'));

describe('given a connector that says what it has', () => {
  it('when it names its APIs, then no other is offered', async () => {
    const { connector, settings } = connectorSaying(async () => only('loans'));
    const offering = await createOffering(connector, settings);
    assert.deepEqual([offering.isOffered('loans'), offering.isOffered('funds')], [true, false]);
  });

  it('when it may have any, then all are offered', async () => {
    const { connector, settings } = connectorSaying(() => ({ apis: undefined, authenticates: true }));
    assert.equal((await createOffering(connector, settings)).isOffered('funds'), true);
  });

  it('when it says something else later, then that counts, and it is not asked for every read', async () => {
    const { connector, settings, advance, asked } = connectorSaying(
      () => only('loans'),
      () => only('funds'),
    );
    const offering = await createOffering(connector, settings);
    advance(AGAIN_MS - 1);
    assert.equal(offering.isOffered('funds'), false);
    advance(1);
    for (let count = 0; count < 3; count += 1) offering.isOffered('funds');
    await nextTurn();
    assert.deepEqual([offering.isOffered('funds'), offering.isOffered('loans')], [true, false]);
    assert.equal(asked(), 2);
  });

  it('when it cannot say it any more, then what it has said before counts', async () => {
    const { connector, settings, advance, asked } = connectorSaying(() => only('loans'), away, never);
    const offering = await createOffering(connector, settings);
    for (let count = 0; count < 4; count += 1) {
      advance(AGAIN_MS);
      assert.equal(offering.isOffered('funds'), false);
      await nextTurn();
    }
    assert.equal(asked(), 3, 'and while it is asked it is not asked again');
  });
});

for (const [what, answer] of [
  ['never answers', never],
  ['is away', away],
] as const)
  it(`given a connector that ${what}, when it is started, then nobody waits for it, and all is offered`, async () => {
    const { connector, settings } = connectorSaying(answer);
    assert.equal((await createOffering(connector, settings)).isOffered('loans'), true);
  });
