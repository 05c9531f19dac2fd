import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { arrayOf, bundled, objectOf, validator } from '../../test/support/schema-site.ts';
import { isObject, type JsonObject } from './contract-document.ts';
import { splitSchema } from './split-schema.ts';

const ref = (name: string) => ({ $ref: `#/components/schemas/${name}` });
const schemas = {
  Record: objectOf(
    { id: { type: 'string', maxLength: 3 }, more: arrayOf(ref('Record')) },
    { required: ['id'], additionalProperties: false },
  ),
  Records: arrayOf(ref('Record'), { minItems: 1, maxItems: 3 }),
  Company: objectOf(
    { name: { type: 'string' }, products: ref('Records') },
    { required: ['name', 'products'], additionalProperties: false },
  ),
  Links: objectOf({ self: { type: 'string' } }, { required: ['self'] }),
};

const SHAPES: Record<string, { schema: JsonObject; path: string[] }> = {
  'a flat list of data': {
    schema: objectOf({ data: ref('Records') }, { required: ['data'] }),
    path: ['data'],
  },
  'records of companies of a brand, closed': {
    schema: objectOf(
      { data: objectOf({ brand: objectOf({ companies: arrayOf(ref('Company'), { minItems: 1 }) }, { required: ['companies'] }) }, { required: ['brand'] }), requestTime: { type: 'string' } },
      { required: ['data'], additionalProperties: false },
    ),
    path: ['data', 'brand', 'companies', '*', 'products'],
  },
  'a root array': { schema: ref('Records'), path: [] },
  'a description wrapped around each reference': {
    schema: objectOf({ data: { allOf: [objectOf({ products: { allOf: [ref('Records')] } }, { required: ['products'] })] } }, { required: ['data'] }),
    path: ['data', 'products'],
  },
}; // biome-ignore format: one shape, one line

/** The counted arrays of a value, and the value with them emptied. */
function takeOut(value: unknown, path: readonly string[]): { rest: unknown; lists: unknown[][] } {
  const [segment, ...deeper] = path;
  if (segment === undefined)
    return Array.isArray(value) ? { rest: [], lists: [value] } : { rest: value, lists: [] };
  if (segment === '*') {
    if (!Array.isArray(value)) return { rest: value, lists: [] };
    const parts = value.map((item) => takeOut(item, deeper));
    return { rest: parts.map(({ rest }) => rest), lists: parts.flatMap(({ lists }) => lists) };
  }
  if (!isObject(value) || !Object.hasOwn(value, segment)) return { rest: value, lists: [] };
  const { rest, lists } = takeOut(value[segment], deeper);
  return { rest: { ...value, [segment]: rest }, lists };
}

/** Values that fit a shape at times, and break it anywhere at others. */
function candidates(path: readonly string[]): fc.Arbitrary<unknown> {
  const wrong = fc.constantFrom<unknown>(null, 5, 'text', [], {}, [[]]);
  const unlikely = (arbitrary: fc.Arbitrary<unknown>) =>
    fc.oneof({ weight: 12, arbitrary }, { weight: 1, arbitrary: wrong });
  const record: fc.Arbitrary<unknown> = fc.record(
    {
      id: fc.oneof(
        { weight: 9, arbitrary: fc.constantFrom('a', 'abc') },
        { weight: 1, arbitrary: fc.constantFrom<unknown>('abcd', 7) },
      ),
      more: fc.constantFrom([], [{ id: 'x' }], [{}]),
      odd: fc.constant(1),
    },
    { requiredKeys: ['id'] },
  );
  const plain = fc.record({ id: fc.constantFrom('a', 'abc') });
  const build = (at: readonly string[]): fc.Arbitrary<unknown> => {
    const [segment, ...deeper] = at;
    if (segment === undefined)
      return unlikely(fc.array(fc.oneof({ weight: 8, arbitrary: plain }, record), { maxLength: 4 }));
    const inner = build(deeper);
    if (segment === '*') return unlikely(fc.array(inner, { minLength: 1, maxLength: 2 }));
    const member = inner.map((value) => ({ name: 'x', [segment]: value }));
    return unlikely(
      segment === 'data' || segment === 'brand' ? inner.map((value) => ({ [segment]: value })) : member,
    );
  };
  return build(path);
}

describe('splitSchema', () => {
  for (const [shape, { schema, path }] of Object.entries(SHAPES)) {
    it(`judges ${shape} as the whole schema does`, () => {
      const whole = bundled(schema, schemas);
      const split = splitSchema(whole, path);
      assert.ok(split);
      const [fitsWhole, fitsSkeleton, fitsRecord] = [whole, split.skeleton, split.record].map(validator) as [
        (v: unknown) => boolean,
        (v: unknown) => boolean,
        (v: unknown) => boolean,
      ];
      const verdicts = { fits: 0, breaks: 0 };
      fc.assert(
        fc.property(candidates(path), (value) => {
          const { rest, lists } = takeOut(value, path);
          const apart =
            fitsSkeleton(rest) &&
            lists.every(
              (list) =>
                list.length >= split.minItems &&
                list.length <= (split.maxItems ?? Infinity) &&
                list.every(fitsRecord),
            );
          verdicts[apart ? 'fits' : 'breaks'] += 1;
          assert.equal(apart, fitsWhole(value));
        }),
        { numRuns: 300, seed: 7 },
      );
      assert.ok(verdicts.fits > 20 && verdicts.breaks > 20, JSON.stringify(verdicts));
    });
  }

  it('does not look at links and meta, which guiche makes, wherever they stand', () => {
    const envelope = { links: ref('Links'), metaPaginated: objectOf({ totalPages: { type: 'integer' } }) };
    const schema = objectOf(
      {
        data: objectOf(
          { products: ref('Records'), ...envelope, metadata: { type: 'string' } },
          { required: ['links', 'metadata'] },
        ),
        ...envelope,
      },
      { required: ['data', 'links', 'metaPaginated'], additionalProperties: false },
    );
    const split = splitSchema(bundled(schema, schemas), ['data', 'products']);
    assert.ok(split);
    const fits = validator(split.skeleton);
    assert.equal(fits({ data: { products: [], metadata: 'x' } }), true);
    assert.equal(
      fits({ data: { products: [], metadata: 'x', links: 5 }, links: null, metaPaginated: 'x' }),
      true,
    );
    assert.equal(fits({ data: { products: [], metadata: 5 } }), false);
    assert.equal(fits({ data: { products: [] } }), false);
    assert.deepEqual([split.minItems, split.maxItems], [1, 3]);
  });

  it('leaves answers whole where the way leads through a combination, or where more than a reference stands', () => {
    const records = arrayOf({ type: 'object' });
    const whole: [JsonObject, string[], string][] = [
      [objectOf({ data: { oneOf: [records, { type: 'object' }] } }), ['data'], '3.0.0'],
      [{ allOf: [objectOf({ data: records }), objectOf({})] }, ['data'], '3.0.0'],
      [objectOf({ data: { allOf: [records], minItems: 2 } }), ['data'], '3.0.0'],
      [objectOf({ data: { ...records, nullable: true } }), ['data'], '3.0.0'],
      [objectOf({ data: { ...ref('Records'), minItems: 2 } }), ['data'], '3.1.0'],
      [objectOf({ data: records }), ['gone'], '3.0.0'],
      [objectOf({ data: records }), ['data', '*', 'id'], '3.0.0'],
      [objectOf({ data: { type: 'string' } }), ['data'], '3.0.0'],
    ];
    for (const [schema, path, openapi] of whole)
      assert.equal(splitSchema(bundled(schema, schemas, openapi), path), undefined);
    assert.equal(splitSchema(true, ['data']), undefined);
  });

  it('takes any record where the contract says nothing of them', () => {
    const split = splitSchema(bundled(objectOf({ data: { type: 'array' } })), ['data']);
    assert.ok(split);
    assert.equal(validator(split.record)('anything'), true);
  });
});
