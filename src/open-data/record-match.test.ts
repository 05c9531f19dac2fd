import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createRecordMatchPool, matchesRecord, type RecordFilter, readRecordMatch } from './record-match.ts';

const FILTERS: RecordFilter[] = [
  { parameter: 'fipeCode', members: ['fipeCode'] },
  { parameter: 'year', members: ['year'] },
  { parameter: 'serviceType', members: ['services', 'type'] },
];

function matches(record: unknown, wanted: Record<string, string>): boolean {
  return matchesRecord(readRecordMatch(record, FILTERS), wanted);
}

/**
 * The rule in its plainest form: the wanted values that a place of the record knows must be true of one object there,
 * an object without the member admitting any; values listed by the record are settled beforehand.
 */
function oracle(record: unknown, filters: readonly RecordFilter[], wanted: Record<string, string>): boolean {
  const side = (record as { 'x-match'?: Record<string, unknown[]> })['x-match'];
  const listedFor = (name: string) => side?.[name]?.map(String);
  const places = new Map<string, Record<string, string[]>[]>();
  const walk = (value: unknown, names: string[]): void => {
    if (Array.isArray(value)) for (const item of value) walk(item, names);
    else if (typeof value === 'object' && value !== null) {
      const known: Record<string, string[]> = {};
      for (const { parameter, members } of filters) {
        const there = [...names, members.at(-1) as string];
        const member = (value as Record<string, unknown>)[members.at(-1) as string];
        const scalars = [member].flat(9).filter((one) => one !== undefined && typeof one !== 'object');
        if (there.join('/').endsWith(members.join('/')) && scalars.length > 0)
          known[parameter] = scalars.map(String);
      }
      if (Object.keys(known).length > 0)
        places.set(names.join('/'), [...(places.get(names.join('/')) ?? []), known]);
      for (const [name, member] of Object.entries(value))
        if (name !== 'x-match') walk(member, [...names, name]);
    }
  };
  walk(record, []);
  const isListed = (name: string) => listedFor(name)?.includes(wanted[name] as string) ?? false;
  return Object.keys(wanted).every((name) => {
    if (isListed(name)) return true;
    const knowing = [...places.values()].filter((objects) => objects.some((object) => name in object));
    if (knowing.length === 0) return listedFor(name) === undefined;
    return knowing.some((objects) =>
      objects.some((object) =>
        Object.keys(wanted).every(
          (other) => isListed(other) || (object[other]?.includes(wanted[other] as string) ?? true),
        ),
      ),
    );
  });
}

const scalar = fc.constantFrom<string | number | boolean>('1', 1, '2', '3', 2026, 'SP', '');
const value = fc.oneof(scalar, fc.array(scalar, { maxLength: 3 }), fc.constant(null));
const optional = { requiredKeys: [] };
const leaf = fc.record({ fipeCode: value, year: value, type: value }, optional);
const branching = fc.record(
  { fipeCode: value, year: value, type: value, services: fc.array(leaf, { maxLength: 2 }) },
  optional,
);
const anyRecord = fc.record(
  {
    fipeCode: value,
    year: value,
    services: fc.oneof(leaf, fc.array(branching, { maxLength: 2 })),
    models: fc.array(branching, { maxLength: 3 }),
    'x-match': fc.record(
      { fipeCode: fc.array(scalar, { maxLength: 2 }), year: fc.array(scalar, { maxLength: 2 }) },
      optional,
    ),
  },
  optional,
);
const anyWanted = fc.record(
  {
    fipeCode: fc.constantFrom('1', '2', 'SP'),
    year: fc.constantFrom('1', '2026'),
    serviceType: fc.constantFrom('1', '3'),
  },
  { requiredKeys: [] },
);

test('any record matches any values as the plain rule says', () => {
  let matched = 0;
  fc.assert(
    fc.property(anyRecord, anyWanted, (record, wanted) => {
      const expected = oracle(record, FILTERS, wanted);
      if (expected) matched += 1;
      assert.equal(matches(record, wanted), expected);
    }),
    { numRuns: 2000 },
  );
  assert.ok(matched > 200 && matched < 1900, `${matched} of 2000 matched`);
});

test('a record that says nothing about a filter matches every value', () => {
  assert.equal(readRecordMatch({ name: 'A', carModels: [] }, FILTERS), undefined);
  assert.equal(matches({ name: 'A' }, { fipeCode: '1', year: '2' }), true);
});

test('values are compared as trimmed text', () => {
  assert.equal(matches({ carModels: [{ year: 2026 }] }, { year: ' 2026 ' }), true);
  assert.equal(matches({ carModels: [{ fipeCode: ' 38003-2 ' }] }, { fipeCode: '38003-2' }), true);
});

test('several values must be true of one object, not of two', () => {
  const record = {
    carModels: [
      { fipeCode: '1', year: 2020 },
      { fipeCode: '2', year: 2021 },
    ],
  };
  assert.equal(matches(record, { fipeCode: '1', year: '2020' }), true);
  assert.equal(matches(record, { fipeCode: '1', year: '2021' }), false);
});

test('an object without the member admits any value of it', () => {
  const record = {
    carModels: [
      { fipeCode: '1', zeroKM: true },
      { fipeCode: '2', year: 2021 },
    ],
  };
  assert.equal(matches(record, { fipeCode: '1', year: '1999' }), true);
  assert.equal(matches(record, { fipeCode: '2', year: '1999' }), false);
});

test('a member counts only below the members that its filter names', () => {
  assert.equal(matches({ type: 'A', services: [{ type: 'B' }] }, { serviceType: 'A' }), false);
  assert.equal(matches({ type: 'A', services: [{ type: 'B' }] }, { serviceType: 'B' }), true);
  assert.equal(matches({ type: 'A' }, { serviceType: 'B' }), true);
});

test('the side attribute adds values, and alone it is the whole list', () => {
  const filters = [{ parameter: 'area', members: ['area'] }];
  const match = (record: unknown, area: string) => matchesRecord(readRecordMatch(record, filters), { area });
  const listed = { name: 'A', 'x-match': { area: ['SP', 11] } };
  assert.deepEqual(
    ['SP', '11', 'RJ'].map((area) => match(listed, area)),
    [true, true, false],
  );
  assert.equal(match({ 'x-match': { area: ['SP'] }, area: 'RJ' }, 'RJ'), true);
  assert.equal(match({ 'x-match': { area: [] } }, 'SP'), false);
  assert.equal(match({ 'x-match': { other: ['RJ'] } }, 'SP'), true);
  for (const odd of [null, 'SP', 7, ['SP']]) assert.equal(match({ 'x-match': odd }, 'SP'), true);
});

test('records of any other kind match everything', () => {
  for (const record of [null, 1, 'text', true, []]) assert.equal(matches(record, { year: '1' }), true);
});

test('lists that multiply stay within bounds and keep their first values', () => {
  const many = Array.from({ length: 20_000 }, (_, index) => index);
  const record = { carModels: [{ fipeCode: many, year: many }] };
  assert.equal(matches(record, { fipeCode: '0', year: '9999' }), true);
});

test('what records say alike is kept once', () => {
  const pool = createRecordMatchPool();
  const read = (record: unknown) => pool(readRecordMatch(record, FILTERS));
  const first = read({ carModels: [{ fipeCode: '1', year: 2 }] });
  assert.equal(read({ id: 2, carModels: [{ year: '2', fipeCode: 1 }] }), first);
  assert.notEqual(read({ carModels: [{ fipeCode: '1', year: 3 }] }), first);
  assert.notEqual(read({ carModels: [{ fipeCode: '1' }] }), read({ carModels: [{ year: '1' }] }));
  assert.equal(read({ id: 3 }), undefined);
});
