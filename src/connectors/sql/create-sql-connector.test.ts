import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import fc from 'fast-check';
import { operationsAt } from '../../../test/support/catalog-operations.ts';
import { schemaValidator } from '../../../test/support/schema-validator.ts';
import {
  query,
  startTemporaryDatabases,
  type TemporaryDatabases,
  until,
} from '../../../test/support/temporary-database.ts';
import type { Asking, ChildrenRequest, Connector, Found, FoundData, Json } from '../connector.ts';
import { createSqlConnector, type SqlConnectorSettings } from './create-sql-connector.ts';
import { readSqlMapping } from './read-sql-mapping.ts';

const EXAMPLES = join(import.meta.dirname, '../../../examples/connectors');
const GUILHERME = '53807142690';
const MARTA = '17290534832';
const PADARIA = '27481635000104';
const TYPE = 'FINANCIAL_ASSISTANCE';
const BASE = '/open-insurance/insurance-financial-assistance/v1/insurance-financial-assistance';
const CONTRACTS = `${BASE}/contracts`;
const INFO = `${BASE}/{contractId}/contract-info`;
const MOVEMENTS = `${BASE}/{contractId}/movements`;

let databases: TemporaryDatabases;
let url: string;
let example: Connector;
const opened: Connector[] = [];

before(async () => {
  databases = await startTemporaryDatabases();
  url = await databases.create();
  await query(url, readFileSync(join(EXAMPLES, 'schema.sql'), 'utf8'));
  example = connect(readFileSync(join(EXAMPLES, 'insurer.sql.yaml'), 'utf8'));
});

after(async () => {
  await Promise.all(opened.map((connector) => connector.close?.()));
  await databases.server.close();
});

function connect(text: string, settings: Partial<SqlConnectorSettings> = {}): Connector {
  const read = readSqlMapping(text, 'core.sql.yaml');
  assert.ok('mapping' in read, JSON.stringify(read));
  const connector = createSqlConnector({
    mapping: read.mapping,
    databaseUrl: url,
    clock: { now: Date.now },
    ...settings,
  });
  opened.push(connector);
  return connector;
}

function asking(change: Partial<Asking> = {}): Asking {
  return {
    brand: 'Aurora',
    ecosystem: 'open-insurance',
    api: 'insurance-financial-assistance',
    version: '1.3.0',
    permissions: [],
    interactionId: undefined,
    deadline: Date.now() + 10_000,
    signal: AbortSignal.timeout(10_000),
    ...change,
  };
}

function request(operationPath: string, change: Partial<ChildrenRequest> = {}): ChildrenRequest {
  return {
    ...asking(),
    operationPath,
    types: [TYPE],
    refs: {},
    documents: { cpf: GUILHERME },
    shape: 'list',
    query: {},
    page: undefined,
    type: TYPE,
    ref: Object.values(change.refs ?? {})[0] ?? '',
    name: '',
    ...change,
  };
}

const ofContract = (contractId: string, change: Partial<ChildrenRequest> = {}) => ({
  refs: { contractId },
  ...change,
});

function dataOf(found: Found<Json>): Json {
  assert.ok(found.status === 'ok', found.status);
  return found.data;
}

/** A mapping with one list, by whose query the tests differ. */
function thingsBy(sql: string, more = '', record = '{ a: $a }'): string {
  const body = sql.replaceAll('\n', ' ').replaceAll('"', '\\"');
  return `
customer:
  byCpf: select key as id, name, cpf from person where cpf = :cpf
  byId: select key as id, name, cpf from person where key = :id
resources:
  - types: [THING]
    sql: select number as ref, number as label from assistance where holder = :owner
operations:
  /a/things/v1/things:
    sql: "${body}"
    record: ${record}
    ${more}
`;
}

const THINGS = '/a/things/v1/things';

async function failure(doing: Promise<unknown>): Promise<Error> {
  const error = await doing.then(
    (found) => assert.fail(`it did not reject: ${JSON.stringify(found)}`),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof Error, String(error));
  return error;
}

describe('given the sample mapping and its database', () => {
  it('when a customer is asked for, then by CPF or key, with the companies they act for', async () => {
    const marta = { id: 'p-91ae', name: 'Marta Figueira', cpf: MARTA };
    const companies = [{ cnpj: PADARIA, name: 'Padaria Trigo Novo Ltda.' }];
    for (const key of [{ cpf: MARTA }, { id: 'p-91ae' }]) {
      const found = await example.customer(key, asking());
      assert.deepEqual(found.status === 'ok' && found.data, { ...marta, companies });
    }
    for (const key of [{ cpf: '00000000000' }, { id: "' or true --" }])
      assert.deepEqual(await example.customer(key, asking()), { status: 'notFound' });
  });

  it('when resources are asked for, then those of the person, or of a company that they act for', async () => {
    const found = await example.discover({ cpf: GUILHERME }, [TYPE, 'OTHER'], asking());
    assert.deepEqual(found.status === 'ok' && found.data, [
      {
        ref: 'AF-61005',
        type: TYPE,
        label: 'Assistência financeira, contrato final 005',
        approvers: [],
        situation: 'active',
      },
      {
        ref: 'AF-61006',
        type: TYPE,
        label: 'Assistência financeira, contrato final 006',
        approvers: [],
        situation: 'closed',
        closedOn: '2023-11-02',
      },
    ]);
    const company = await example.discover({ cpf: MARTA, cnpj: PADARIA }, [TYPE], asking());
    assert.deepEqual(company.status === 'ok' && company.data.map(({ ref }) => ref), ['AF-70001']);
    assert.deepEqual(await example.discover({ cpf: MARTA }, [TYPE], asking()), { status: 'empty' });
    assert.deepEqual(await example.discover({ cpf: GUILHERME }, ['OTHER'], asking()), { status: 'empty' });
    assert.deepEqual(await example.discover({ cpf: '00000000000' }, [TYPE], asking()), {
      status: 'notFound',
    });
    assert.deepEqual(await example.discover({ cpf: GUILHERME, cnpj: PADARIA }, [TYPE], asking()), {
      status: 'notFound',
    });
  });

  it('when any version of the contract is asked for, then the content fits it', async () => {
    for (const [path, shape, refs] of [
      [CONTRACTS, 'list', {}],
      [INFO, 'record', { contractId: 'AF-61005' }],
      [INFO, 'record', { contractId: 'AF-61006' }],
      [MOVEMENTS, 'list', { contractId: 'AF-61005' }],
    ] as const) {
      const operations = operationsAt(path);
      assert.ok(operations.length >= 2);
      for (const operation of operations) {
        const asked = request(path, { refs, shape, version: operation.version });
        const found = await (path === CONTRACTS ? example.list(asked) : example.children(asked));
        const data = dataOf(found);
        assert.equal(found.status === 'ok' && found.owner, Object.values(refs)[0] ?? GUILHERME);
        const validate = schemaValidator(operation.answer.schema());
        const links = { self: `https://api.example.com${operation.path}` };
        validate({ data, links, meta: { totalRecords: 1, totalPages: 1 } });
        assert.deepEqual(validate.errors ?? [], [], `${operation.version} ${path}`);
      }
    }
  });

  it('when rows hang together, then they are told below each other, and what is null is left out', async () => {
    const [brand, ...others] = dataOf(await example.list(request(CONTRACTS))) as readonly Json[];
    assert.deepEqual(others, []);
    const company = { companyName: 'Aurora Vida e Previdência S.A.', cnpjNumber: '99720318000104' };
    const contracts = [{ contractId: 'AF-61005' }, { contractId: 'AF-61006' }];
    assert.deepEqual(brand, { brand: { name: 'Aurora Seguros', companies: [{ ...company, contracts }] } });
    const old = dataOf(await example.list(request(CONTRACTS, { version: '1.0.0' })));
    assert.deepEqual(old, brand);

    const info = async (id: string) =>
      dataOf(await example.children(request(INFO, ofContract(id, { shape: 'record' })))) as Record<
        string,
        Json
      >;
    const { insureds, acquittanceValue, acquittanceDate, groupContractId } = await info('AF-61005');
    assert.deepEqual([acquittanceValue, acquittanceDate, groupContractId], [undefined, undefined, undefined]);
    assert.equal((insureds as readonly Json[]).length, 2);
    const settled = await info('AF-61006');
    assert.deepEqual(settled.acquittanceValue, {
      amount: '210.10',
      unitType: 'MONETARIO',
      unit: { code: 'R$', description: 'BRL' },
    });
    assert.deepEqual([settled.acquittanceDate, settled.groupContractId], ['2023-11-02', 'G-12']);
  });

  it('when a page is asked for, then it comes with the total, and with the age of its oldest record', async () => {
    const page = (offset: number, size: number) =>
      example.children(request(MOVEMENTS, ofContract('AF-61005', { page: { offset, size } })));
    const [first, second, beyond] = await Promise.all([page(0, 1), page(1, 5), page(7, 5)]);
    assert.ok(first.status === 'ok' && second.status === 'ok' && beyond.status === 'ok');
    assert.deepEqual([first.total, second.total, beyond.total], [2, 2, 2]);
    const left = [first, second, beyond].map(({ data }) =>
      (data as readonly Record<string, Json>[]).map((record) => record.remainingCounterInstallmentsQuantity),
    );
    assert.deepEqual(left, [[16], [15], []]);
    assert.equal(first.asOf, Date.UTC(2026, 1, 1, 3));
    const whole = await example.children(request(MOVEMENTS, ofContract('AF-61005')));
    assert.ok(whole.status === 'ok' && whole.total === undefined);
    assert.equal((whole.data as readonly Json[]).length, 2);
  });

  it('when there is nothing, then a list of what is theirs is empty, and anything else is not found', async () => {
    assert.deepEqual(await example.list(request(CONTRACTS, { documents: { cpf: MARTA } })), {
      status: 'empty',
    });
    assert.deepEqual(await example.children(request(MOVEMENTS, ofContract('AF-61006'))), { status: 'empty' });
    const page = { offset: 0, size: 25 };
    assert.deepEqual(await example.children(request(MOVEMENTS, ofContract('AF-61006', { page }))), {
      status: 'empty',
    });
    const unknown = [
      example.children(request(MOVEMENTS, ofContract('AF-99999'))),
      example.children(request(INFO, ofContract('AF-99999', { shape: 'record' }))),
      example.get(request('/a/b/v1/c/{contractId}', ofContract('AF-61005'))),
      example.children(request('/a/b/v1/c/{contractId}/d', ofContract('AF-61005', { type: undefined }))),
    ];
    for (const found of await Promise.all(unknown)) assert.deepEqual(found, { status: 'notFound' });
    assert.deepEqual(await example.list(request('/a/b/v1/c')), { status: 'empty' });
  });

  it('when it is asked what it can do and how it is, then it says so', async () => {
    assert.deepEqual(await example.capabilities(), {
      apis: ['insurance-financial-assistance'],
      authenticates: false,
    });
    assert.equal(example.authenticate, undefined);
    assert.deepEqual(await example.health(AbortSignal.timeout(5_000)), { isUp: true });
  });
});

describe('given references and documents of somebody else’s', () => {
  it('when another customer’s contract is asked for, then it is not found', async () => {
    for (const documents of [{ cpf: MARTA }, { cpf: GUILHERME, cnpj: PADARIA }, { cpf: '00000000000' }])
      for (const path of [INFO, MOVEMENTS]) {
        const found = await example.children(request(path, ofContract('AF-61005', { documents })));
        assert.deepEqual(found, { status: 'notFound' });
      }
  });

  it('when a reference or document is written as a query, then it is only compared', async () => {
    const made = fc.oneof(
      fc.constantFrom(
        "' or '1'='1",
        "AF-61005' --",
        "'; drop table assistance; --",
        '$1',
        ':owner',
        '%',
        "\\' or true --",
        'AF-61005/**/',
        "x') as found union select * from person --",
      ),
      fc.string({ maxLength: 30 }).filter((text) => !text.includes('\0') && text !== 'AF-61005'),
    );
    await fc.assert(
      fc.asyncProperty(made, made, async (ref, cpf) => {
        const byRef = await example.children(request(INFO, ofContract(ref, { shape: 'record' })));
        const byCpf = await example.list(request(CONTRACTS, { documents: { cpf } }));
        const customer = await example.customer({ cpf }, asking());
        assert.deepEqual([byRef.status, byCpf.status, customer.status], ['notFound', 'empty', 'notFound']);
      }),
      { numRuns: 60 },
    );
    assert.equal((await query(url, 'select count(*)::int as n from assistance'))[0]?.n, 3);
  });

  it('when a query looks at the person only, then a company’s consent gets nothing of it, and the other way round', async () => {
    const person = connect(thingsBy('select name as a from person where cpf = :cpf'));
    const company = connect(thingsBy('select name as a from company where cnpj = :cnpj or :cnpj is null'));
    const statuses = async (documents: { cpf: string; cnpj?: string }) =>
      (await Promise.all([person, company].map((one) => one.list(request(THINGS, { documents }))))).map(
        ({ status }) => status,
      );
    assert.deepEqual(await statuses({ cpf: MARTA }), ['ok', 'empty']);
    assert.deepEqual(await statuses({ cpf: MARTA, cnpj: PADARIA }), ['empty', 'ok']);
  });

  it('when a query for a customer finds somebody else, then nobody is answered', async () => {
    const wrong = thingsBy('select 1 as a where :owner = :owner').replace(
      'where cpf = :cpf',
      'where cpf <> :cpf limit 1',
    );
    const error = await failure(connect(wrong).customer({ cpf: GUILHERME }, asking()));
    assert.match(
      error.message,
      /^the query at line 3 of the mapping failed: it answered with another customer$/,
    );
    const several = thingsBy('select 1 as a where :owner = :owner').replace(
      'where cpf = :cpf',
      'where cpf <> :cpf or true',
    );
    assert.match(
      (await failure(connect(several).customer({ cpf: GUILHERME }, asking()))).message,
      /more than one customer/,
    );
  });

  it('when a request’s own values are called like the owner, then the owner stays who it is', async () => {
    const connector = connect(thingsBy('select cast(:owner as text) as a', 'filters: [owner, cpf]'));
    const found = await connector.list(
      request(THINGS, { query: { owner: MARTA, cpf: MARTA }, refs: { owner: MARTA } }),
    );
    assert.deepEqual(dataOf(found), [{ a: GUILHERME }]);
  });
});

describe('given columns of all types', () => {
  it('when they are told, then as JSON has them, instants in UTC, and nothing of null', async () => {
    const sql = `select cast(:owner as text) as t, true as b, 7 as i, 9007199254740991::bigint as l, 1.50::numeric as d,
      '2026-01-31'::date as day, '2026-01-31 22:00-03'::timestamptz as at, '2026-01-31 22:00'::timestamp as local,
      '{"x": [1]}'::jsonb as j, array['p','q'] as list, null::text as n, 'abc'::char(5) as c, 0.1::float8 as f`;
    const record =
      '{ t: $t, b: $b, i: $i, l: $l, d: $d, m: $d | money, day: $day, at: $at | dateTime, local: $local, j: $j, list: $list, n: $n, c: $c, f: $f }';
    const [told] = dataOf(
      await connect(thingsBy(sql.replaceAll('"', '"'), '', record)).list(request(THINGS)),
    ) as readonly Json[];
    assert.deepEqual(told, {
      t: GUILHERME,
      b: true,
      i: 7,
      l: 9007199254740991,
      d: 1.5,
      m: '1.50',
      day: '2026-01-31',
      at: '2026-02-01T01:00:00Z',
      local: '2026-01-31T22:00:00Z',
      j: { x: [1] },
      list: ['p', 'q'],
      c: 'abc  ',
      f: 0.1,
    });
  });

  it('when query parameters are named as filters, then they are applied, and pages only when all of them are', async () => {
    const sql =
      'select n as a from generate_series(1, 9) n where :owner = :owner and (n >= cast(:from as int) or :from is null)';
    const more = `filters: [from]\n    total: "select count(*) from generate_series(1, 9) n where :owner = :owner and (n >= cast(:from as int) or :from is null)"`;
    const connector = connect(thingsBy(`${sql} order by n offset :offset limit :limit`, more));
    const page = { offset: 1, size: 2 };
    const filtered = await connector.list(request(THINGS, { query: { from: '4' }, page }));
    assert.ok(filtered.status === 'ok' && filtered.total === 6);
    assert.deepEqual(filtered.data, [{ a: 5 }, { a: 6 }]);
    const other = await connector.list(request(THINGS, { query: { from: '8', kind: 'X' }, page }));
    assert.ok(other.status === 'ok' && other.total === undefined);
    assert.deepEqual(other.data, [{ a: 8 }, { a: 9 }]);
  });

  it('when the owner of what has an id of its own is a column, then it is told with it', async () => {
    const own = connect(
      thingsBy(
        "select 'x' as a, number as of from assistance where holder = :owner and number = 'AF-61005'",
        'owner: of',
      ),
    );
    const found = await own.list(request(THINGS));
    assert.equal(found.status === 'ok' && found.owner, 'AF-61005');
    const several = connect(
      thingsBy("select 'x' as a, number as of from assistance where holder = :owner", 'owner: of'),
    );
    assert.match((await failure(several.list(request(THINGS)))).message, /rows .* differ in the column of$/);
  });
});

describe('given queries that say whose their rows are, or leave it open', () => {
  const operation = (path: string, sql: string, more = '') =>
    connect(thingsBy(sql, more).replace('/a/things/v1/things:', `${path}:`));
  const ONE = '/a/things/v1/things/{thingId}';
  const one = (type: string | undefined) => ({
    ...request(ONE, { refs: { thingId: 'AF-61005' }, shape: 'record' }),
    type,
    ref: 'AF-61005',
  });
  const ownerOf = (found: FoundData) => found.status === 'ok' && found.owner;

  it('when no column says it, then they are of whom the query was asked', async () => {
    const list = connect(thingsBy("select 'x' as a where :owner = :owner"));
    const documents = { cpf: MARTA, cnpj: PADARIA };
    assert.equal(ownerOf(await list.list(request(THINGS))), request(THINGS).documents.cpf);
    assert.equal(ownerOf(await list.list(request(THINGS, { documents }))), PADARIA);
    const record = operation(ONE, "select 'x' as a where :owner = :owner and :thingId = 'AF-61005'");
    assert.equal(ownerOf(await record.get(one('THING'))), 'AF-61005');
    assert.equal(ownerOf(await record.children({ ...one('THING'), name: 'parts' })), 'AF-61005');
  });

  it('when a column says it, then it counts, also against what was asked for', async () => {
    const record = operation(
      ONE,
      "select 'x' as a, 'AF-1' as of where :owner = :owner and :thingId = 'AF-61005'",
      'owner: of',
    );
    for (const type of ['THING', undefined]) assert.equal(ownerOf(await record.get(one(type))), 'AF-1');
  });

  it('when it is left open of what has an id of its own, or the column is null, then the call fails', async () => {
    const sql = "select 'x' as a, null::text as of where :owner = :owner and :thingId = 'AF-61005'";
    for (const [connector, type] of [
      [operation(ONE, sql), undefined],
      [operation(ONE, sql, 'owner: of'), 'THING'],
    ] as const)
      assert.match((await failure(connector.get(one(type)))).message, /line \d+ .*whose its rows are$/);
  });

  it('when a page beyond the end has no rows, then it is of whom the query was asked', async () => {
    const sql = "select 'x' as a, 'y' as of where :owner = :owner offset :offset limit :limit";
    const paged = connect(thingsBy(sql, "owner: of\n    total: 'select 1 where :owner = :owner'"));
    const found = await paged.list(request(THINGS, { page: { offset: 5, size: 1 } }));
    assert.deepEqual(
      [found.status === 'ok' && found.data, ownerOf(found)],
      [[], request(THINGS).documents.cpf],
    );
  });
});

describe('given queries that fail', () => {
  it('when it is a mapping’s fault, then the error has the line and the reason, no statement and no value', async () => {
    const wrong: [string, RegExp, string?][] = [
      ['select secret_column as a from person where cpf = :owner', /database error 42703$/],
      ['select cast(name as int) as a from person where cpf = :owner', /database error 22P02$/],
      ['select name as b from person where cpf = :owner', /it has no column a$/],
      ['select name as a, cpf as a from person where cpf = :owner', /two columns have the same name$/],
      ['select 1/0 as a where :owner = :owner', /database error 22012$/],
      ['select name as a from person where cpf = :owner', /the column a must be an instant$/, 'asOf: a'],
    ];
    for (const [sql, reason, more] of wrong) {
      const error = await failure(connect(thingsBy(sql, more)).list(request(THINGS)));
      assert.match(error.message, /^the query at line 10 of the mapping failed: /);
      assert.match(error.message, reason);
      assert.doesNotMatch(
        `${error.stack}${JSON.stringify(error)}`,
        new RegExp(`Guilherme|${GUILHERME}|select|person|secret`),
      );
    }
  });

  it('when more than one row answers for one record, or the total is no count, then neither is guessed', async () => {
    const rows = connect(thingsBy('select number as a from assistance where holder = :owner'));
    assert.match(
      (await failure(rows.list(request(THINGS, { shape: 'record' })))).message,
      /more than one row for one record$/,
    );
    const paged = 'select 1 as a where :owner = :owner offset :offset limit :limit';
    for (const total of [
      "select 'many' where :owner = :owner",
      'select 1 as x, 2 as y where :owner = :owner',
      'select -1 where :owner = :owner',
    ]) {
      const connector = connect(thingsBy(paged, `total: "${total}"`));
      const error = await failure(connector.list(request(THINGS, { page: { offset: 0, size: 5 } })));
      assert.match(error.message, /line 12 .* it must answer with one count$/);
    }
  });

  it('when a reference cannot even be compared, then it is not found; when a column cannot, then that is a fault', async () => {
    const text = thingsBy('select 1 as a where :owner = :owner').replace(
      'operations:',
      'operations:\n  /a/things/v1/things/{id}:\n    sql: select 5 as a where :owner = :owner and :id = 5\n    record: { a: $a }',
    );
    const connector = connect(text);
    const get = (id: string) => connector.get(request(`${THINGS}/{id}`, { refs: { id }, shape: 'record' }));
    assert.deepEqual(dataOf(await get('5')), { a: 5 });
    for (const id of ['6', 'five', 'a\0', '99999999999999', '5; select 1'])
      assert.deepEqual(await get(id), { status: 'notFound' }, id);
  });

  it('when a mapping writes, then the database refuses', async () => {
    await query(
      url,
      `create or replace function touch() returns text language sql as $$ update person set name = 'X' returning 'x' $$`,
    );
    const byFunction = connect(thingsBy('select touch() as a where :owner = :owner'));
    assert.match((await failure(byFunction.list(request(THINGS)))).message, /database error 25006$/);
    const byWith = connect(
      thingsBy(
        "with w as (update person set name = 'X' where cpf = :owner returning name) select name as a from w",
      ),
    );
    assert.match((await failure(byWith.list(request(THINGS)))).message, /database error 0A000$/);
    assert.equal((await query(url, "select count(*)::int as n from person where name = 'X'"))[0]?.n, 0);
  });

  it('when an answer is too large, in rows or in characters, then it is not read to its end', async () => {
    const rows = connect(thingsBy('select n as a from generate_series(1, 1000) n where :owner = :owner'), {
      mostRows: 10,
    });
    assert.match((await failure(rows.list(request(THINGS)))).message, /more than 10 rows$/);
    const wide = connect(
      thingsBy("select repeat('x', 1000) as a from generate_series(1, 50) where :owner = :owner"),
      {
        mostCharacters: 20_000,
      },
    );
    assert.match((await failure(wide.list(request(THINGS)))).message, /its answer is too large$/);
    assert.deepEqual(await wide.health(AbortSignal.timeout(5_000)), { isUp: true });
  });
});

describe('given a database that is slow, full or away', () => {
  const SLEEP = "select pg_sleep(20)::text as a, 'napping' as b where :owner = :owner";

  /** Queries of ours that the server is busy with. */
  async function naps(): Promise<number> {
    const [row] = await query(
      url,
      "select count(*)::int as n from pg_stat_activity where application_name = 'guiche-connector' and state = 'active' and query like '%napping%'",
    );
    return row?.n as number;
  }

  it('when the signal is aborted, then the call ends at once and so does the query in the server', async () => {
    const connector = connect(thingsBy(SLEEP));
    const abort = new AbortController();
    const asked = failure(connector.list(request(THINGS, { signal: abort.signal })));
    await until('the query runs', async () => (await naps()) === 1);
    const started = Date.now();
    abort.abort();
    assert.equal((await asked).name, 'AbortError');
    assert.ok(Date.now() - started < 1_000);
    await until('the query is gone', async () => (await naps()) === 0, 2_000);
  });

  it('when the deadline passes, then the call ends and so does the query, whatever the signal', async () => {
    const connector = connect(thingsBy(SLEEP));
    const started = Date.now();
    const error = await failure(connector.list(request(THINGS, { deadline: started + 200 })));
    assert.match(error.message, /timeout|took longer than it had/);
    assert.ok(Date.now() - started < 1_500);
    await until('the query is gone', async () => (await naps()) === 0, 2_000);
  });

  it('when the time is over before it begins, then nothing is asked', async () => {
    const never = connect(thingsBy(SLEEP), { databaseUrl: 'postgres://nobody:secret@127.0.0.1:1/none' });
    assert.equal(
      (await failure(never.list(request(THINGS, { signal: AbortSignal.abort() })))).name,
      'AbortError',
    );
    const late = await failure(never.list(request(THINGS, { deadline: Date.now() - 1 })));
    assert.match(late.message, /no time is left/);
  });

  it('when all connections are busy, then others wait for one until their own deadline, and a crowd is sent away', async () => {
    const connector = connect(thingsBy(SLEEP), { connections: 1 });
    const abort = new AbortController();
    const holding = failure(connector.list(request(THINGS, { signal: abort.signal })));
    await until('the query runs', async () => (await naps()) === 1);
    const started = Date.now();
    const crowd = Array.from({ length: 12 }, () =>
      failure(connector.list(request(THINGS, { deadline: started + 300 }))),
    );
    const messages = (await Promise.all(crowd)).map(({ message }) => message);
    assert.ok(Date.now() - started < 2_000);
    assert.equal(messages.filter((message) => /too many reads wait/.test(message)).length, 4);
    assert.equal(messages.filter((message) => /timeout/.test(message)).length, 8);
    abort.abort();
    await holding;
    assert.deepEqual(await connector.customer({ cpf: '00000000000' }, asking()), { status: 'notFound' });
  });

  it('when many fail and are aborted, then connections are not used up', async () => {
    const connector = connect(thingsBy("select cast(:owner || 'x' as int) as a"), { connections: 2 });
    for (let round = 0; round < 5; round += 1)
      await Promise.all([1, 2, 3].map(() => failure(connector.list(request(THINGS)))));
    assert.equal((await connector.customer({ cpf: GUILHERME }, asking())).status, 'ok');
    const [row] = await query(
      url,
      "select count(*)::int as n from pg_stat_activity where application_name = 'guiche-connector' and state like 'idle in transaction%'",
    );
    assert.equal(row?.n, 0);
  });

  it('when nobody listens, or the password is wrong, then the error tells a code and no address, and health is down', async () => {
    const text = thingsBy('select 1 as a where :owner = :owner');
    const nobody = connect(text, { databaseUrl: 'postgres://maria:secret@127.0.0.1:1/core' });
    const wrong = connect(text, { databaseUrl: url.replace(/:[^:@/]+@/, ':secret@') });
    for (const [connector, code] of [
      [nobody, 'ECONNREFUSED'],
      [wrong, '28P01'],
    ] as const) {
      const error = await failure(connector.list(request(THINGS)));
      assert.equal(error.message, `the database cannot be reached (${code})`);
      assert.doesNotMatch(JSON.stringify(error), /secret|maria|127/);
      assert.deepEqual(await connector.health(AbortSignal.timeout(5_000)), {
        isUp: false,
        reason: `the database cannot be reached (${code})`,
      });
    }
  });

  it('when the server accepts and says nothing, then nobody waits past the deadline', async () => {
    const server = createServer(() => {}).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as { port: number };
    const connector = connect(thingsBy(SLEEP), { databaseUrl: `postgres://a:b@127.0.0.1:${port}/c` });
    const started = Date.now();
    await failure(connector.list(request(THINGS, { deadline: started + 200 })));
    assert.ok(Date.now() - started < 1_500);
    assert.deepEqual(await connector.health(AbortSignal.timeout(100)), {
      isUp: false,
      reason: 'the database did not answer in time',
    });
    server.close();
  });

  it('when a connection is cut under way, then the call fails, and the next one connects anew', async () => {
    const connector = connect(thingsBy(SLEEP), { connections: 1 });
    const asked = failure(connector.list(request(THINGS)));
    await until('the query runs', async () => (await naps()) === 1);
    await query(
      url,
      "select pg_terminate_backend(pid) from pg_stat_activity where query like '%napping%' and pid <> pg_backend_pid()",
    );
    assert.match(
      (await asked).message,
      /^the query at line 10 of the mapping failed: (database error 57P01|the connection broke)$/,
    );
    assert.equal((await connector.customer({ cpf: GUILHERME }, asking())).status, 'ok');
  });
});
