import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { arrayOf, objectOf, schemaSite } from '../../test/support/schema-site.ts';
import type { JsonObject } from './contract-document.ts';
import { findEnvelopePlaces } from './envelope-places.ts';

const text = { type: 'string' };
const list = arrayOf(objectOf({ id: text }));
const links = objectOf({ self: text, next: text }, { required: ['self'] });
const meta = objectOf({ totalRecords: {}, totalPages: {} }, { required: ['totalRecords'] });

/** `path name(members) ...` of each place, required members marked. */
function places(schema: JsonObject, countedArray?: string[], schemas: JsonObject = {}): string[] {
  const { library, site } = schemaSite(schema, schemas);
  return findEnvelopePlaces(library, site, countedArray).map(({ path, ...place }) =>
    [`/${path.join('/')}`, place.links, place.meta]
      .filter((part) => part !== undefined)
      .map((part) => {
        if (typeof part === 'string') return part;
        const members = [...part.members].map((name) => (part.required.has(name) ? `${name}!` : name));
        return `${part.name}(${members.join()})`;
      })
      .join(' '),
  );
}

const FULL = 'links(self!,next) meta(totalRecords!,totalPages)';

describe('findEnvelopePlaces', () => {
  it('finds links and meta at the root, with the members the contract declares', () => {
    assert.deepEqual(places(objectOf({ data: list, links, meta }), ['data']), [`/ ${FULL}`]);
    assert.deepEqual(places(objectOf({ data: objectOf({}), links, meta })), [`/ ${FULL}`]);
    assert.deepEqual(places(objectOf({ data: list, links: objectOf({ self: text }) }), ['data']), [
      '/ links(self)',
    ]);
  });

  it('finds them inside data, and at a root that requires them without declaring them', () => {
    const data = objectOf({ brand: list, links, meta });
    assert.deepEqual(places(objectOf({ data }), ['data', 'brand']), [`/data ${FULL}`]);
    assert.deepEqual(places(objectOf({ data }, { required: ['data', 'links', 'meta'] }), ['data', 'brand']), [
      `/ ${FULL}`,
      `/data ${FULL}`,
    ]);
  });

  it('finds them in each element of a root array', () => {
    assert.deepEqual(places(arrayOf(objectOf({ products: list, links, meta })), ['*', 'products']), [
      `/* ${FULL}`,
    ]);
  });

  it('knows them by their longer names', () => {
    const schema = objectOf({ data: list, linksPaginated: links, metaPaginated: meta });
    assert.deepEqual(places(schema, ['data']), [
      '/ linksPaginated(self!,next) metaPaginated(totalRecords!,totalPages)',
    ]);
  });

  it('does not take data for an envelope', () => {
    const schema = objectOf({
      data: list,
      links: objectOf({ href: text }),
      metadata: objectOf({ author: text }),
      linksToDocuments: text,
      meta: text,
    });
    assert.deepEqual(places(schema, ['data']), []);
    assert.deepEqual(places(objectOf({ data: arrayOf(objectOf({ links, meta })) }), ['data']), []);
  });

  it('finds none in an answer without an envelope or where the operator names an array that is not there', () => {
    assert.deepEqual(places(list, []), []);
    assert.deepEqual(places(objectOf({ data: list, meta }), ['gone', '*', 'deeper']), [
      '/ meta(totalRecords!,totalPages)',
    ]);
  });

  it('looks through references and extensions', () => {
    const schema = { allOf: [{ $ref: '#/components/schemas/Envelope' }, objectOf({ data: list })] };
    const schemas = {
      Envelope: objectOf({ links: { $ref: '#/components/schemas/Links' }, meta: { allOf: [meta] } }),
      Links: links,
    };
    assert.deepEqual(places(schema, ['data'], schemas), [`/ ${FULL}`]);
  });
});
