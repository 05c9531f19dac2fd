import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  checkFoundCustomer,
  checkFoundResources,
  createContentCheck,
  MalformedAnswer,
} from './check-found.ts';

const CPF = '11144477735';
const customer = {
  id: 'c-1',
  name: 'Ana',
  cpf: CPF,
  companies: [{ cnpj: '11222333000181', name: 'Padaria' }],
};
const resource = { ref: 'r-1', type: 'THING', label: 'A thing', approvers: [CPF] };
const ok = (data: unknown, more: object = {}) => ({ status: 'ok', data, asOf: 1, ...more });

function refuses(check: () => unknown, pointer: string): void {
  assert.throws(check, (error) => {
    assert.ok(error instanceof MalformedAnswer, String(error));
    assert.match(error.message, new RegExp(`port: ${pointer.replaceAll(/[/$]/g, '\\$&')} must be`));
    assert.doesNotMatch(error.message, new RegExp(`${CPF}|secret`));
    return true;
  });
}

describe('given an answer of the port', () => {
  it('when it is about a customer, then it is handed on as it is', () => {
    const answer = ok(customer);
    assert.equal(checkFoundCustomer(answer), answer);
    for (const status of ['empty', 'notReady', 'notFound', 'refused'])
      assert.deepEqual(checkFoundCustomer({ status }), { status });
  });

  it('when it tells resources, then with everything that they may have', () => {
    const full = { ...resource, ref: 'r-2', situation: 'closed', closedOn: '2026-01-31', isVisible: false };
    const answer = ok([resource, full]);
    assert.equal(checkFoundResources(answer, ['THING']), answer);
  });

  it('when it is content, then any JSON', () => {
    const check = createContentCheck();
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 8 }), (data) => {
        const answer = ok(data, { owner: 'r-1', total: 3, cursor: null });
        assert.equal(check(answer), answer);
      }),
    );
  });
});

describe('given an answer that is not of the port', () => {
  it('when its status, instant, owner, total or cursor is wrong, then it says which', () => {
    const check = createContentCheck();
    for (const none of [undefined, null, 'ok', [], 1]) refuses(() => check(none), '/');
    refuses(() => check({ status: 'secret' }), '/status');
    refuses(() => check({ ...ok(1), secret: 1 }), '/');
    for (const asOf of [undefined, Number.NaN, -1, 'now', new Date()])
      refuses(() => check({ ...ok(1), asOf }), '/asOf');
    refuses(() => check(ok(1)), '/owner');
    for (const owner of ['', null, 1, 'a\nb', 'x'.repeat(201)])
      refuses(() => check(ok(1, { owner })), '/owner');
    for (const total of [-1, 0.5, '1', null]) refuses(() => check(ok(1, { total })), '/total');
    for (const cursor of [1, 'á', 'x'.repeat(513)]) refuses(() => check(ok(1, { cursor })), '/cursor');
  });

  it('when a customer is wrong, then it says where and nothing of them', () => {
    const wrong: [object, string][] = [
      [{ id: '' }, '/data/id'],
      [{ id: 7 }, '/data/id'],
      [{ name: '' }, '/data/name'],
      [{ cpf: `${CPF}0` }, '/data/cpf'],
      [{ companies: undefined }, '/data/companies'],
      [{ companies: [{ cnpj: 'secret', name: 'P' }] }, '/data/companies/0/cnpj'],
      [{ companies: [{ ...customer.companies[0], secret: 1 }] }, '/data/companies/0'],
      [{ password: 'secret' }, '/data'],
    ];
    for (const [change, pointer] of wrong)
      refuses(() => checkFoundCustomer(ok({ ...customer, ...change })), pointer);
  });

  it('when a resource is wrong, of a type that was not asked for, or told twice, then it says where', () => {
    const wrong: [object, string][] = [
      [{ ref: '' }, '/data/0/ref'],
      [{ type: 'thing' }, '/data/0/type'],
      [{ type: 'OTHER' }, '/data/0/type'],
      [{ label: '' }, '/data/0/label'],
      [{ approvers: undefined }, '/data/0/approvers'],
      [{ approvers: ['secret'] }, '/data/0/approvers/0'],
      [{ situation: 'secret' }, '/data/0/situation'],
      [{ closedOn: '31/01/2026' }, '/data/0/closedOn'],
      [{ isVisible: 'yes' }, '/data/0/isVisible'],
    ];
    for (const [change, pointer] of wrong)
      refuses(() => checkFoundResources(ok([{ ...resource, ...change }]), ['THING']), pointer);
    refuses(() => checkFoundResources(ok([resource, resource]), ['THING']), '/data/1/ref');
    refuses(() => checkFoundResources(ok({}), ['THING']), '/data');
  });

  it('when content is no JSON, then it says where, without names that could be personal', () => {
    const check = createContentCheck();
    const wrong: [unknown, string][] = [
      [undefined, '/data'],
      [{ a: undefined }, '/data/a'],
      [[1, new Date()], '/data/1'],
      [{ a: Number.NaN }, '/data/a'],
      [{ a: 1n }, '/data/a'],
      [{ a: () => 1 }, '/data/a'],
      [{ [CPF]: { b: Number.NaN } }, '/data/…/b'],
      [new Map(), '/data'],
    ];
    for (const [data, pointer] of wrong) refuses(() => check(ok(data)), pointer);
  });

  it('when content leads in a circle, then it is refused and not followed', () => {
    const circle: Record<string, unknown> = {};
    circle.self = circle;
    refuses(() => createContentCheck()(ok(circle)), '/data');
  });

  it('when frozen content is handed out again, then it is not walked again', () => {
    let reads = 0;
    const inner = Object.freeze(
      Object.defineProperty({}, 'a', {
        enumerable: true,
        get: () => {
          reads += 1;
          return 1;
        },
      }),
    );
    const check = createContentCheck();
    for (let time = 0; time < 3; time += 1) check(ok(Object.freeze([inner]), { owner: 'r-1' }));
    assert.equal(reads, 1);
    for (let time = 0; time < 3; time += 1)
      check(
        ok(
          [
            {
              ...inner,
              get a() {
                reads += 1;
                return 1;
              },
            },
          ],
          { owner: 'r-1' },
        ),
      );
    assert.ok(reads > 3);
  });
});
