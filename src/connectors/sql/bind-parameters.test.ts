import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { bindParameters } from './bind-parameters.ts';

describe('given a query with named parameters', () => {
  it('when it is bound, then each name has one number, however often it stands there', () => {
    assert.deepEqual(bindParameters('select :cpf, :ref where a = :cpf'), {
      text: 'select $1, $2 where a = $1',
      parameters: ['cpf', 'ref'],
    });
  });

  it('when there are casts, slices, strings, names and comments, then they stay as they are', () => {
    const kept = [
      'select a::date',
      "select ':owner'",
      "select 'it''s :owner'",
      "select e'it\\'s :owner'",
      "select E'it''s \\\\', 1",
      'select ":owner", "a"":b"',
      'select $$ :owner $$',
      'select $tag$ :owner $$ :cpf $tag$',
      'select 1 -- :owner',
      'select 1 /* :owner /* :cpf */ :cnpj */',
      'select a[1 : n]',
      'select a$b',
      "select name'text :owner'",
    ];
    for (const text of kept) assert.deepEqual(bindParameters(text), { text, parameters: [] }, text);
  });

  it('when a parameter is cast, or follows a string, then it is bound all the same', () => {
    assert.deepEqual(bindParameters("select ':a' || :b::text -- c\n, :d"), {
      text: "select ':a' || $1::text -- c\n, $2",
      parameters: ['b', 'd'],
    });
    assert.deepEqual(bindParameters("select 'x\\' || :a"), { text: "select 'x\\' || $1", parameters: ['a'] });
  });

  it('when it is ended by a semicolon, then that is left out, and a second query is refused', () => {
    assert.deepEqual(bindParameters('select 1 ; '), { text: 'select 1', parameters: [] });
    assert.deepEqual(bindParameters('select 1; drop table a'), {
      offset: 8,
      message: 'only one query may stand here',
    });
  });

  it('when a quote or comment never ends, or parameters have numbers, then it says where', () => {
    for (const text of ["select 'a", 'select "a', 'select /* a /* */', 'select $x$ a $y$'])
      assert.match(JSON.stringify(bindParameters(text)), /"offset":7,.*never closes/, text);
    assert.match(JSON.stringify(bindParameters('select $1')), /"offset":7,.*names/);
  });

  it('when a text is quoted in whatever way, then nothing in it is a parameter and the rest is', () => {
    const quotes: ((inside: string) => string)[] = [
      (inside) => `'${inside.replaceAll("'", "''")}'`,
      (inside) => `"${inside.replaceAll('"', '""')}"`,
      (inside) => `$q$${inside.replaceAll('$', '')}$q$`,
      (inside) => `E'${inside.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`,
      (inside) => `/*${inside.replaceAll(/[*/]/g, '')}*/`,
      (inside) => `--${inside.replaceAll('\n', '')}\n`,
    ];
    const pieces = fc.array(fc.tuple(fc.constantFrom(...quotes), fc.string()), { maxLength: 5 });
    fc.assert(
      fc.property(pieces, (parts) => {
        const texts = parts.map(([quote, inside]) => quote(`:cpf ${inside} :cnpj`));
        const statement = `select ${texts.join(' :owner ')} , :ref`;
        const bound = bindParameters(statement);
        assert.ok('text' in bound, JSON.stringify(bound));
        assert.deepEqual(bound.parameters, parts.length > 1 ? ['owner', 'ref'] : ['ref']);
        for (const text of texts) assert.ok(bound.text.includes(text), text);
      }),
    );
  });

  it('when it is anything at all, then the reader ends with a query or a fault', () => {
    const odd = fc.string({ unit: fc.constantFrom(...':;\'"$e\\-/*a1 \n') });
    fc.assert(
      fc.property(odd, (text) => {
        const bound = bindParameters(text);
        assert.ok(
          'text' in bound ? !/[^:\w]:a/.test(bound.text.replace(/['"$/-].*/s, '')) : bound.offset >= 0,
        );
      }),
    );
  });
});
