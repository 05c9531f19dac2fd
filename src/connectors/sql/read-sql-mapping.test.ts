import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { readSqlMapping } from './read-sql-mapping.ts';

const CUSTOMER = `customer:
  byCpf: select id, name, cpf from person where cpf = :cpf
  byId: select id, name, cpf from person where id = :id
`;
const RESOURCES = `resources:
  - types: [THING]
    sql: select ref, label from thing where holder = :owner
`;
const GOOD = `${CUSTOMER}${RESOURCES}`;

function operation(body: string, path = '/a/things/v1/things/{thingId}'): string {
  const indented = body
    .split('\n')
    .map((line) => `    ${line}`)
    .join('\n');
  return `${GOOD}operations:\n  ${path}:\n${indented}\n`;
}

/** `line:column code message` of everything that is wrong. */
function faultsOf(text: string): string[] {
  const read = readSqlMapping(text, 'bank.sql.yaml');
  if ('mapping' in read) return [];
  assert.ok(read.diagnostics.every(({ file, severity }) => file === 'bank.sql.yaml' && severity === 'error'));
  return read.diagnostics.map(({ line, column, code, message }) => `${line}:${column} ${code} ${message}`);
}

function refuses(text: string, ...expected: RegExp[]): void {
  const faults = faultsOf(text);
  assert.equal(faults.length, expected.length, faults.join('\n'));
  for (const [index, pattern] of expected.entries()) assert.match(faults[index] as string, pattern);
}

const ONE = 'select a from thing where holder = :owner and ref = :thingId';

describe('given a mapping that is right', () => {
  it('when it is read, then queries are bound, and operations are known by path and version', () => {
    const path = '/a/things/v1/things/{thingId}';
    const read = readSqlMapping(
      `${operation(`sql: ${ONE}\nrecord: { a: $a }`)}  ${path}@1.2.0:\n    sql: ${ONE}\n    answer: { b: $a | money }\n`,
      'bank.sql.yaml',
    );
    assert.ok('mapping' in read, JSON.stringify(read));
    const { customer, operations } = read.mapping;
    assert.deepEqual(customer.byId, {
      text: 'select id, name, cpf from person where id = $1',
      parameters: ['id'],
      line: 3,
    });
    assert.deepEqual([...operations.keys()], [path, `${path}@1.2.0`]);
    assert.equal(operations.get(path)?.made, 'row');
    assert.equal(operations.get(`${path}@1.2.0`)?.made, 'all');
    assert.deepEqual(operations.get(path)?.query.parameters, ['owner', 'thingId']);
  });

  it('when the only reference is called :ref, when pages and filters are named, then they are known', () => {
    const body = [
      'filters: [fromDate]',
      'sql: select a from t where o = :owner and r = :ref and d >= :fromDate offset :offset limit :limit',
      'total: select count(*) from t where o = :owner and r = :ref and d >= :fromDate',
      'record: { a: $a, code: $$, dollars: $$x, n: null, t: true, list: [1, $a] }',
    ];
    assert.deepEqual(faultsOf(operation(body.join('\n'))), []);
  });
});

describe('given a mapping that is no mapping', () => {
  it('when it is no YAML, empty, large or another thing, then it says so', () => {
    refuses('a: [', /^1:5 config-syntax not valid YAML/);
    refuses('a: 1\na: 2', /^2:1 config-syntax not valid YAML/);
    refuses('', /^1:1 config-syntax the mapping is empty/);
    refuses('- 1', /^1:1 config-value expected a map with customer, companies, resources, operations/);
    refuses(`a: ${'x'.repeat(1024 * 1024)}`, /larger than 1 MiB/);
  });

  it('when anchors multiply, then it is refused before memory is', () => {
    const levels = Array.from({ length: 9 }, (_, level) =>
      level === 0
        ? 'a0: &a0 [x, x, x, x, x, x, x, x, x, x]'
        : `a${level}: &a${level} [${`*a${level - 1}, `.repeat(9)}*a${level - 1}]`,
    );
    const started = Date.now();
    const faults = faultsOf(operation(`sql: ${ONE}\nrecord:\n  x: $a\n  ${levels.join('\n  ')}`));
    assert.ok(faults.length > 0 && faults.length <= 200);
    assert.ok(Date.now() - started < 5_000);
  });

  it('when the text is anything, then reading it does not throw', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'customer:\n -[]{}&*a$|>!"\'%@') }), (text) => {
        assert.ok('diagnostics' in readSqlMapping(text, 'x'));
      }),
    );
  });
});

describe('given sections that are wrong', () => {
  it('when one is missing or has another name, then the line says which', () => {
    refuses(RESOURCES, /^1:1 config-value "customer" is missing/);
    refuses(CUSTOMER, /^1:1 config-value "resources" is missing/);
    refuses(
      `${GOOD}operation: {}`,
      /^7:1 config-unknown-key nothing here is called "operation"; did you mean "operations"/,
    );
    refuses(`${GOOD}companies:`, /^7:11 config-value expected a text/);
    refuses(
      GOOD.replace('  byId', '  by_key'),
      /3:3 config-unknown-key .*byId/,
      /2:3 config-value "byId" is missing/,
    );
  });

  it('when types and lists are none, then the line says so', () => {
    refuses(GOOD.replace('[THING]', '[thing]'), /^5:13 config-value expected a resource type, in capitals/);
    refuses(
      GOOD.replace('[THING]', '[]'),
      /^5:12 config-value expected a resource type, in capitals, one at least/,
    );
    refuses(GOOD.replace('[THING]', 'THING'), /^5:12 config-value expected a list/, /one at least/);
    refuses(`${GOOD}companies: [1]`, /^7:12 config-value expected a text/);
  });

  it('when an operation has no full path, then it says how one looks', () => {
    refuses(
      operation(`sql: ${ONE}\nrecord: {a: $a}`, 'things'),
      /^9:5 config-value expected the full path of an operation/,
    );
    refuses(operation(`sql: ${ONE}\nrecord: {a: $a}`, '/a/b@one'), /full path/);
  });
});

describe('given queries that are wrong', () => {
  const query = (sql: string) => operation(`record: { a: $a }\nsql: |\n  ${sql.replaceAll('\n', '\n  ')}`);

  it('when a query does not say whose data it wants, then it is refused, even when a comment or string does', () => {
    const nobody =
      /^10:10 config-value the query asks for nobody’s data in particular: use :owner, :cpf or :cnpj/;
    refuses(query('select a from t where r = :thingId'), nobody);
    refuses(query("select ':owner' from t where r = :thingId -- :cpf"), nobody);
    refuses(GOOD.replace(':owner', "'1'"), /^6:10 config-value the query asks for nobody/);
    refuses(GOOD.replace('= :cpf', "= '1'"), /^2:10 config-value the query must use :cpf/);
    refuses(GOOD.replace('= :id', "= '1'"), /^3:9 config-value the query must use :id/);
    refuses(`${GOOD}companies: select cnpj, name from c`, /^7:12 config-value the query must use :cpf/);
  });

  it('when a query leaves out a reference of its path, then it would answer for any, and is refused', () => {
    refuses(query('select a from t where o = :owner'), /^10:10 config-value the query must use :thingId/);
    const two = '/a/things/v1/things/{thingId}/parts/{partId}';
    const both = 'sql: select a from t where o = :owner and r = :thingId and p = :partId\nrecord: { a: $a }';
    assert.deepEqual(faultsOf(operation(both, two)), []);
    refuses(operation(both.replace(':partId', ':thingId'), two), /the query must use :partId/);
    refuses(
      operation(both.replace(':thingId', ':ref'), two),
      /nothing is called :ref here/,
      /must use :thingId/,
    );
  });

  it('when a parameter is unknown, then the line within the block says which was meant', () => {
    refuses(
      query('select a::text\nfrom t\nwhere o = :owner and r = :thingid and r = :thingId'),
      /^13:32 config-value nothing is called :thingid here; did you mean :thingId\?/,
    );
    refuses(query(`${ONE} and d > :fromDate`), /nothing is called :fromDate here/);
  });

  it('when it is no query, or several, or its parameters have numbers, then the line says so', () => {
    refuses(
      query(`delete from t where r = :thingId and o = :owner`),
      /^10:10 config-value expected a query that begins with select/,
    );
    refuses(query(`${ONE};\ndrop table t`), /^11:\d+ config-value only one query may stand here/);
    refuses(query('select a\nfrom t where o = $1'), /^12:24 config-value parameters have names/);
    refuses(query("select a\nfrom t where o = 'x"), /^12:24 config-value a quote or comment opens here/);
    refuses(operation('record: { a: $a }\nsql: [1]'), /^10:10 config-value expected a text/);
  });

  it('when pages are asked for without a total, or a total without pages, then it is refused', () => {
    const paged = `${ONE} offset :offset limit :limit`;
    refuses(query(paged), /nothing is called :offset/, /nothing is called :limit/);
    const total = operation(`record: { a: $a }\nsql: ${ONE}\ntotal: ${ONE}`);
    refuses(total, /^10:10 config-value the query must use :offset/, /must use :limit/);
    refuses(
      operation(`record: { a: $a }\nsql: ${paged}\ntotal: select 1`),
      /^11:12 .*nobody/,
      /must use :thingId/,
    );
  });
});

describe('given templates that are wrong', () => {
  const template = (text: string) => operation(`sql: ${ONE}\n${text}`);

  it('when there is none, or two, or none of its fields is a column, then the line says so', () => {
    refuses(template('owner: a'), /^9:5 config-value expected either "record"/);
    refuses(template('record: { a: $a }\nanswer: { a: $a }'), /^9:5 config-value expected either "record"/);
    refuses(template('record: { a: b }'), /^10:13 config-value expected at least one column/);
  });

  it('when a column or conversion is none, then the line says what there is', () => {
    refuses(
      template('record:\n  a: $a\n  b: $'),
      /^12:10 config-value expected a column such as .* needs \$\$/,
    );
    refuses(
      template('record:\n  a: $a | mony'),
      /^11:10 config-value no conversion is called "mony"; there are as-is, text/,
    );
    refuses(template('record: { a: $a }\nowner: a b'), /^11:12 config-value expected the name of a column/);
    refuses(template('record: { a: $a, b: null, c }'), /^10:31 config-value expected a value of "c"/);
  });

  it('when groups stand where no list of them can be, then the line says where they can', () => {
    refuses(
      template('answer:\n  $by: a\n  b: $a'),
      /^11:12 config-value \$by stands in the only element of a list/,
    );
    refuses(
      template('answer:\n  - $by: a\n    b: $a\n  - c: $a'),
      /^11:14 config-value \$by stands in the only element/,
    );
    refuses(template('answer:\n  - $by: []\n    b: $a'), /^11:14 config-value expected at least one column/);
    refuses(
      template('answer:\n  - $by: a b\n    b: $a'),
      /^11:14 config-value expected the name of a column/,
    );
  });
});
