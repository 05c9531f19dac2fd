import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { GADGET, GADGETS, gadgetOperations } from '../../test/support/gadget-contract.ts';
import {
  ANA,
  BASE,
  BUDGET_MS,
  bodyOf,
  COMPANY,
  found,
  ITEM,
  idOf,
  reachedGadget,
  readGadgets,
  refusalOf,
  USES,
  type World,
} from '../../test/support/gadget-reader.ts';
import { NOON } from '../../test/support/made-up-consent.ts';
import { schemaValidator } from '../../test/support/schema-validator.ts';
import type { Json } from '../../test/support/send-request.ts';
import type { Json as Data } from '../connectors/connector.ts';

const TWO: Data = [
  { gadgetKey: 'g-1', name: 'One' },
  { gadgetKey: 'g-2', name: 'Two' },
];

describe('given a contract that nobody has seen', () => {
  it('when its list is read, then it has what is shared, by public ids, in the envelope of the contract', async () => {
    const { answer, requests, operation } = await readGadgets('/gadgets', { found: found(TWO) });
    const body = bodyOf(answer);
    assert.deepEqual(body.data, [
      { gadgetKey: idOf('g-1'), name: 'One' },
      { gadgetKey: idOf('g-2'), name: 'Two' },
    ]);
    assert.deepEqual(body.meta, { totalRecords: 2, totalPages: 1 });
    assert.ok(schemaValidator(operation.answer.schema())(body));
    const [request] = requests;
    assert.deepEqual(
      [request?.operationPath, request?.version, request?.api, request?.documents, request?.refs],
      [`${GADGETS}/gadgets`, '1.2.0', 'gadgets', { cpf: ANA }, {}],
    );
    assert.deepEqual([request?.permissions, request?.deadline], [['LOANS_READ'], NOON + BUDGET_MS]);
  });

  it('when the connector has more than is shared, then that is left out and not spoken of', async () => {
    const { answer, events } = await readGadgets('/gadgets', { found: found(TWO), owned: ['g-2'] });
    assert.deepEqual(bodyOf(answer).data, [{ gadgetKey: idOf('g-2'), name: 'Two' }]);
    assert.deepEqual(events, []);
  });

  it('when there is nothing, then the list is empty, and that is no failure', async () => {
    assert.deepEqual(bodyOf((await readGadgets('/gadgets')).answer).data, []);
  });

  it('when records are wrapped, then pages cut across what wraps them', async () => {
    const operations = gadgetOperations({
      type: 'array',
      items: {
        type: 'object',
        properties: {
          shop: { type: 'string' },
          companies: {
            type: 'array',
            items: {
              type: 'object',
              properties: { name: { type: 'string' }, gadgets: { type: 'array', items: GADGET } },
            },
          },
        },
      },
    });
    const at = (key: string) => ({ gadgetKey: key, name: 'Any' });
    const data = [
      {
        shop: 'S',
        companies: [
          { name: 'A', gadgets: [at('g-1'), at('g-2')] },
          { name: 'B', gadgets: [at('g-3')] },
        ],
      },
    ];
    const { answer } = await readGadgets('/gadgets', {
      operations,
      found: found(data),
      owned: ['g-2', 'g-3'],
      query: { page: '2', 'page-size': '1' },
    });
    const body = bodyOf(answer);
    assert.deepEqual(body.data, [{ shop: 'S', companies: [{ name: 'B', gadgets: [at(idOf('g-3'))] }] }]);
    assert.deepEqual(body.meta, { totalRecords: 2, totalPages: 2 });
    assert.equal(body.links.prev, `${BASE}${GADGETS}/gadgets?page=1&page-size=1`);
  });

  it('when an item is read by its public id, then the connector is asked by its own reference', async () => {
    const { answer, requests } = await readGadgets(ITEM, {
      path: { gadgetKey: idOf('g-1') },
      found: found({ gadgetKey: 'g-1', name: 'One' }),
    });
    assert.deepEqual(requests[0]?.refs, { gadgetKey: 'g-1' });
    const body = bodyOf(answer);
    assert.deepEqual(body.data, { gadgetKey: idOf('g-1'), name: 'One' });
    assert.equal(body.links.self, `${BASE}${GADGETS}/gadgets/${idOf('g-1')}`);
  });

  it('when the id is the reference itself, unknown, or of what is not shared, then it is forbidden alike, unasked', async () => {
    for (const gadgetKey of ['g-1', 'nothing', idOf('g-9')]) {
      const { answer, requests } = await readGadgets(ITEM, { path: { gadgetKey } });
      assert.deepEqual(refusalOf(answer), [403, 'RESOURCE_FORBIDDEN']);
      assert.equal(requests.length, 0);
    }
  });

  it('when it waits for others, or is there no more, then that is what the caller is told', async () => {
    const path = { gadgetKey: idOf('g-1') };
    for (const [change, code] of [
      [
        { status: 'PENDING_AUTHORISATION', reason: 'AWAITING_APPROVAL' },
        'STATUS_RESOURCE_PENDING_AUTHORISATION',
      ],
      [{ status: 'TEMPORARILY_UNAVAILABLE', reason: 'BLOCKED' }, 'STATUS_RESOURCE_TEMPORARILY_UNAVAILABLE'],
      [{ status: 'UNAVAILABLE', reason: 'GONE' }, 'STATUS_RESOURCE_UNAVAILABLE'],
    ] as const) {
      const resources = [reachedGadget('g-1', change), reachedGadget('g-2')];
      const reached = { status: 'ready', resources } as const;
      for (const end of [ITEM, USES]) {
        const { answer, notes, requests } = await readGadgets(end, { path, reached });
        assert.deepEqual([...refusalOf(answer), requests.length], [403, code, 0]);
        assert.deepEqual(notes.resource, { id: idOf('g-1'), type: 'LOAN', ...change });
      }
      const list = bodyOf((await readGadgets('/gadgets', { reached, found: found(TWO) })).answer);
      assert.deepEqual(list.data, [{ gadgetKey: idOf('g-2'), name: 'Two' }]);
    }
  });

  it('when what it reaches is being prepared, then it is to come back, and at last that took too long', async () => {
    const { answer, notes } = await readGadgets('/gadgets', { reached: { status: 'preparing' } });
    assert.deepEqual(refusalOf(answer), [503, 'DADOS_EM_PREPARACAO']);
    assert.ok(answer.kind === 'problem' && Number(answer.headers?.['retry-after']) > 0);
    assert.deepEqual(notes.resource, { reason: 'PREPARING' });
    assert.deepEqual(refusalOf((await readGadgets('/gadgets', { reached: { status: 'overdue' } })).answer), [
      504,
      'INSTITUICAO_NAO_RESPONDEU',
    ]);
  });

  it('when paths differ, then so do the methods that the connector is asked with', async () => {
    const path = { gadgetKey: idOf('g-1'), partKey: 'p-1', receiptKey: 'r-1' };
    const asked = async (end: string) => {
      const { requests } = await readGadgets(end, { path });
      const [{ method, type, ref, name, shape, types, refs } = {} as never] = requests as Json[];
      return [method, type, ref, name, shape, types, refs];
    };
    const [type, types, gadget] = ['LOAN', ['LOAN'], { gadgetKey: 'g-1' }];
    const none = undefined;
    assert.deepEqual(await asked('/gadgets'), ['list', none, none, none, 'list', types, {}]);
    assert.deepEqual(await asked('/profile'), ['list', none, none, none, 'record', [], {}]);
    assert.deepEqual(await asked(ITEM), ['get', type, 'g-1', none, 'record', types, gadget]);
    assert.deepEqual(await asked(USES), ['children', type, 'g-1', 'uses', 'list', types, gadget]);
    const [part, receipt] = ['parts/{partKey}', '/receipts/{receiptKey}'];
    const both = { ...gadget, partKey: 'p-1' };
    assert.deepEqual(await asked(`/${part}`), ['children', type, 'g-1', part, 'record', types, both]);
    assert.deepEqual(await asked(receipt), [
      'get',
      none,
      'r-1',
      none,
      'record',
      types,
      { receiptKey: 'r-1' },
    ]);
  });

  it('when it hangs on no resource, then it is the customer’s as long as the institution knows them', async () => {
    const profile = (customer?: World['customer']) =>
      readGadgets('/profile', { found: found({ text: 'Ana' }), ...(customer && { customer }) });
    assert.deepEqual(bodyOf((await profile()).answer).data, { text: 'Ana' });
    const somebody = { id: 'c-2', name: 'Bia', cpf: '52998224725', companies: [] };
    for (const customer of [
      { status: 'notFound' },
      { status: 'refused' },
      { status: 'ok', data: somebody, asOf: NOON },
    ] as const) {
      const { answer, requests } = await profile(customer);
      assert.deepEqual([...refusalOf(answer), requests.length], [403, 'RESOURCE_FORBIDDEN', 0]);
    }
    assert.deepEqual(refusalOf((await profile({ status: 'notReady' })).answer), [503, 'DADOS_EM_PREPARACAO']);
  });

  it('when something is asked for by an id of its own, then only with the connector’s word on whose it is', async () => {
    const receipt = (owner?: string) =>
      readGadgets('/receipts/{receiptKey}', {
        path: { receiptKey: 'r-1' },
        found: found({ sum: '1.00' }, owner === undefined ? {} : { owner }),
      });
    assert.deepEqual(bodyOf((await receipt('g-1')).answer).data, { sum: '1.00' });
    assert.deepEqual(refusalOf((await receipt('g-9')).answer), [403, 'RESOURCE_FORBIDDEN']);
    assert.deepEqual(refusalOf((await receipt()).answer), [500, 'DADOS_FORA_DO_CONTRATO']);
    const { answer, requests } = await readGadgets('/receipts/{receiptKey}', {
      path: { receiptKey: '../r' },
    });
    assert.deepEqual([...refusalOf(answer), requests.length], [403, 'RESOURCE_FORBIDDEN', 0]);
  });

  it('when its permission is not granted, not known or not stated, then it is closed', async () => {
    const path = { gadgetKey: idOf('g-1') };
    const closed = [403, 'PERMISSAO_NAO_CONCEDIDA'];
    const consent = { permissions: ['LOANS_PAYMENTS_READ', 'RESOURCES_READ', 'UNHEARD_OF_READ'] };
    for (const end of ['/gadgets', '/secrets', '/unheard'])
      assert.deepEqual(refusalOf((await readGadgets(end, { path, consent })).answer), closed, end);
    const { answer, notes } = await readGadgets('/secrets', { path });
    assert.deepEqual(refusalOf(answer), closed);
    assert.deepEqual(notes.permission, { asked: [], isGranted: false, reason: 'unknown-permission' });
  });

  for (const status of ['AWAITING_AUTHORISATION', 'REJECTED', 'CONSUMED'] as const)
    it(`when the consent is ${status} by now, then the token is good for nothing`, async () => {
      const { answer, requests } = await readGadgets('/gadgets', { consent: { status } });
      assert.deepEqual([...refusalOf(answer), requests.length], [401, 'CONSENTIMENTO_NAO_AUTORIZADO', 0]);
    });

  it('when the consent is of a company, then so is the data', async () => {
    const { requests } = await readGadgets('/gadgets', {
      consent: { businessEntity: { identification: COMPANY, rel: 'CNPJ' } },
    });
    assert.deepEqual(requests[0]?.documents, { cpf: ANA, cnpj: COMPANY });
  });

  it('when the token is of another customer than the consent, then it is good for nothing', async () => {
    const { answer } = await readGadgets('/gadgets', { consent: { subject: 'sub-bia' } });
    assert.deepEqual(refusalOf(answer), [401, 'CONSENTIMENTO_NAO_AUTORIZADO']);
  });

  it('when no step has said who calls, then nothing is answered at all', async () => {
    await assert.rejects(readGadgets('/gadgets', { byNobody: true }), /served to nobody/);
  });
});
