import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { AmbiguousColumn, columnsOf, fillTemplate, type Template } from './record-template.ts';

const column = (name: string): Template => ({ kind: 'column', column: name, conversion: 'as-is' });
const literal = (value: string): Template => ({ kind: 'literal', value });
const map = (members: Readonly<Record<string, Template>>): Template => ({
  kind: 'map',
  members: Object.entries(members),
});
const groups = (by: string, element: Template): Template => ({ kind: 'groups', by: [by], element });

const AMOUNT = map({ amount: column('amount'), unit: map({ code: literal('R$') }) });

describe('given a template and one row', () => {
  it('when a column is null, then its member is left out, and false and empty texts are not', () => {
    const template = map({ a: column('a'), b: column('b'), c: column('c') });
    assert.deepEqual(fillTemplate(template, [{ a: null, b: false, c: '' }]), { b: false, c: '' });
  });

  it('when every column of a map is null, then its literals go with it', () => {
    const template = map({ id: column('id'), value: AMOUNT, list: { kind: 'list', elements: [AMOUNT] } });
    assert.deepEqual(fillTemplate(template, [{ id: '1', amount: null }]), { id: '1' });
    assert.deepEqual(fillTemplate(template, [{ id: '1', amount: '2.00' }]), {
      id: '1',
      value: { amount: '2.00', unit: { code: 'R$' } },
      list: [{ amount: '2.00', unit: { code: 'R$' } }],
    });
  });

  it('when a map has literals only, then it stays', () => {
    assert.deepEqual(fillTemplate(map({ unit: map({ code: literal('R$') }) }), [{}]), {
      unit: { code: 'R$' },
    });
  });
});

describe('given a template with groups', () => {
  const template = groups(
    'brand',
    map({
      name: column('brand'),
      companies: groups(
        'cnpj',
        map({ cnpj: column('cnpj'), contracts: groups('id', map({ id: column('id') })) }),
      ),
    }),
  );

  it('when rows share values, then they are one element, in the order in which they came', () => {
    const row = (brand: string, cnpj: string, id: string | null) => ({ brand, cnpj, id });
    const rows = [row('B', '2', 'x'), row('A', '1', 'y'), row('B', '3', null), row('B', '2', 'z')];
    assert.deepEqual(fillTemplate(template, rows), [
      {
        name: 'B',
        companies: [
          { cnpj: '2', contracts: [{ id: 'x' }, { id: 'z' }] },
          { cnpj: '3', contracts: [] },
        ],
      },
      { name: 'A', companies: [{ cnpj: '1', contracts: [{ id: 'y' }] }] },
    ]);
  });

  it('when rows that make one value differ in it, then none is picked', () => {
    const wrong = groups('cnpj', map({ name: column('brand') }));
    const rows = [
      { cnpj: '1', brand: 'A' },
      { cnpj: '1', brand: 'B' },
    ];
    assert.throws(
      () => fillTemplate(wrong, rows),
      (error) => error instanceof AmbiguousColumn && error.column === 'brand',
    );
  });

  it('when columns are asked for, then those that group are among them', () => {
    assert.deepEqual(new Set(columnsOf(template)), new Set(['brand', 'cnpj', 'id']));
  });

  it('when rows are any, then each is told once, below what it belongs to', () => {
    const rows = fc.uniqueArray(
      fc.record({ brand: fc.constantFrom('A', 'B'), cnpj: fc.constantFrom('1', '2'), id: fc.nat(30) }),
      { minLength: 1, selector: ({ id }) => id },
    );
    fc.assert(
      fc.property(rows, (given) => {
        type Filled = { name: string; companies: { cnpj: string; contracts: { id: number }[] }[] }[];
        const told = (fillTemplate(template, given) as unknown as Filled).flatMap(({ name, companies }) =>
          companies.flatMap(({ cnpj, contracts }) => contracts.map(({ id }) => ({ brand: name, cnpj, id }))),
        );
        const byId = (a: { id: number }, b: { id: number }) => a.id - b.id;
        const expected = given.map((row) => ({ ...row })).sort(byId);
        assert.deepEqual(told.sort(byId), expected);
      }),
    );
  });
});
