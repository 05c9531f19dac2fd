import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { freezeDeep } from '../../test/support/freeze-deep.ts';
import { GADGET, GADGETS, gadgetOperations } from '../../test/support/gadget-contract.ts';
import {
  bodyOf,
  createGadgetReader,
  found,
  ITEM,
  idOf,
  reachedGadget,
  readGadgets,
  refusalOf,
  USES,
} from '../../test/support/gadget-reader.ts';
import type { Json as Data } from '../connectors/connector.ts';

const TWO: readonly Data[] = [
  { gadgetKey: 'g-1', name: 'One' },
  { gadgetKey: 'g-2', name: 'Two' },
];

describe('given data that breaks the contract', () => {
  const broken: Data = [
    { gadgetKey: 'g-1', name: 'lower case, and personal' },
    { gadgetKey: 'g-2', name: 'Two' },
  ];

  it('when the policy is to serve, then the record is left out and told of, without what is in it', async () => {
    const { answer, events } = await readGadgets('/gadgets', { found: found(broken) });
    assert.equal(bodyOf(answer).meta.totalRecords, 1);
    assert.deepEqual(events, [
      {
        kind: 'breach',
        operation: `GET ${GADGETS}/gadgets`,
        interactionId: 'interaction-1',
        records: 1,
        isServed: true,
        pointer: '/name',
        reason: 'pattern',
      },
    ]);
  });

  it('when a record of a list does not say which resource it is of, then it is left out, and told of', async () => {
    const { answer, events } = await readGadgets('/gadgets', {
      found: found([{ name: 'Whose' }, 'text', ...TWO]),
    });
    assert.equal(bodyOf(answer).meta.totalRecords, 2);
    assert.deepEqual(
      events.map((event) => 'reason' in event && [event.records, event.reason]),
      [[2, 'required: gadgetKey']],
    );
  });

  it('when the policy is to block, then nothing is served', async () => {
    const { answer, events } = await readGadgets('/gadgets', { found: found(broken), policy: 'block' });
    assert.deepEqual(refusalOf(answer), [500, 'DADOS_FORA_DO_CONTRATO']);
    assert.equal(events.length, 1);
  });

  it('when it is the only record, then there is nothing to serve, whatever the policy', async () => {
    const path = { gadgetKey: idOf('g-1') };
    const wrong: [Data, string, string][] = [
      [{ gadgetKey: 'g-1' }, '/data', 'required: name'],
      ['text', '/data', 'type'],
      [{ gadgetKey: 'g-2', name: 'Two' }, '', 'id of another resource'],
      [{ gadgetKey: 'g-9', name: 'Of somebody else' }, '', 'id of another resource'],
    ];
    for (const [data, pointer, reason] of wrong) {
      const { answer, events } = await readGadgets(ITEM, { path, found: found(data) });
      assert.deepEqual(refusalOf(answer), [500, 'DADOS_FORA_DO_CONTRATO']);
      assert.deepEqual(
        events.map((event) => 'pointer' in event && [event.pointer, event.reason]),
        [[pointer, reason]],
      );
    }
  });

  it('when a list is none, then it is not served', async () => {
    for (const data of [{ list: [] }, 'text', null])
      assert.deepEqual(refusalOf((await readGadgets('/gadgets', { found: found(data) })).answer), [
        500,
        'DADOS_FORA_DO_CONTRATO',
      ]);
  });

  it('when the policy is to block, then what is of another resource blocks too', async () => {
    const path = { gadgetKey: idOf('g-1') };
    const uses = [use('g-1'), use('g-2'), use('g-9'), use('g-1')];
    const { answer, events, notes } = await readGadgets(USES, { path, found: found(uses) });
    assert.equal(bodyOf(answer).meta.totalRecords, 2);
    assert.deepEqual(notes.validation, {
      records: 4,
      broken: 0,
      foreign: 2,
      pointer: '',
      reason: 'id of another resource',
    });
    assert.deepEqual(
      events.map((event) => 'records' in event && [event.kind, event.records, event.isServed]),
      [['foreign', 2, true]],
    );
    const blocked = await readGadgets(USES, { path, found: found(uses), policy: 'block' });
    assert.deepEqual(refusalOf(blocked.answer), [500, 'DADOS_FORA_DO_CONTRATO']);
  });

  it('when the connector says that it is of another resource, then it is not served', async () => {
    const path = { gadgetKey: idOf('g-1') };
    for (const [end, data] of [
      [ITEM, { name: 'One' }],
      [USES, [use('g-1')]],
    ] as const) {
      const { answer, notes } = await readGadgets(end, { path, found: found(data, { owner: 'g-2' }) });
      assert.deepEqual(refusalOf(answer), [500, 'DADOS_FORA_DO_CONTRATO']);
      assert.deepEqual([notes.validation?.foreign, notes.validation?.reason], [1, 'id of another resource']);
      const own = await readGadgets(end, { path, found: found(data, { owner: 'g-1' }) });
      assert.equal(own.answer.kind, 'json');
    }
  });

  it('when a broken record is wrapped in others, then it alone is left out, and what wraps it must fit', async () => {
    const companies = {
      type: 'array',
      items: {
        type: 'object',
        required: ['name'],
        properties: { name: { type: 'string', minLength: 1 }, gadgets: { type: 'array', items: GADGET } },
      },
    };
    const operations = gadgetOperations({
      type: 'array',
      items: { type: 'object', properties: { companies } },
    });
    const wrap = (name: string, ...gadgets: Data[]) => [{ companies: [{ name, gadgets }] }];
    const data = wrap('A', { gadgetKey: 'g-1', name: 'One' }, { gadgetKey: 'g-2', name: 'two' });
    const { answer, notes } = await readGadgets('/gadgets', { operations, found: found(data) });
    assert.deepEqual(bodyOf(answer).data, wrap('A', { gadgetKey: idOf('g-1'), name: 'One' }));
    assert.deepEqual([bodyOf(answer).meta.totalRecords, notes.validation?.broken], [1, 1]);
    const nameless = await readGadgets('/gadgets', { operations, found: found(wrap('', ...TWO)) });
    assert.deepEqual(refusalOf(nameless.answer), [500, 'DADOS_FORA_DO_CONTRATO']);
  });

  it('when a list has what the customer does not have, then that is never served, and told of; what is not shared is not', async () => {
    const reached = {
      status: 'ready',
      resources: [reachedGadget('g-1')],
      owned: [
        { type: 'LOAN', ref: 'g-1' },
        { type: 'LOAN', ref: 'g-2' },
        { type: 'ACCOUNT', ref: 'g-9' },
      ],
    } as const;
    const list = [...TWO, { gadgetKey: 'g-9', name: 'Of somebody else' }];
    const { answer, events, notes } = await readGadgets('/gadgets', { reached, found: found(list) });
    assert.deepEqual(
      bodyOf(answer).data.map(({ name }: { name: string }) => name),
      ['One'],
    );
    assert.deepEqual([notes.validation?.records, notes.validation?.foreign], [2, 1]);
    assert.deepEqual(
      events.map((event) => [event.kind, event.isServed]),
      [['foreign', true]],
    );
    const blocked = await readGadgets('/gadgets', { reached, found: found(list), policy: 'block' });
    assert.deepEqual(refusalOf(blocked.answer), [500, 'DADOS_FORA_DO_CONTRATO']);
  });

  it('when what was picked is the customer’s no longer, then it is merely not shared', async () => {
    const reached = {
      status: 'ready',
      resources: [reachedGadget('g-1'), reachedGadget('g-2', { status: 'UNAVAILABLE', reason: 'GONE' })],
      owned: [{ type: 'LOAN', ref: 'g-1' }],
    } as const;
    const { answer, events } = await readGadgets('/gadgets', { reached, found: found(TWO) });
    assert.equal(bodyOf(answer).meta.totalRecords, 1);
    assert.deepEqual(events, []);
  });

  it('when a frozen answer is given again, then it is judged again by what each consent reaches', async () => {
    const path = { gadgetKey: idOf('g-1') };
    const reader = createGadgetReader({ found: found(freezeDeep([use('g-1'), use('g-2')])) });
    const count = async (key: string) =>
      bodyOf((await reader.read(USES, { path: { gadgetKey: idOf(key) } })).answer).meta.totalRecords;
    assert.deepEqual([await count('g-1'), await count('g-1'), await count('g-2')], [1, 1, 1]);
    assert.equal(reader.events.length, 3);
    reader.state.found = found(freezeDeep({ gadgetKey: 'g-1', name: 'One' }));
    const item = () => reader.read(ITEM, { path });
    assert.deepEqual(bodyOf((await item()).answer), bodyOf((await item()).answer));
    reader.state.reached = { status: 'ready', resources: [reachedGadget('g-1', { id: 'another-id' })] };
    const other = await reader.read(ITEM, { path: { gadgetKey: 'another-id' } });
    assert.equal(bodyOf(other.answer).data.gadgetKey, 'another-id');
  });
});

function use(gadgetKey: string) {
  return { gadgetKey, useDateTime: '2026-03-01T00:00:00Z', direction: 'IN' };
}
