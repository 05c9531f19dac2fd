import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import {
  BUDGET_MS,
  createGadgetReader,
  found,
  ITEM,
  idOf,
  readGadgets,
  refusalOf,
} from '../../test/support/gadget-reader.ts';

describe('given an institution whose systems do not answer as they should', () => {
  const path = { gadgetKey: idOf('g-1') };

  it('when they are late, then it is a 504 in time, and they are told to stop', async () => {
    let isAborted = false;
    const startedAt = performance.now();
    const { answer, events } = await readGadgets(ITEM, {
      path,
      found: ({ signal }) =>
        new Promise(() => {
          signal.addEventListener('abort', () => {
            isAborted = true;
          });
        }),
    });
    assert.deepEqual(refusalOf(answer), [504, 'INSTITUICAO_NAO_RESPONDEU']);
    assert.ok(performance.now() - startedAt < 1_000);
    assert.ok(isAborted);
    assert.deepEqual(
      events.map((event) => [event.kind, 'waitedMs' in event && event.waitedMs]),
      [['late', BUDGET_MS]],
    );
  });

  it('when they fail, then the service is away, and the reason stays inside', async () => {
    const { answer, events } = await readGadgets(ITEM, {
      path,
      found: () => Promise.reject(new Error('db-7 refused')),
    });
    assert.deepEqual(refusalOf(answer), [503, 'SERVICO_INDISPONIVEL']);
    assert.doesNotMatch(JSON.stringify(answer), /db-7/);
    assert.equal(events[0]?.kind, 'away');
  });

  it('when they say so themselves, then each word has its answer', async () => {
    for (const [status, expected] of [
      ['notReady', [503, 'DADOS_EM_PREPARACAO']],
      ['refused', [403, 'RESOURCE_FORBIDDEN']],
      ['notFound', [404, 'SEM_REGISTROS']],
      ['empty', [404, 'SEM_REGISTROS']],
    ] as const)
      assert.deepEqual(
        refusalOf((await readGadgets(ITEM, { path, found: { status } })).answer),
        expected,
        status,
      );
  });

  it('when one is late, then it is told as the connector’s, and others are answered meanwhile', async () => {
    const reader = createGadgetReader({
      found: async ({ signal, operationPath }) => {
        if (operationPath.endsWith('/gadgets')) return found([]);
        await setTimeout(10_000, undefined, { signal });
        return found([]);
      },
    });
    const startedAt = performance.now();
    const order: string[] = [];
    const late = reader.read(ITEM, { path }).finally(() => order.push('late'));
    assert.equal((await reader.read('/gadgets')).answer.kind, 'json');
    assert.deepEqual(order, []);
    const { answer, notes } = await late;
    assert.deepEqual(refusalOf(answer), [504, 'INSTITUICAO_NAO_RESPONDEU']);
    assert.ok(performance.now() - startedAt < 2_000);
    assert.deepEqual(notes.connector, {
      name: 'core',
      outcome: 'late',
      waitedMs: BUDGET_MS,
      budgetMs: BUDGET_MS,
    });
  });

  it('when telling what there is takes too long already, then that is late too', async () => {
    const { answer, events } = await readGadgets(ITEM, { path, reached: () => new Promise(() => {}) });
    assert.deepEqual(refusalOf(answer), [504, 'INSTITUICAO_NAO_RESPONDEU']);
    assert.equal(events[0]?.kind, 'late');
  });

  it('when the answer is none of the port, then the service is away', async () => {
    for (const wrong of [undefined, {}, { status: 'fine' }, { status: 'ok' }, { status: 'ok', data: [] }]) {
      const { answer, events } = await readGadgets('/gadgets', { found: async () => wrong as never });
      assert.deepEqual(refusalOf(answer), [503, 'SERVICO_INDISPONIVEL']);
      assert.equal(events[0]?.kind, 'away');
    }
  });

  it('when it is not the institution that fails, then it is not told as theirs', async () => {
    const reached = () => Promise.reject(new Error('the database is away'));
    await assert.rejects(readGadgets(ITEM, { path, reached }), /the database is away/);
  });
});
