import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  bodyOf,
  createGadgetReader,
  found,
  ITEM,
  idOf,
  reachedGadget,
  refusalOf,
  USES,
  type World,
} from '../../test/support/gadget-reader.ts';
import { NOON } from '../../test/support/made-up-consent.ts';

describe('given answers that are kept for when the institution is late', () => {
  const path = { gadgetKey: idOf('g-1') };
  const one = { gadgetKey: 'g-1', name: 'One' };
  const away = () => Promise.reject(new Error('away'));
  const world = (change: World = {}) =>
    createGadgetReader({ snapshotSeconds: 60, found: found(one), ...change });

  it('when it is late or away, then the last answer stands in, as long as it may, and says so', async () => {
    const reader = world();
    await reader.read(ITEM, { path });
    for (const [finding, outcome] of [
      [away, 'away'],
      [() => new Promise<never>(() => {}), 'late'],
    ] as const) {
      reader.state.found = finding;
      const { answer, notes } = await reader.read(ITEM, { path });
      assert.deepEqual(bodyOf(answer).data, { gadgetKey: idOf('g-1'), name: 'One' });
      assert.deepEqual(
        [notes.connector?.outcome, notes.connector?.asOf, notes.connector?.isSnapshot],
        [outcome, NOON, true],
      );
      assert.deepEqual(reader.events.map((event) => 'isServed' in event && event.isServed).at(-1), true);
    }
    reader.state.found = away;
    reader.clock.advance(60_000);
    assert.equal((await reader.read(ITEM, { path })).answer.kind, 'json');
    reader.clock.advance(1);
    assert.deepEqual(refusalOf((await reader.read(ITEM, { path })).answer), [503, 'SERVICO_INDISPONIVEL']);
  });

  it('when it does not even tell what there is, then the last answer stands in as well', async () => {
    const reader = world();
    await reader.read(ITEM, { path });
    reader.state.reached = () => new Promise(() => {});
    const { answer } = await reader.read(ITEM, { path });
    assert.deepEqual(bodyOf(answer).data, { gadgetKey: idOf('g-1'), name: 'One' });
  });

  it('when it answers, then that counts, whatever was before', async () => {
    const reader = world();
    await reader.read(ITEM, { path });
    for (const [status, code] of [
      ['notFound', 'SEM_REGISTROS'],
      ['refused', 'RESOURCE_FORBIDDEN'],
      ['notReady', 'DADOS_EM_PREPARACAO'],
    ] as const) {
      reader.state.found = { status };
      assert.equal(refusalOf((await reader.read(ITEM, { path })).answer)[1], code);
    }
    const resources = [reachedGadget('g-1', { status: 'UNAVAILABLE', reason: 'GONE' })];
    Object.assign(reader.state, { found: away, reached: { status: 'ready', resources } });
    assert.equal(refusalOf((await reader.read(ITEM, { path })).answer)[1], 'STATUS_RESOURCE_UNAVAILABLE');
  });

  it('when the call, its page or its filters are others, then nothing stands in', async () => {
    const reader = world({ found: found([use('IN'), use('OUT')]) });
    const query = { 'page-size': '1', useWay: 'IN' };
    await reader.read(USES, { path, query });
    reader.state.found = away;
    assert.equal((await reader.read(USES, { path, query })).answer.kind, 'json');
    for (const other of [{}, { ...query, page: '2' }, { ...query, useWay: 'OUT' }])
      assert.equal((await reader.read(USES, { path, query: other })).answer.kind, 'problem');
    const elsewhere = { gadgetKey: idOf('g-2') };
    assert.equal((await reader.read(USES, { path: elsewhere, query })).answer.kind, 'problem');
  });

  it('when the resource has changed, then what was told of it is let go, and of others is not', async () => {
    const reader = world({ found: ({ refs }) => found({ gadgetKey: refs.gadgetKey ?? '', name: 'Any' }) });
    const both = ['g-1', 'g-2'].map((ref) => ({ gadgetKey: idOf(ref) }));
    for (const each of both) await reader.read(ITEM, { path: each });
    reader.state.found = away;
    reader.forget([
      { type: 'LOAN', ref: 'g-1' },
      { type: 'ACCOUNT', ref: 'g-2' },
    ]);
    const kinds = [];
    for (const each of both) kinds.push((await reader.read(ITEM, { path: each })).answer.kind);
    assert.deepEqual(kinds, ['problem', 'json']);
  });

  it('when a list tells of a resource that has changed, then it is let go', async () => {
    const reader = world({ found: found([one]) });
    await reader.read('/gadgets');
    reader.state.found = away;
    assert.equal((await reader.read('/gadgets')).answer.kind, 'json');
    reader.forget([{ type: 'LOAN', ref: 'g-2' }]);
    assert.equal((await reader.read('/gadgets')).answer.kind, 'problem');
  });

  it('when the answer before broke the contract, then the one before that stands in', async () => {
    const reader = world();
    await reader.read(ITEM, { path });
    reader.state.found = found({ gadgetKey: 'g-1', name: 'lower case' });
    assert.equal((await reader.read(ITEM, { path })).answer.kind, 'problem');
    reader.state.found = away;
    assert.equal(bodyOf((await reader.read(ITEM, { path })).answer).data.name, 'One');
  });

  it('when the operation has no policy for it, then nothing is kept', async () => {
    const reader = world({ snapshotSeconds: 0 });
    await reader.read(ITEM, { path });
    reader.state.found = away;
    assert.equal((await reader.read(ITEM, { path })).answer.kind, 'problem');
  });
});

function use(direction: string) {
  return { useDateTime: '2026-03-01T00:00:00Z', direction };
}
