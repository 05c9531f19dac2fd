import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, renameSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { dataFolder } from '../../test/support/data-folder.ts';
import { type Diagnostic, formatDiagnostic } from '../kernel/diagnostic.ts';
import { datasetPath, type FoundDatasets, findDatasets, signFiles } from './find-datasets.ts';

const WANTED = new Set([
  'open-insurance/channels/v1/branches',
  'open-insurance/channels/v1/phone-channels',
  'open-insurance/home/v1/commercializationArea',
]);
const UNSERVED = new Map([['open-insurance/discovery/v1/status', 'served from records']]);

function find(...folders: string[]): FoundDatasets {
  return findDatasets(folders, WANTED, UNSERVED);
}

/** Dataset paths with their files, relative to the folder. */
function datasetsOf(found: FoundDatasets, folder: string): Record<string, string[]> {
  return Object.fromEntries(
    [...found.datasets].map(([path, { files }]) => [
      path,
      files.map((file) => file.slice(folder.length + 1)),
    ]),
  );
}

function codes({ diagnostics }: FoundDatasets): string[] {
  return diagnostics.map(({ severity, code }) => `${severity} ${code}`);
}

const canBeLockedOut = process.getuid?.() !== 0;

test("an operation's data lies at its literal segments, up to the first parameter", () => {
  assert.equal(
    datasetPath({ path: '/open-insurance/channels/v1/branches' }),
    'open-insurance/channels/v1/branches',
  );
  assert.equal(datasetPath({ path: '/a/v1/home/{area}' }), 'a/v1/home');
  assert.equal(datasetPath({ path: '/a/{x}/b/{y}' }), 'a');
});

test('a file is a dataset, and a folder of files is one in parts, in name order', () => {
  const folder = dataFolder({
    'open-insurance/channels/v1/branches/10-sul.json': '',
    'open-insurance/channels/v1/branches/02-norte.JSON': '',
    'open-insurance/channels/v1/branches/2-leste.json': '',
    'open-insurance/channels/v1/branches/README.md': '',
    'open-insurance/home/v1/commercializationArea.json': '',
  });
  const found = find(folder);
  assert.deepEqual(datasetsOf(found, folder), {
    'open-insurance/channels/v1/branches': ['02-norte.JSON', '10-sul.json', '2-leste.json'].map(
      (name) => `open-insurance/channels/v1/branches/${name}`,
    ),
    'open-insurance/home/v1/commercializationArea': ['open-insurance/home/v1/commercializationArea.json'],
  });
  assert.deepEqual([found.isComplete, found.diagnostics], [true, []]);
});

test('hidden names are passed over', () => {
  const folder = dataFolder({
    'open-insurance/channels/v1/.branches.json': '',
    'open-insurance/channels/v1/branches/.part.json': '',
    'open-insurance/channels/v1/branches/1.json': '',
    '.git/open-insurance/channels/v1/phone-channels.json': '',
  });
  assert.deepEqual(datasetsOf(find(folder), folder), {
    'open-insurance/channels/v1/branches': ['open-insurance/channels/v1/branches/1.json'],
  });
});

test('a file that belongs to no endpoint is a warning that says which one was meant', () => {
  const folder = dataFolder({
    'open-insurance/channels/v1/branchs.json': '',
    'zzz.json': '',
    'open-insurance/channels/v1/branches/deeper/1.json': '',
    'open-insurance/discovery/v1/status.json': '',
    'notes.txt': '',
  });
  const found = find(folder);
  const lines = found.diagnostics.map((diagnostic) => formatDiagnostic(diagnostic).slice(folder.length + 1));
  assert.deepEqual(lines, [
    'open-insurance/channels/v1/branches/deeper/1.json:0:0 warning data-no-endpoint / belongs to no endpoint; did you mean open-insurance/channels/v1/branches.json?',
    'open-insurance/channels/v1/branchs.json:0:0 warning data-no-endpoint / belongs to no endpoint; did you mean open-insurance/channels/v1/branches.json?',
    'open-insurance/discovery/v1/status.json:0:0 warning data-not-served / not read: served from records',
    'zzz.json:0:0 warning data-no-endpoint / belongs to no endpoint; its path must mirror the URL of an endpoint, as `guiche routes` lists them',
  ]);
});

test('two folders that offer one dataset are an error that names both, and neither is taken', () => {
  const one = dataFolder({ 'open-insurance/channels/v1/branches.json': '' });
  const two = dataFolder({
    'open-insurance/channels/v1/branches/1.json': '',
    'open-insurance/channels/v1/branches/2.json': '',
    'open-insurance/channels/v1/phone-channels.json': '',
  });
  const found = find(one, two);
  assert.deepEqual(codes(found), ['error data-folder-twice']);
  const [{ file, message }] = found.diagnostics as [Diagnostic];
  assert.equal(file, join(two, 'open-insurance/channels/v1/branches'));
  assert.ok(message.includes(join(one, 'open-insurance/channels/v1/branches.json')));
  assert.deepEqual([...found.datasets.keys()], ['open-insurance/channels/v1/phone-channels']);
  assert.deepEqual([...found.contested], ['open-insurance/channels/v1/branches']);
  assert.equal(found.isComplete, true);
});

test('a file beside a folder of the same name is the same error', () => {
  const folder = dataFolder({
    'open-insurance/channels/v1/branches.json': '',
    'open-insurance/channels/v1/branches/1.json': '',
  });
  assert.deepEqual(codes(find(folder)), ['error data-folder-twice']);
});

test('one folder given twice is one folder', () => {
  const folder = dataFolder({ 'open-insurance/channels/v1/branches.json': '' });
  assert.deepEqual(codes(find(folder, folder)), []);
});

test('a folder for parts with no part in it is a warning', () => {
  const folder = dataFolder({ 'open-insurance/channels/v1/branches/README.md': '' });
  mkdirSync(join(folder, 'open-insurance/other'));
  const found = find(folder);
  assert.deepEqual(codes(found), ['warning data-empty']);
  assert.equal(found.diagnostics[0]?.file, join(folder, 'open-insurance/channels/v1/branches'));
});

test('the layout of a mounted ConfigMap works, and swapping its link changes the signature', () => {
  const folder = dataFolder({
    '..2026_01/branches.json': '"old"',
    '..2026_02/branches.json': '"new"',
    'open-insurance/channels/v1/.keep': '',
  });
  symlinkSync('..2026_01', join(folder, '..data'));
  symlinkSync('../../../..data/branches.json', join(folder, 'open-insurance/channels/v1/branches.json'));
  const path = 'open-insurance/channels/v1/branches';
  const before = find(folder);
  assert.deepEqual(datasetsOf(before, folder), { [path]: [`${path}.json`] });
  symlinkSync('..2026_02', join(folder, '..tmp'));
  renameSync(join(folder, '..tmp'), join(folder, '..data'));
  const after = find(folder);
  assert.notEqual(after.datasets.get(path)?.signature, before.datasets.get(path)?.signature);
  assert.deepEqual(codes(after), []);
});

test('one folder may stand for two datasets by links', () => {
  const folder = dataFolder({ 'shared/1.json': '', 'open-insurance/channels/v1/.keep': '' });
  for (const name of ['branches', 'phone-channels'])
    symlinkSync('../../../shared', join(folder, 'open-insurance/channels/v1', name));
  assert.deepEqual(
    [...find(folder).datasets.keys()],
    ['open-insurance/channels/v1/branches', 'open-insurance/channels/v1/phone-channels'],
  );
});

test('links that lead back into the folder end the walk', () => {
  const folder = dataFolder({ 'open-insurance/channels/v1/branches.json': '' });
  for (const [target, name] of [
    ['..', 'open-insurance/up'],
    ['.', 'open-insurance/here'],
    ['../../..', 'open-insurance/channels/v1/phone-channels'],
    [folder, 'all'],
  ] as const)
    symlinkSync(target, join(folder, name));
  const found = find(folder);
  assert.deepEqual([...found.datasets.keys()], ['open-insurance/channels/v1/branches']);
  assert.equal(found.isComplete, true);
});

test('links in a circle and links to nothing are errors that leave the look incomplete', () => {
  const folder = dataFolder();
  symlinkSync('b.json', join(folder, 'a.json'));
  symlinkSync('a.json', join(folder, 'b.json'));
  symlinkSync('gone', join(folder, 'c.json'));
  const found = find(folder);
  assert.deepEqual(codes(found), ['error data-link-loop', 'error data-link-loop', 'error data-unreadable']);
  assert.equal(found.isComplete, false);
});

test('a data folder that is not there is an error', () => {
  const found = find(join(dataFolder(), 'missing'));
  assert.deepEqual(codes(found), ['error data-unreadable']);
  assert.match(found.diagnostics[0]?.message ?? '', /ENOENT/);
  assert.equal(found.isComplete, false);
});

test('a folder that may not be entered is an error', (t) => {
  if (!canBeLockedOut) return t.skip('the superuser may enter every folder');
  const folder = dataFolder({ 'open-insurance/channels/v1/branches.json': '' });
  chmodSync(join(folder, 'open-insurance'), 0);
  t.after(() => chmodSync(join(folder, 'open-insurance'), 0o755));
  assert.deepEqual(codes(find(folder)), ['error data-unreadable']);
});

test('a pipe and a folder named like data do not block the look', () => {
  const folder = dataFolder({ 'open-insurance/channels/v1/.keep': '' });
  execFileSync('mkfifo', [join(folder, 'open-insurance/channels/v1/branches.json')]);
  mkdirSync(join(folder, 'open-insurance/channels/v1/phone-channels.json'));
  assert.deepEqual([...find(folder).datasets.keys()], ['open-insurance/channels/v1/branches']);
});

test('a signature changes with content, time, identity and presence, and never throws', () => {
  const folder = dataFolder({ 'a.json': '1' });
  const file = join(folder, 'a.json');
  const signatures = [signFiles([file])];
  const remember = () => signatures.push(signFiles([file]));
  writeFileSync(file, '22');
  remember();
  utimesSync(file, 1, 1);
  remember();
  writeFileSync(join(folder, 'b.json'), '22');
  utimesSync(join(folder, 'b.json'), 1, 1);
  renameSync(join(folder, 'b.json'), file);
  remember();
  rmSync(file);
  remember();
  assert.equal(new Set(signatures).size, signatures.length);
  symlinkSync('a.json', file);
  assert.match(signFiles([file]), /gone/);
});
