import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { bare, branch, branchesOperation, nearbyOperation } from '../../test/support/branches-contract.ts';
import { dataFolder } from '../../test/support/data-folder.ts';
import type { Answer } from '../contract/call.ts';
import type { Operation } from '../contract/operation.ts';
import { createDataset, type Dataset } from './dataset.ts';
import { planDataset } from './dataset-plan.ts';
import { loadDataset } from './load-dataset.ts';
import { createPageCache } from './page-cache.ts';
import type { Snapshot } from './snapshot.ts';

const NEARBY_URL = 'https://api.example/open-insurance/things/v1/nearby';

function snapshotOf(operation: Operation, branches: readonly unknown[]): Snapshot {
  const folder = dataFolder({ 'a.json': bare(branches) });
  const plan = planDataset(operation, {});
  const { snapshot, diagnostics } = loadDataset(plan, [join(folder, 'a.json')], { maxBytes: 1e8 });
  assert.ok(snapshot, JSON.stringify(diagnostics));
  return snapshot;
}

function publish(operation: Operation, branches: readonly unknown[], maxPageSize = 1000): Dataset {
  const settings = {
    baseUrl: 'https://api.example',
    maxPageSize,
    pages: createPageCache(1e7),
    now: () => 0,
  };
  const dataset = createDataset(operation, planDataset(operation, {}), settings);
  dataset.publish(snapshotOf(operation, branches));
  return dataset;
}

function read(
  dataset: Dataset,
  query: Record<string, string> = {},
  path: Record<string, string> = {},
): Answer {
  return dataset.read({ operation: dataset.operation, path, query, headers: {} });
}

function bodyOf(answer: Answer) {
  assert.ok(answer.kind === 'content', JSON.stringify(answer));
  const body = JSON.parse(String(answer.content.body('identity')));
  const branches: { code: string; countrySubDivision?: string }[] = body.data.brand.companies.flatMap(
    (company: { branches: unknown[] }) => company.branches,
  );
  return { ...body, codes: branches.map(({ code }) => Number(code)), branches };
}

const numbered = (count: number) =>
  Array.from({ length: count }, (_, index) => branch({ code: String(index).padStart(4, '0') }));

test('pages hold their records, with totals and links', () => {
  const dataset = publish(branchesOperation(), numbered(60));
  assert.equal(bodyOf(read(dataset)).codes.length, 25);
  const { codes, meta, links } = bodyOf(read(dataset, { page: '3' }));
  assert.deepEqual(codes, [50, 51, 52, 53, 54, 55, 56, 57, 58, 59]);
  assert.deepEqual(meta, { totalRecords: 60, totalPages: 3 });
  assert.match(links.prev, /\?page=2&page-size=25$/);
  assert.equal(links.next, undefined);
});

test('a page beyond the last has no records and keeps the totals', () => {
  const dataset = publish(branchesOperation(), numbered(3));
  const { codes, meta, data } = bodyOf(read(dataset, { page: '9' }));
  assert.deepEqual([codes, meta.totalRecords, data.brand.companies.length], [[], 3, 1]);
});

test('the holder and the maxItems of the contract cut pages', () => {
  assert.equal(
    bodyOf(read(publish(branchesOperation(), numbered(60), 10), { 'page-size': '50' })).codes.length,
    10,
  );
  const limited = publish(branchesOperation({ maxItems: 7 }), numbered(60));
  assert.equal(bodyOf(read(limited)).codes.length, 7);
});

test('what is no page is refused', () => {
  const dataset = publish(branchesOperation(), numbered(3));
  for (const query of [{ page: '0' }, { page: 'x' }, { 'page-size': '0' }, { 'page-size': '1001' }]) {
    const answer = read(dataset, query);
    assert.ok(answer.kind === 'problem');
    assert.equal(answer.problem.status, 400);
  }
});

test('without records the answer is an empty list where the contract allows one', () => {
  const { codes, meta } = bodyOf(read(publish(branchesOperation(), [])));
  assert.deepEqual([codes, meta], [[], { totalRecords: 0, totalPages: 0 }]);
});

test('without records, and with a contract that demands one, the answer is 404 or the 204 that it declares', () => {
  const operation = branchesOperation({ minItems: 1 });
  const answer = read(publish(operation, []));
  assert.ok(answer.kind === 'problem');
  assert.deepEqual([answer.problem.status, answer.problem.code], [404, 'SEM_REGISTROS']);
  const declared = { ...operation, statuses: new Set([200, 204]) };
  assert.equal(read(publish(declared, [])).kind, 'empty');
  assert.equal(read(publish(declared, numbered(3)), { page: '2' }).kind, 'empty');
});

test('a filter keeps the records that match, and pages and links are those of the matches', () => {
  const states = ['SP', 'RJ', 'PA'];
  const branches = numbered(90).map((record, index) => ({
    ...record,
    countrySubDivision: states[index % 3],
  }));
  const dataset = publish(nearbyOperation(), branches);
  for (const round of [1, 2]) {
    const {
      branches: found,
      meta,
      links,
    } = bodyOf(read(dataset, { page: '2', 'page-size': '20' }, { countrySubDivision: 'RJ' }));
    assert.deepEqual([found.length, meta.totalRecords, round], [10, 30, round]);
    assert.ok(found.every((one: { countrySubDivision?: string }) => one.countrySubDivision === 'RJ'));
    assert.equal(links.first, `${NEARBY_URL}/RJ?page=1&page-size=20`);
  }
});

test('a value outside the enum of its member is refused, and one that no record has is an empty list', () => {
  const dataset = publish(nearbyOperation(), [branch({ countrySubDivision: 'SP' })]);
  const refused = read(dataset, {}, { countrySubDivision: 'XX' });
  assert.ok(refused.kind === 'problem');
  assert.equal(refused.problem.status, 400);
  assert.deepEqual(bodyOf(read(dataset, {}, { countrySubDivision: 'PA' })).codes, []);
});

test('a record with x-match is found by what it lists and served without it', () => {
  const dataset = publish(nearbyOperation(), [branch({ 'x-match': { countrySubDivision: ['SP', 'RJ'] } })]);
  const found = bodyOf(read(dataset, {}, { countrySubDivision: 'RJ' })).branches;
  assert.deepEqual(found, [branch()]);
  assert.deepEqual(bodyOf(read(dataset, {}, { countrySubDivision: 'PA' })).branches, []);
});

test('another snapshot changes every answer at once, cached and filtered ones too', () => {
  const operation = nearbyOperation();
  const dataset = publish(operation, [branch({ countrySubDivision: 'SP' })]);
  const ask = () => bodyOf(read(dataset, {}, { countrySubDivision: 'SP' })).codes;
  assert.deepEqual(ask(), [1]);
  dataset.publish(snapshotOf(operation, [branch({ code: '0007', countrySubDivision: 'SP' })]));
  assert.deepEqual(ask(), [7]);
  dataset.publish(undefined);
  const answer = read(dataset, {}, { countrySubDivision: 'SP' });
  assert.ok(answer.kind === 'problem');
  assert.equal(answer.problem.code, 'PRODUTO_NAO_OFERTADO');
});

test('the last page of many costs no more than the first', () => {
  const dataset = publish(
    branchesOperation(),
    Array.from({ length: 50_000 }, () => branch()),
  );
  const fastest = (pages: readonly number[]) =>
    Math.min(
      ...pages.map((page) => {
        const started = performance.now();
        read(dataset, { page: String(page) });
        return performance.now() - started;
      }),
    );
  const first = fastest([1, 2, 3, 4, 5, 6, 7, 8]);
  const last = fastest([2000, 1999, 1998, 1997, 1996, 1995, 1994, 1993]);
  assert.ok(last < 10 && last < first * 5 + 1, `${first} ms and ${last} ms`);
});
