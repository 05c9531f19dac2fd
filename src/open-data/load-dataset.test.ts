import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, ftruncateSync, mkdirSync, openSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  bare,
  branch,
  branchesPlan,
  envelope,
  nearbyOperation,
  planOf,
} from '../../test/support/branches-contract.ts';
import { dataFolder, type FileContent } from '../../test/support/data-folder.ts';
import type { Diagnostic } from '../kernel/diagnostic.ts';
import { type DatasetPlan, planDataset } from './dataset-plan.ts';
import { type LoadedDataset, loadDataset } from './load-dataset.ts';
import type { Snapshot } from './snapshot.ts';

const plan = branchesPlan();
const MAX_BYTES = 8 * 1024 * 1024;

function load(parts: readonly FileContent[], using: DatasetPlan = plan): LoadedDataset {
  const named = parts.map((content, index) => [`${index}.json`, content] as const);
  const folder = dataFolder(Object.fromEntries(named));
  return loadFiles(
    named.map(([name]) => join(folder, name)),
    using,
  );
}

function loadFiles(files: readonly string[], using: DatasetPlan = plan): LoadedDataset {
  return loadDataset(using, files, { maxBytes: MAX_BYTES });
}

function refuse(content: FileContent, using?: DatasetPlan): readonly Diagnostic[] {
  const { snapshot, diagnostics } = load([content], using);
  assert.equal(snapshot, undefined, 'expected no snapshot');
  assert.ok(diagnostics.some(({ severity }) => severity === 'error'));
  return diagnostics;
}

function accept(content: FileContent, using?: DatasetPlan): Snapshot {
  return snapshotOf(load([content], using));
}

function snapshotOf({ snapshot, diagnostics }: LoadedDataset): Snapshot {
  assert.ok(snapshot, JSON.stringify(diagnostics));
  return snapshot;
}

/** The records as they are stored. */
function records({ records: bytes, offsets, total }: Snapshot): string[] {
  const texts: string[] = [];
  for (let id = 0; id < total; id += 1) {
    texts.push(Buffer.from(bytes.subarray(offsets[id], (offsets[id + 1] as number) - 1)).toString());
  }
  return texts;
}

/** Line and column of the mark in a text, counted apart from the code under test. */
function placeOf(marked: string): { line: number; column: number } {
  const before = marked.slice(0, marked.indexOf('§')).split('\n');
  return { line: before.length, column: [...(before.at(-1) as string)].length + 1 };
}

/** A bare file with these texts as branches, over several lines. */
function lines(...branches: string[]): string {
  return `{\n  "brand": {\n    "name": "Águia €",\n    "companies": [\n      { "name": "Á", "branches": [\n        ${branches.join(',\n        ')}\n      ] }\n    ]\n  }\n}\n`;
}

const RECORD = '/brand/companies/0/branches/0';
const good = '{ "code": "0001", "name": "Centro", "type": "SEDE" }';

for (const [why, marked, code, pointer, message] of [
  // The text is not JSON.
  [
    'a record with a missing comma',
    lines('{ "code": "0001" §"name": "Centro", "type": "SEDE" }'),
    'data-syntax',
    RECORD,
    /comma/,
  ],
  [
    'a record with a comma too many',
    lines('{ "code": "0001", "name": "Centro", "type": "SEDE", §}'),
    'data-syntax',
    RECORD,
    /field name/,
  ],
  [
    'NaN',
    lines(good, '{ "code": "0002", "name": "Norte", "type": "SEDE", "floors": §NaN }'),
    'data-syntax',
    '/brand/companies/0/branches/1',
    /not a JSON value/,
  ],
  ['Infinity', lines('{ "code": "0001", "floors": §-Infinity }'), 'data-syntax', RECORD, /./],
  ['a comment', lines('{ §// first\n "code": "0001" }'), 'data-syntax', RECORD, /comments/],
  ['single quotes', lines("{ §'code': '0001' }"), 'data-syntax', RECORD, /./],
  ['a number with a leading zero', lines('{ "floors": 0§1 }'), 'data-syntax', RECORD, /./],
  ['a number that starts with a plus', lines('{ "floors": §+1 }'), 'data-syntax', RECORD, /./],
  ['an escape that JSON does not have', lines('{ "name": §"a\\x" }'), 'data-syntax', RECORD, /escape/],
  ['half an escape', lines('{ "name": §"a\\u12" }'), 'data-syntax', RECORD, /hexadecimal/],
  ['a tab inside a text', lines('{ "name": §"a\tb" }'), 'data-syntax', RECORD, /control character/],
  [
    'a text that goes on after its line',
    lines('{ "name": §"Centro, "type": "SEDE"\n }').replace('Centro,', 'Centro,\n'),
    'data-syntax',
    RECORD,
    /not closed/,
  ],
  ['a bracket of the other kind', lines('{ "code": "0001"§] }'), 'data-syntax', RECORD, /./],
  [
    'a truncated record',
    '{"brand": {"name": "Á", "companies": [{"name": "B", "branches": [{"code": §"00',
    'data-syntax',
    RECORD,
    /./,
  ],
  [
    'a truncated frame',
    '{"brand": {"name": "Á", "companies": [{"name": "B", "branches": []§',
    'data-syntax',
    '/brand/companies/0',
    /file ends here/,
  ],
  ['something after the end', `${lines(good)}\n  §]`, 'data-syntax', '', /end of the file/],
  [
    'a fault in what surrounds the records',
    lines(good).replace('"name": "Águia €"', '"name": §nome'),
    'data-syntax',
    '',
    /not a JSON value/,
  ],
  ['nothing but space', ' \n\n  \t\n§', 'data-syntax', '', /no value/],
  [
    'values that are nested too deep',
    lines(`{ "notes": ${'['.repeat(127)}§${'['.repeat(5)}${']'.repeat(132)} }`),
    'data-too-deep',
    RECORD,
    /128/,
  ],
  // A key stands twice.
  [
    'a key that stands twice in a record',
    lines('{ "code": "0001", "name": "Centro", §"code": "0002", "type": "SEDE" }'),
    'data-duplicate-key',
    `${RECORD}/code`,
    /"code" stands twice/,
  ],
  [
    'a key that stands twice deep in a record',
    lines('{ "code": "0001", "name": "Centro", "type": "SEDE", "notes": { "é": [{ "a": 1, §"a": 1 }] } }'),
    'data-duplicate-key',
    `${RECORD}/notes/é/0/a`,
    /"a"/,
  ],
  [
    'a key that stands twice, once escaped',
    lines('{ "code": "0001", "name": "Centro", "type": "SEDE", §"typ\\u0065": "SEDE" }'),
    'data-duplicate-key',
    `${RECORD}/type`,
    /"type"/,
  ],
  [
    'a key that stands twice around the records',
    lines(good).replace('"companies"', '§"name": "B", "companies"'),
    'data-duplicate-key',
    '/brand/name',
    /"name"/,
  ],
  [
    'records that stand twice',
    lines(good).replace('] }', '], §"branches": [] }'),
    'data-duplicate-key',
    '/brand/companies/0/branches',
    /"branches"/,
  ],
  // The contract is broken.
  [
    'a record of another type',
    lines(good, '§"Centro"'),
    'data-type',
    '/brand/companies/0/branches/1',
    /expected an object, found the text "Centro"/,
  ],
  [
    'a number where a text belongs',
    lines('{ "code": §1, "name": "Centro", "type": "SEDE" }'),
    'data-type',
    `${RECORD}/code`,
    /expected a text, found the number 1/,
  ],
  [
    'a fraction where a whole number belongs',
    lines('{ "code": "0001", "name": "Centro", "type": "SEDE", "floors": §1.5 }'),
    'data-type',
    `${RECORD}/floors`,
    /whole number/,
  ],
  [
    'a missing field',
    lines('§{ "code": "0001", "type": "SEDE", "floors": 2 }'),
    'data-required',
    RECORD,
    /^the field "name" is missing$/,
  ],
  [
    'a field that is not in the contract',
    lines('{ "code": "0001", "name": "Centro", "type": "SEDE", §"zzzzzz": 1 }'),
    'data-unknown-field',
    `${RECORD}/zzzzzz`,
    /^the contract has no field "zzzzzz" here$/,
  ],
  [
    'a field that is nearly in the contract',
    lines('{ "code": "0001", "name": "Centro", "type": "SEDE", §"opend": null }'),
    'data-unknown-field',
    `${RECORD}/opend`,
    /did you mean "opened"\?/,
  ],
  [
    'a field with a number for a name',
    lines('{ "code": "0001", "name": "Centro", "type": "SEDE", §"7": 1 }'),
    'data-unknown-field',
    `${RECORD}/7`,
    /"7"/,
  ],
  [
    'a field whose name has to be escaped',
    lines('{ "code": "0001", "name": "Centro", "type": "SEDE", §"a/b~c\\"é": 1 }'),
    'data-unknown-field',
    `${RECORD}/a~1b~0c"é`,
    /./,
  ],
  [
    'a wrong choice',
    lines('{ "code": "0001", "name": "Centro", "type": §"FILAL" }'),
    'data-enum',
    `${RECORD}/type`,
    /one of SEDE, FILIAL, POSTO, found "FILAL"; did you mean "FILIAL"\?/,
  ],
  [
    'a text of another form',
    lines('{ "code": §"12", "name": "Centro", "type": "SEDE" }'),
    'data-pattern',
    `${RECORD}/code`,
    /\^\\d\{4\}\$, found "12"/,
  ],
  [
    'a date that does not exist',
    lines('{ "code": "0001", "name": "Centro", "type": "SEDE", "opened": §"2026-02-30" }'),
    'data-format',
    `${RECORD}/opened`,
    /a date such as/,
  ],
  [
    'a text too short',
    lines('{ "code": "0001", "name": §"€", "type": "SEDE" }'),
    'data-length',
    `${RECORD}/name`,
    /at least 2 characters, found "€" with 1/,
  ],
  [
    'a text too long',
    lines(`{ "code": "0001", "name": §"${'😀'.repeat(21)}", "type": "SEDE" }`),
    'data-length',
    `${RECORD}/name`,
    /at most 20 characters, .* with 21/,
  ],
  [
    'a number too small',
    lines('{ "code": "0001", "name": "Centro", "type": "SEDE", "floors": §-1 }'),
    'data-range',
    `${RECORD}/floors`,
    />= 0, found -1/,
  ],
  [
    'a number too large',
    lines('{ "code": "0001", "name": "Centro", "type": "SEDE", "floors": §51 }'),
    'data-range',
    `${RECORD}/floors`,
    /<= 50/,
  ],
  [
    'a list too short',
    lines('{ "code": "0001", "name": "Centro", "type": "SEDE", "phones": §[] }'),
    'data-count',
    `${RECORD}/phones`,
    /at least 1 elements, found 0/,
  ],
  [
    'a list too long',
    lines('{ "code": "0001", "name": "Centro", "type": "SEDE", "phones": §["1", "2", "3"] }'),
    'data-count',
    `${RECORD}/phones`,
    /at most 2/,
  ],
  [
    'an element of a list',
    lines('{ "code": "0001", "name": "Centro", "type": "SEDE", "phones": ["1", §2] }'),
    'data-type',
    `${RECORD}/phones/1`,
    /expected a text/,
  ],
  [
    'records that are no list',
    '{"brand": {"name": "Á", "companies": [{"name": "B", "branches": §{}}]}}',
    'data-type',
    '/brand/companies/0/branches',
    /expected a list, found an object/,
  ],
  [
    'a group that is missing a field',
    lines(good, good).replace('{ "name": "Á"', '§{ "nome": "Á"'),
    'data-required',
    '/brand/companies/0',
    /"name" is missing; is "nome" meant/,
  ],
  [
    'a second group, behind many records',
    lines(good).replace('] }', `, ${good}] }, { "name": §1, "branches": [] }`),
    'data-type',
    '/brand/companies/1/name',
    /expected a text/,
  ],
  [
    'a field that the frame does not have',
    lines(good).replace('"companies"', '§"nome": 1, "companies"'),
    'data-unknown-field',
    '/brand/nome',
    /did you mean "name"\?/,
  ],
  ['a text alone', '§"branches"', 'data-type', '', /expected an object/],
  ['null', ' §null', 'data-type', '', /found null/],
  ['a list of records without what surrounds them', `§[${good}]`, 'data-type', '', /found a list/],
] as const) {
  test(`${why} is found at its place`, () => {
    const [first, ...others] = refuse(marked.replace('§', ''));
    const { severity, code: found, pointer: at, message: text, line, column } = first as Diagnostic;
    assert.deepEqual({ severity, code: found, pointer: at }, { severity: 'error', code, pointer }, text);
    assert.deepEqual({ line, column }, placeOf(marked), text);
    assert.match(text, message);
    // A fault that breaks the structure may show once more where the structure ends.
    if (code !== 'data-syntax' && code !== 'data-required') assert.deepEqual(others, []);
  });
}

test('pointers are relative to the file, whether it holds the whole answer or what goes under data', () => {
  const wrong = [branch(), branch({ type: 'X' })];
  assert.equal(refuse(bare(wrong))[0]?.pointer, '/brand/companies/0/branches/1/type');
  assert.equal(
    refuse({ data: bare(wrong), links: 1, meta: [] })[0]?.pointer,
    '/data/brand/companies/0/branches/1/type',
  );
  assert.equal(refuse({ brand: { name: 1, companies: [] } })[0]?.pointer, '/brand/name');
  assert.equal(refuse({ data: { brand: { name: 1, companies: [] } } })[0]?.pointer, '/data/brand/name');
});

test('both forms of a file give the same records, and links and meta of the file are not looked at', () => {
  const branches = [branch(), branch({ code: '0002' })];
  const expected = branches.map((record) => JSON.stringify(record));
  const forms = [
    bare(branches),
    { data: bare(branches) },
    { links: null, data: bare(branches), meta: { totalRecords: 'many' } },
  ];
  for (const form of forms) assert.deepEqual(records(accept(form)), expected);
  const [one, two, three] = forms.map((form) => accept(form).frame);
  assert.deepEqual([two, three], [one, one]);
});

test('a byte-order mark is noted and read past', () => {
  const { snapshot, diagnostics } = load([`\ufeff${JSON.stringify(bare([branch()]))}`]);
  assert.equal(snapshot?.total, 1);
  assert.deepEqual(
    diagnostics.map(({ severity, code, line, column }) => [severity, code, line, column]),
    [['info', 'data-bom', 1, 1]],
  );
});

test('places in a file with a byte-order mark do not count the mark', () => {
  const error = refuse('\ufeff{"brand": 1}').find(({ severity }) => severity === 'error');
  assert.deepEqual([error?.line, error?.column, error?.pointer], [1, 11, '/brand']);
});

for (const [why, content] of [
  ['no bytes', ''],
  ['a byte-order mark and nothing else', '\ufeff'],
] as const) {
  test(`a file with ${why} is empty`, () => {
    const [{ code, line, column }] = refuse(content) as [Diagnostic];
    assert.deepEqual([code, line, column], ['data-empty', 0, 0]);
  });
}

for (const [why, before, invalid] of [
  ['Latin-1', '{"brand": {"name": "S', [0xe3, 0x6f]],
  ['a continuation byte alone', '{"brand": {"name": "São €😀', [0x80]],
  ['many continuation bytes', '"é', [0xa9, 0xa9, 0xa9, 0xa9, 0xa9, 0xa9]],
  ['a character that is cut short', '"€', [0xe2, 0x82, 0x22]],
  ['a character that the file ends inside', '"€', [0xf0, 0x9f, 0x98]],
  ['a surrogate', '"€\n"', [0xed, 0xa0, 0x80]],
  ['an overlong slash', '', [0xc0, 0xaf]],
  ['a byte that UTF-8 never has', 'x'.repeat(70_000), [0xff]],
] as const) {
  for (const rest of ['', `"é€${'😀'.repeat(30)}"`]) {
    test(`${why} is where the file stops being UTF-8, ${rest ? 'inside' : 'at the end of'} a file`, () => {
      // A torn character at the end would be completed by nothing that follows here.
      const content = Buffer.concat([Buffer.from(before), Buffer.from(invalid), Buffer.from(rest)]);
      const [{ code, line, column }] = refuse(content) as [Diagnostic];
      assert.deepEqual({ code, line, column }, { code: 'data-not-utf8', ...placeOf(`${before}§`) });
    });
  }
}

test('a UTF-16 file is called by its name', () => {
  const text = Buffer.from(`\ufeff${JSON.stringify(bare([branch()]))}`, 'utf16le');
  const [little] = refuse(text) as [Diagnostic];
  const [big] = refuse(Buffer.from(text).swap16()) as [Diagnostic];
  for (const { code, line, column, message } of [little, big]) {
    assert.deepEqual([code, line, column], ['data-not-utf8', 1, 1]);
    assert.match(message, /UTF-16/);
  }
  // Without its mark the zero bytes between the letters are what is wrong.
  const [unmarked] = refuse(text.subarray(2)) as [Diagnostic];
  assert.deepEqual([unmarked.code, unmarked.line, unmarked.column], ['data-syntax', 1, 2]);
});

test('a file above the limit is refused without being read', () => {
  const file = join(dataFolder(), 'large.json');
  ftruncateSync(openSync(file, 'w'), 1024 ** 3);
  const started = performance.now();
  const { snapshot, diagnostics } = loadFiles([file]);
  assert.ok(performance.now() - started < 500);
  assert.equal(snapshot, undefined);
  assert.equal(diagnostics[0]?.code, 'data-too-large');
  assert.match(diagnostics[0]?.message ?? '', /1024 MB and the limit is 8 MB/);
});

test('what cannot be opened is a finding: links that lead nowhere or in a circle, folders, pipes', () => {
  const folder = dataFolder();
  const path = (name: string) => join(folder, name);
  symlinkSync('gone.json', path('dangling.json'));
  symlinkSync('two.json', path('one.json'));
  symlinkSync('one.json', path('two.json'));
  mkdirSync(path('folder.json'));
  execFileSync('mkfifo', [path('pipe.json')]);
  for (const [name, code] of [
    ['dangling.json', 'data-unreadable'],
    ['one.json', 'data-link-loop'],
    ['folder.json', 'data-unreadable'],
    ['pipe.json', 'data-unreadable'],
    ['missing.json', 'data-unreadable'],
  ] as const) {
    const { snapshot, diagnostics } = loadFiles([path(name)]);
    assert.equal(snapshot, undefined);
    assert.deepEqual(
      diagnostics.map(({ file, line, code: found }) => [file, line, found]),
      [[path(name), 0, code]],
    );
  }
});

test('a file that may not be read is a finding', (t) => {
  if (process.getuid?.() === 0) return t.skip('the superuser may read every file');
  const folder = dataFolder({ 'locked.json': bare([branch()]) });
  chmodSync(join(folder, 'locked.json'), 0);
  const { snapshot, diagnostics } = loadFiles([join(folder, 'locked.json')]);
  assert.equal(snapshot, undefined);
  assert.deepEqual(
    diagnostics.map(({ code, message }) => [code, message]),
    [['data-unreadable', 'the file cannot be read (EACCES)']],
  );
});

test('every unreadable part is named', () => {
  const folder = dataFolder({ 'good.json': bare([branch()]), 'empty.json': '' });
  const { diagnostics } = loadFiles(
    ['empty.json', 'good.json', 'gone.json'].map((name) => join(folder, name)),
  );
  assert.deepEqual(
    diagnostics.map(({ code }) => code),
    ['data-empty', 'data-unreadable'],
  );
});

test('numbers keep every digit, in records and around them', () => {
  const numbers = [
    '12345678901234567',
    '123456789012.12345',
    '9007199254740.9935',
    '1e400',
    '0.1000000000000000000001',
  ];
  const texts = numbers.map((number) => `{"code":"0001","name":"Centro","type":"SEDE","notes":${number}}`);
  const snapshot = accept(
    `{"brand":{"name":"A","companies":[{"name":"B","process":98765432109876543,"branches":[${texts}]}]}}`,
  );
  assert.deepEqual(records(snapshot), texts);
  assert.match(JSON.stringify(snapshot.frame), /98765432109876543,/);
});

test('a document without a list of records keeps every digit too', () => {
  const single = planOf(envelope({ type: 'object', properties: { process: { type: 'number' } } }));
  const snapshot = accept('{"process": 12345678901234567.0}', single);
  assert.equal(snapshot.isList, false);
  assert.match(JSON.stringify(snapshot.frame), /12345678901234567\.0/);
});

test('escapes of half a character and of control characters are kept', () => {
  const text = '{"code":"0001","name":"a\\u0000\\ud800","type":"SEDE"}';
  assert.deepEqual(
    records(accept(`{"brand":{"name":"A","companies":[{"name":"B","branches":[${text}]}]}}`)),
    [text],
  );
});

test('names that JavaScript gives a meaning are plain data', () => {
  const notes = '{"__proto__":{"x":1},"constructor":2,"toString":3,"hasOwnProperty":4}';
  const record = `{"code":"0001","name":"Centro","type":"SEDE","notes":${notes}}`;
  const snapshot = accept(
    `{"brand":{"name":"A","companies":[{"name":"B","__proto__":{"y":2},"toString":5,"branches":[${record}]}]}}`,
  );
  assert.deepEqual(records(snapshot), [record]);
  assert.match(JSON.stringify(snapshot.frame), /\\"__proto__\\":\{\\"y\\":2\},\\"toString\\":5/);
  const [unknown] = refuse(
    lines('{ "code": "0001", "name": "Centro", "type": "SEDE", "__proto__": {} }'),
  ) as [Diagnostic];
  assert.deepEqual([unknown.code, unknown.pointer], ['data-unknown-field', `${RECORD}/__proto__`]);
});

test('side attributes are taken out at any depth before the contract is applied', () => {
  const snapshot = accept({
    'x-source': 'ledger',
    brand: {
      name: 'A',
      'x-note': 1,
      companies: [
        { name: 'B', 'x-a': {}, branches: [branch({ 'x-match': {}, notes: [{ 'x-b': 1, c: 2 }] })] },
      ],
    },
  });
  assert.deepEqual(records(snapshot), [JSON.stringify(branch({ notes: [{ c: 2 }] }))]);
  assert.doesNotMatch(JSON.stringify(snapshot.frame), /x-/);
});

test('beyond a hundred faults the rest is counted', () => {
  const diagnostics = refuse(bare(Array.from({ length: 250 }, () => branch({ type: 'X', code: 'Y' }))));
  assert.equal(diagnostics.length, 101);
  assert.equal(diagnostics[100]?.code, 'data-more-faults');
  assert.match(diagnostics[100]?.message ?? '', /^400 more faults/);
});

test('notes never crowd out an error', () => {
  const parts = Array.from(
    { length: 130 },
    (_, index) => `\ufeff${JSON.stringify(bare([branch({ code: String(1000 + index) })]))}`,
  );
  assert.equal(snapshotOf(load(parts)).total, 130);
  const { snapshot, diagnostics } = load([...parts, bare([branch({ type: 'X' })])]);
  assert.equal(snapshot, undefined);
  assert.equal(diagnostics.at(-1)?.code, 'data-enum');
});

test('the places of many faults in one long line are found in no time', () => {
  const text = JSON.stringify(bare(Array.from({ length: 12_000 }, () => branch({ floors: 99 }))));
  const started = performance.now();
  const diagnostics = refuse(text);
  assert.ok(performance.now() - started < 1500);
  const last = diagnostics[99] as Diagnostic;
  assert.equal(text.slice(last.column - 1, last.column + 1), '99');
});

test('a list longer than the contract allows in one answer is noted with its place', () => {
  const limited = branchesPlan({ maxItems: 2 });
  const branches = (count: number) => Array.from({ length: count }, () => branch());
  const companies = [1, 4, 3].map((count) => ({ name: 'B', branches: branches(count) }));
  const { snapshot, diagnostics } = load([{ brand: { name: 'A', companies } }], limited);
  assert.equal(snapshot?.total, 8);
  assert.deepEqual(
    diagnostics.map(({ severity, code, pointer }) => [severity, code, pointer]),
    [['info', 'data-count', '/brand/companies/1/branches']],
  );
  assert.match(diagnostics[0]?.message ?? '', /4 elements and the contract allows 2/);
});

test('more groups than a call has arguments are read', () => {
  const limited = branchesPlan({ maxItems: 1 });
  const companies = Array.from({ length: 150_000 }, () => ({ name: 'B', branches: [] }));
  assert.equal(accept({ brand: { name: 'A', companies } }, limited).total, 0);
});

test('a contract that cannot be cut is checked whole, and its faults are placed', () => {
  const single = planOf(
    envelope({ oneOf: [{ type: 'object', required: ['kind'], properties: { kind: { enum: ['A'] } } }] }),
  );
  assert.equal(single.split, undefined);
  assert.equal(accept({ kind: 'A' }, single).total, 1);
  const marked = '{\n  "kind": §"B"\n}';
  const [first] = refuse(marked.replace('§', ''), single) as [Diagnostic];
  assert.deepEqual([first.code, first.pointer], ['data-enum', '/kind']);
  assert.deepEqual({ line: first.line, column: first.column }, placeOf(marked));
  assert.equal(refuse('{"kind": "A"', single)[0]?.code, 'data-syntax');
  assert.equal(accept({ data: { kind: 'A' }, links: 3, meta: null }, single).total, 1);
  assert.equal(refuse('{"data": {"kind": 1}}', single)[0]?.pointer, '/data/kind');
});

test('records of a contract that is checked whole may be broken in any way', () => {
  const { split: _, ...uncut } = plan;
  const whole: DatasetPlan = { ...uncut, split: undefined, whole: envelope({ type: 'object' }) };
  for (const record of ['{"a": }', '{"a" 1}', 'nope', '{"a":1,"a":2}', '{']) refuse(lines(record), whole);
});

test('parts are joined in the order given, and a company goes on where a later part repeats it', () => {
  const company = (name: string, ...codes: string[]) => ({
    name,
    branches: codes.map((code) => branch({ code })),
  });
  const part = (...companies: object[]) => ({ brand: { name: 'A', companies } });
  const snapshot = snapshotOf(
    load([
      part(company('B', '0001', '0002'), company('C', '0003')),
      { data: part(company('C', '0004'), company('D', '0005')) },
      part(company('B', '0006')),
    ]),
  );
  assert.deepEqual(
    records(snapshot).map((text) => JSON.parse(text).code),
    ['0001', '0002', '0006', '0003', '0004', '0005'],
  );
});

test('filters stay with their records when parts reorder them', () => {
  const nearby = planDataset(nearbyOperation(), {});
  const part = (...names: string[]) => ({
    brand: {
      name: 'A',
      companies: names.map((name) => ({
        name,
        branches: [branch({ name: `at ${name}`, countrySubDivision: name })],
      })),
    },
  });
  const { matches, ...snapshot } = snapshotOf(load([part('SP', 'RJ'), part('PA'), part('SP')], nearby));
  const found = records(snapshot as Snapshot).map((text) => JSON.parse(text).countrySubDivision);
  assert.deepEqual(found, ['SP', 'SP', 'RJ', 'PA']);
  assert.deepEqual(
    matches?.map((match) => [...(match?.holders[0]?.combinations ?? [])]),
    [['SP'], ['SP'], ['RJ'], ['PA']],
  );
  assert.equal(matches?.[0], matches?.[1]);
});

for (const [form, marked, pointer] of [
  ['bare', '{"brand": {"companies": [],\n "name": §"B"}}', '/brand/name'],
  ['whole', '{"links": {}, "data": {"brand": {"companies": [],\n "name": §"B"}}}', '/data/brand/name'],
] as const) {
  test(`a ${form} part with another brand is refused where it differs`, () => {
    const { snapshot, diagnostics } = load([bare([branch()]), marked.replace('§', '')]);
    assert.equal(snapshot, undefined);
    const [{ code, file, line, column, pointer: at, message }] = diagnostics as [Diagnostic];
    assert.deepEqual([code, at], ['data-parts-differ', pointer]);
    assert.match(file, /1\.json$/);
    assert.deepEqual({ line, column }, placeOf(marked));
    assert.match(message, new RegExp(`"${pointer.slice(1)}" differs from .*0\\.json`));
  });
}

test('a fault in one part names that part', () => {
  const { diagnostics } = load([bare([branch()]), bare([branch({ type: 'X' })])]);
  assert.match(diagnostics[0]?.file ?? '', /1\.json$/);
});
