import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { projectOnSchema } from './project-on-schema.ts';

describe('projecting a value on its schema', () => {
  const cases: [string, object | boolean, unknown, unknown][] = [
    ['keeps declared members', { properties: { a: {} } }, { a: 1, b: 2 }, { a: 1 }],
    ['keeps all of an object that declares none', { type: 'object' }, { a: 1 }, { a: 1 }],
    ['keeps all under a boolean schema', true, { a: [1] }, { a: [1] }],
    ['leaves out what is undefined', { properties: { a: {} } }, { a: undefined }, {}],
    ['does not add what is required', { required: ['a'], properties: { a: {} } }, {}, {}],
    ['keeps values that are neither object nor array', { properties: { a: {} } }, 'text', 'text'],
    ['keeps null', { properties: { a: {} } }, null, null],
    [
      'goes into members',
      { properties: { a: { properties: { b: {} } } } },
      { a: { b: 1, c: 2 } },
      { a: { b: 1 } },
    ],
    ['goes into elements', { items: { properties: { b: {} } } }, [{ b: 1, c: 2 }, 7], [{ b: 1 }, 7]],
    ['keeps elements of a list without items', { type: 'array' }, [{ b: 1 }], [{ b: 1 }]],
    [
      'follows references',
      { $ref: '#/$defs/d0', $defs: { d0: { items: { $ref: '#/$defs/d1' } }, d1: { properties: { a: {} } } } },
      [{ a: 1, b: 2 }],
      [{ a: 1 }],
    ],
    [
      'follows what stands beside a reference',
      { $ref: '#/$defs/d0', properties: { b: {} }, $defs: { d0: { properties: { a: {} } } } },
      { a: 1, b: 2, c: 3 },
      { a: 1, b: 2 },
    ],
    [
      'follows an allOf that only describes',
      { allOf: [{ properties: { a: {} } }] },
      { a: 1, b: 2 },
      { a: 1 },
    ],
    [
      'joins the members of branches',
      { allOf: [{ properties: { a: {} } }, { properties: { b: {} } }], oneOf: [{ properties: { c: {} } }] },
      { a: 1, b: 2, c: 3, d: 4 },
      { a: 1, b: 2, c: 3 },
    ],
    [
      'sees through what may be null',
      { anyOf: [{ properties: { a: {} } }, { type: 'null' }] },
      { a: 1, b: 2 },
      { a: 1 },
    ],
    [
      'joins what branches say of one member',
      {
        allOf: [
          { properties: { a: { properties: { x: {} } } } },
          { properties: { a: { properties: { y: {} } } } },
        ],
      },
      { a: { x: 1, y: 2, z: 3 } },
      { a: { x: 1, y: 2 } },
    ],
    [
      'keeps members of a map',
      { additionalProperties: { properties: { a: {} } } },
      { k: { a: 1, b: 2 } },
      { k: { a: 1 } },
    ],
    [
      'survives references in a circle',
      { $ref: '#/$defs/d0', $defs: { d0: { allOf: [{ $ref: '#/$defs/d0' }], properties: { a: {} } } } },
      { a: 1, b: 2 },
      { a: 1 },
    ],
    ['takes a dangling reference for anything', { $ref: '#/$defs/none' }, { a: 1 }, { a: 1 }],
  ];
  for (const [name, schema, value, expected] of cases) {
    it(name, () => assert.deepEqual(projectOnSchema(schema as never, value), expected));
  }

  it('follows a schema that contains itself as deep as the value goes', () => {
    const tree = { properties: { child: { $ref: '#/$defs/tree' }, name: {} } };
    const value = { name: 'a', x: 1, child: { name: 'b', x: 1, child: { name: 'c', x: 1 } } };
    assert.deepEqual(projectOnSchema({ ...tree, $defs: { tree } }, value), {
      name: 'a',
      child: { name: 'b', child: { name: 'c' } },
    });
  });

  it('does not change the value and takes odd member names as names', () => {
    const value = Object.freeze(JSON.parse('{"__proto__": {"a": 1}, "constructor": 2, "x": 3}'));
    const schema = { properties: JSON.parse('{"__proto__": {}, "constructor": {}}') };
    const projected = projectOnSchema(schema, value) as object;
    assert.deepEqual(Object.keys(projected), ['__proto__', 'constructor']);
    assert.equal(Object.getPrototypeOf(projected), Object.prototype);
  });

  it('changes nothing the second time', () => {
    const schema = { properties: { a: { items: { properties: { b: {} } } }, c: {} } };
    const member = fc.constantFrom('a', 'b', 'c', 'd');
    const value = fc.letrec((tie) => ({
      any: fc.oneof(
        { maxDepth: 4 },
        fc.integer(),
        fc.array(tie('any'), { maxLength: 3 }),
        fc.dictionary(member, tie('any')),
      ),
    })).any;
    fc.assert(
      fc.property(value, (given) => {
        const once = projectOnSchema(schema, given);
        assert.deepEqual(projectOnSchema(schema, once), once);
      }),
    );
  });
});
