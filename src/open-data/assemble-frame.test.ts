import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { EnvelopePlace } from '../contract/envelope-places.ts';
import { buildFrame, joinParts, type Part, type Run } from './assemble-frame.ts';
import { type Frame, renderFrame, type Selection } from './frame.ts';

const PATH = ['data', 'brand', 'companies', '*', 'branches'];
const members = { members: new Set(['self']), required: new Set<string>() };
const PLACES: EnvelopePlace[] = [
  { path: [], links: { name: 'links', ...members }, meta: { name: 'meta', ...members } },
];

/** A part without its records; runs are numbered from `first`. */
function part(
  first: number,
  companies: readonly { name: string; count: number }[],
  brand: object = {},
): Part {
  let next = first;
  const runs: Run[] = companies.map(({ count }) => {
    const run = { first: next, count };
    next += count;
    return run;
  });
  const groups = companies.map(({ name }) => ({ name, branches: [] }));
  return { skeleton: { data: { brand: { name: 'A', ...brand, companies: groups } } }, runs };
}

function join(parts: readonly Part[], path: readonly string[] = PATH): unknown {
  const joined = joinParts(parts, path);
  assert.ok('tree' in joined, JSON.stringify(joined));
  return joined.tree;
}

/** Renders with the record numbers, by the order given, in place of records. */
function render(frame: Frame, order: readonly Run[], selection: Selection) {
  const numbers = order.flatMap(({ first, count }) =>
    Array.from({ length: count }, (_, index) => first + index),
  );
  const pieces = renderFrame(frame, selection, {
    slot: (slot, place) => JSON.stringify(`${slot} ${place}`),
    records: (from, to) => Buffer.from(numbers.slice(from, to).join(',')),
  });
  return JSON.parse(pieces.map(String).join(''));
}

test('links and meta of the files give way to slots at the end of their object', () => {
  const skeleton = { links: { self: 'x' }, data: { brand: { companies: [], meta: 1 } }, meta: 2, z: '"' };
  const { frame, order, total } = buildFrame(join([{ skeleton, runs: [] }]), PATH, PLACES);
  assert.equal(total, 0);
  assert.deepEqual(render(frame, order, { from: 0, to: 0 }), {
    data: { brand: { companies: [], meta: 1 } },
    z: '"',
    links: 'links 0',
    meta: 'meta 0',
  });
});

test('slots go into every group where a contract has them there', () => {
  const places = [{ path: ['*'], links: PLACES[0]?.links, meta: undefined }] as EnvelopePlace[];
  const skeleton = [{ r: [] }, { r: [] }];
  const runs = [
    { first: 0, count: 1 },
    { first: 1, count: 1 },
  ];
  const { frame, order } = buildFrame(join([{ skeleton, runs }], ['*', 'r']), ['*', 'r'], places);
  assert.deepEqual(render(frame, order, { from: 0, to: 2 }), [
    { r: [0], links: 'links 0' },
    { r: [1], links: 'links 0' },
  ]);
});

test('a part whose brand differs is told by its number and the differing member', () => {
  const parts = [part(0, []), part(0, []), part(0, [], { name: 'Z' })];
  assert.deepEqual(joinParts(parts, PATH), { part: 2, at: ['data', 'brand', 'name'] });
  const more = [part(0, []), part(0, [], { since: 1990 })];
  assert.deepEqual(joinParts(more, PATH), { part: 1, at: ['data', 'brand', 'since'] });
});

test('parts may differ in links and meta, and in nothing that only begins like them', () => {
  const withMember = (name: string, value: unknown): Part => ({
    skeleton: { data: [], [name]: value },
    runs: [],
  });
  for (const name of ['links', 'meta', 'metaPaginated'])
    assert.ok('tree' in joinParts([withMember(name, 1), withMember(name, 2)], ['data']));
  assert.deepEqual(joinParts([withMember('metadata', 1), withMember('metadata', 2)], ['data']), {
    part: 1,
    at: ['metadata'],
  });
});

test('a group goes on in the group of its own brand, also when another one comes first', () => {
  const path = ['data', '*', 'brand', 'branches'];
  const brands = (...names: string[]) => ({ data: names.map((name) => ({ brand: { name, branches: [] } })) });
  const tree = join(
    [
      {
        skeleton: brands('X', 'Y'),
        runs: [
          { first: 0, count: 1 },
          { first: 1, count: 1 },
        ],
      },
      {
        skeleton: brands('Y', 'Z'),
        runs: [
          { first: 2, count: 1 },
          { first: 3, count: 1 },
        ],
      },
    ],
    path,
  );
  const { frame, order, total } = buildFrame(tree, path, []);
  assert.deepEqual(render(frame, order, { from: 0, to: total }), {
    data: [
      { brand: { name: 'X', branches: [0] } },
      { brand: { name: 'Y', branches: [1, 2] } },
      { brand: { name: 'Z', branches: [3] } },
    ],
  });
});

test('records of a group are kept when only a later part has its list', () => {
  const without = { skeleton: { data: { brand: { name: 'A', companies: [{ name: 'B' }] } } }, runs: [] };
  const { frame, order, total } = buildFrame(join([without, part(0, [{ name: 'B', count: 2 }])]), PATH, []);
  assert.equal(total, 2);
  assert.deepEqual(render(frame, order, { from: 0, to: 2 }).data.brand.companies, [
    { name: 'B', branches: [0, 1] },
  ]);
});

const anyParts = fc.array(
  fc.uniqueArray(fc.record({ name: fc.constantFrom('B', 'C', 'D', 'E'), count: fc.nat({ max: 4 }) }), {
    selector: ({ name }) => name,
    maxLength: 4,
  }),
  { minLength: 1, maxLength: 4 },
);

test('pages of any parts hold every record once, in order, under its company, and no company without records', () => {
  fc.assert(
    fc.property(anyParts, fc.integer({ min: 1, max: 5 }), (drawn, size) => {
      const expected = new Map<string, number[]>();
      let next = 0;
      const parts = drawn.map((companies) => {
        const made = part(next, companies);
        for (const { name, count } of companies) {
          const known = expected.get(name) ?? [];
          expected.set(name, known);
          for (let index = 0; index < count; index += 1) known.push(next + index);
          next += count;
        }
        return made;
      });
      const { frame, order, total } = buildFrame(join(parts), PATH, PLACES);
      assert.equal(total, next);
      const found: [string, number][] = [];
      for (let from = 0; from < total; from += size) {
        const to = Math.min(from + size, total);
        const page = render(frame, order, { from, to });
        const byIds = render(frame, order, {
          ids: Uint32Array.from({ length: to - from }, (_, i) => from + i),
        });
        assert.deepEqual(byIds, page);
        for (const { name, branches } of page.data.brand.companies) {
          assert.ok(branches.length > 0);
          for (const branch of branches) found.push([name, branch]);
        }
      }
      assert.deepEqual(
        found,
        [...expected].flatMap(([name, numbers]) => numbers.map((number) => [name, number])),
      );
    }),
  );
});

test('a selection of record numbers takes exactly those', () => {
  const { frame, order } = buildFrame(
    join([
      part(0, [
        { name: 'B', count: 3 },
        { name: 'C', count: 0 },
        { name: 'D', count: 3 },
      ]),
    ]),
    PATH,
    [],
  );
  const { companies } = render(frame, order, { ids: Uint32Array.of(1, 2, 5) }).data.brand;
  assert.deepEqual(companies, [
    { name: 'B', branches: [1, 2] },
    { name: 'D', branches: [5] },
  ]);
});

test('a page without records keeps its groups', () => {
  const { frame, order } = buildFrame(join([part(0, [{ name: 'B', count: 3 }])]), PATH, []);
  for (const selection of [{ from: 3, to: 3 }, { ids: Uint32Array.of() }])
    assert.deepEqual(render(frame, order, selection).data.brand.companies, [{ name: 'B', branches: [] }]);
});

test('a page of many groups costs about as much for the last ids as for the first', () => {
  const count = 50_000;
  const companies = Array.from({ length: count }, (_, index) => ({ name: String(index), count: 1 }));
  const { frame, order } = buildFrame(join([part(0, companies)]), PATH, []);
  const ids = Uint32Array.from({ length: 1000 }, (_, index) => count - 1000 + index);
  const started = performance.now();
  const page = renderFrame(frame, { ids }, { slot: () => '', records: () => Buffer.of() });
  assert.ok(performance.now() - started < 200);
  assert.ok(page.length > 1000 && order.length === count);
});
