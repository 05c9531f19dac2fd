import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createVirtualClock } from '../kernel/clock.ts';
import type { Asking, Connector, Found } from './connector.ts';
import type { OfferedResource } from './customer.ts';
import { rememberDiscoveries } from './remember-discoveries.ts';

const ANA = { cpf: '11144477735' };

function setUp(
  forMs: number,
  answer: () => Promise<Found<readonly OfferedResource[]>> | undefined = () => undefined,
) {
  const clock = createVirtualClock(1_000_000);
  let asked = 0;
  const source = {
    discover: async () => {
      asked += 1;
      return (await answer()) ?? { status: 'ok', data: [], asOf: clock.now() };
    },
  } as unknown as Connector;
  const connector = rememberDiscoveries(source, { forMs, clock });
  const discover = (types = ['ACCOUNT'], documents: { cpf: string; cnpj?: string } = ANA) =>
    connector.discover(documents, types, {} as Asking);
  return { clock, connector, discover, asked: () => asked };
}

describe('given a connector that remembers what customers have', () => {
  it('when the same is asked within the time, then the answer is the very same, and later another', async () => {
    const { clock, discover, asked } = setUp(5_000);
    const first = await discover();
    await clock.advance(4_999);
    assert.equal(await discover(), first);
    await clock.advance(2);
    assert.notEqual(await discover(), first);
    assert.equal(asked(), 2);
  });

  it('when somebody else, or something else, is asked for, then it is asked', async () => {
    const { discover, asked } = setUp(5_000);
    await discover();
    await discover(['LOAN']);
    await discover(['ACCOUNT'], { ...ANA, cnpj: '11222333000181' });
    assert.equal(asked(), 3);
  });

  it('when nothing is to be remembered, or nothing is ready, then each is asked', async () => {
    const never = setUp(0);
    await never.discover();
    await never.discover();
    assert.equal(never.asked(), 2);
    const notReady = setUp(5_000, async () => ({ status: 'notReady' }));
    await notReady.discover();
    await notReady.discover();
    assert.equal(notReady.asked(), 2);
  });

  it('when a thing has changed, then whatever may hold things of its type is asked again', async () => {
    const { connector, discover, asked } = setUp(5_000);
    await discover(['ACCOUNT', 'LOAN']);
    await discover(['FUND']);
    connector.forget([{ type: 'LOAN', ref: 'l-1' }]);
    await discover(['ACCOUNT', 'LOAN']);
    await discover(['FUND']);
    assert.equal(asked(), 3);
    connector.forget([]);
    await discover(['FUND']);
    assert.equal(asked(), 3);
  });

  it('when a thing changes while the answer is on its way, then that answer is not remembered', async () => {
    const gate = Promise.withResolvers<void>();
    const { connector, discover, asked } = setUp(5_000, async () => {
      await gate.promise;
      return { status: 'empty' };
    });
    const pending = discover();
    connector.forget([{ type: 'ACCOUNT', ref: 'a' }]);
    gate.resolve();
    await pending;
    await discover();
    assert.equal(asked(), 2);
  });
});
