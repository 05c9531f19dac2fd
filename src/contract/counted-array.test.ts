import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { arrayOf, objectOf, schemaSite } from '../../test/support/schema-site.ts';
import type { JsonObject } from './contract-document.ts';
import { findCountedArray } from './counted-array.ts';

const text = { type: 'string' };
const record = objectOf({ id: text });
const list = arrayOf(record);
const envelope = { links: objectOf({ self: text }), meta: objectOf({ totalPages: { type: 'integer' } }) };

function counted(schema: JsonObject, schemas: JsonObject = {}, openapi?: string) {
  const { library, site } = schemaSite(schema, schemas, openapi);
  const path = findCountedArray(library, site);
  return path === undefined ? undefined : path.map((segment) => `/${segment}`).join('');
}

const answer = (data: JsonObject, more: JsonObject = {}) => objectOf({ data, ...envelope, ...more });

describe('findCountedArray', () => {
  const cases: [string, JsonObject, string | undefined][] = [
    // Where the walk starts.
    ['a flat list of data', answer(list), '/data'],
    ['data of any type is still a list', answer({ type: 'array' }), '/data'],
    ['brand at the root, no data', objectOf({ brand: objectOf({ companies: arrayOf(objectOf({ product: list })) }) }), '/brand/companies/*/product'],
    ['brand at the root, empty data', answer({ type: 'object' }, { brand: objectOf({ companies: list }) }), '/brand/companies'],
    ['content of the directory', objectOf({ content: list, totalPages: { type: 'integer' } }), '/content'],
    ['a root array', list, ''],
    ['a root array of envelopes', arrayOf(objectOf({ identification: objectOf({ brand: text }), products: list, ...envelope })), '/*/products'],
    ['nothing under a name of an answer', objectOf({ name: text }), undefined],

    // Grouping members are gone through, and never counted where records follow.
    ['products of companies of a brand', answer(objectOf({ brand: objectOf({ name: text, companies: arrayOf(objectOf({ name: text, cnpjNumber: text, products: list })) }) })), '/data/brand/companies/*/products'],
    ['the old name of companies', answer(objectOf({ brand: objectOf({ company: arrayOf(objectOf({ products: list })) }) })), '/data/brand/company/*/products'],
    ['companies as one object', answer(objectOf({ brand: objectOf({ companies: objectOf({ products: list }) }) })), '/data/brand/companies/products'],
    ['policies of companies of a list of brands', answer(arrayOf(objectOf({ brand: text, companies: arrayOf(objectOf({ policies: list })) }))), '/data/*/companies/*/policies'],
    ['contracts under a brand object in each element', answer(arrayOf(objectOf({ brand: objectOf({ name: text, companies: arrayOf(objectOf({ contracts: list })) }) }))), '/data/*/brand/companies/*/contracts'],
    ['products of a society', answer(arrayOf(objectOf({ participant: record, society: objectOf({ name: text, products: list }) }))), '/data/*/society/products'],
    ['companies that hold two lists', answer(objectOf({ brand: objectOf({ companies: arrayOf(objectOf({ a: list, b: list })) }) })), '/data/brand/companies'],
    ['companies that hold only texts', answer(objectOf({ brand: objectOf({ companies: arrayOf(objectOf({ tags: arrayOf(text) })) }) })), '/data/brand/companies'],
    ['two grouping members at once', answer(objectOf({ brand: record, society: record, items: list })), '/data/items'],

    // One list in data itself.
    ['status entries', answer(objectOf({ status: list })), '/data/status'],
    ['one list beside texts', answer(objectOf({ portabilityInfo: list, has: text, tags: arrayOf(text) })), '/data/portabilityInfo'],
    ['two lists: one record', answer(objectOf({ insureds: list, coverages: list })), undefined],
    ['no list: one record', answer(objectOf({ id: text, address: record })), undefined],

    // A list inside an element is part of the record, unless the element says only who reports it.
    ['agents of a participant', answer(arrayOf(objectOf({ participant: record, bankingAgents: list }))), '/data/*/bankingAgents'],
    ['a list inside records', answer(arrayOf(objectOf({ id: text, phones: list }))), '/data'],
    ['a list and more beside the participant', answer(arrayOf(objectOf({ participant: record, name: text, services: list }))), '/data'],
  ]; // biome-ignore format: one case, one line
  for (const [what, schema, path] of cases) {
    it(`counts ${what}: ${path ?? 'none'}`, () => assert.equal(counted(schema), path));
  }

  it('walks through references, wrapped or not', () => {
    const schemas = {
      Answer: answer({ allOf: [{ $ref: '#/components/schemas/List' }] }),
      List: arrayOf({ $ref: '#/components/schemas/Record' }),
      Record: record,
    };
    assert.equal(counted({ $ref: '#/components/schemas/Answer' }, schemas), '/data');
  });

  it('walks through extensions of several schemas', () => {
    const schema = {
      allOf: [
        objectOf(envelope),
        objectOf({ data: objectOf({ brand: { allOf: [record, objectOf({ companies: list })] } }) }),
      ],
    };
    assert.equal(counted(schema), '/data/brand/companies');
  });

  it('reads lists of types of 3.1', () => {
    const nullable = {
      type: ['array', 'null'],
      items: { type: ['object', 'null'], properties: { id: text } },
    };
    assert.equal(
      counted(answer({ type: ['object', 'null'], properties: { status: nullable } }), {}, '3.1.0'),
      '/data/status',
    );
  });

  it('ends on schemas that hold themselves', () => {
    const company = objectOf({ companies: arrayOf({ $ref: '#/components/schemas/Company' }) });
    assert.ok(
      counted(answer(objectOf({ brand: { $ref: '#/components/schemas/Company' } })), { Company: company }),
    );
    const extended = {
      allOf: [{ $ref: '#/components/schemas/Self' }, { $ref: '#/components/schemas/Self' }],
    };
    assert.equal(counted(answer({ $ref: '#/components/schemas/Self' }), { Self: extended }), undefined);
  });
});
