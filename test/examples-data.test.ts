import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { describe, it } from 'node:test';
import { isCnpj, isCpf } from '../src/consents/identity-document.ts';
import { composeAnswer } from '../src/contract/compose-answer.ts';
import { createAnswerChecks } from '../src/customer-data/check-answers.ts';
import { putRecords, takeRecords } from '../src/customer-data/enclosed-records.ts';
import { createAddressing } from '../src/customer-data/product-ids.ts';
import {
  customerDataOperations,
  EXAMPLE_INSTITUTIONS,
  type ExampleRead,
  exampleOwners,
  exampleReads,
} from './support/example-customers.ts';
import type { Json } from './support/send-request.ts';

/** Members whose value says, by another member, what kind of document it is. */
const DOCUMENT_MEMBERS = /(?:cpf|cnpj|identification|documentNumber)(?:Number)?$/i;
const AT = Date.UTC(2026, 2, 10, 12);
const checkOf = createAnswerChecks();

for (const institution of EXAMPLE_INSTITUTIONS)
  describe(`given the customers of the example ${institution.folder}`, () => {
    const owners = exampleOwners(institution);
    const operations = customerDataOperations(institution);
    const reads = exampleReads(institution);
    const addressingOf = createAddressing(operations);

    it('when the operations of the catalog are looked for, then some customer has something for each', () => {
      const answered = new Set(
        reads.filter(({ file }) => existsSync(file)).map(({ operation }) => operation),
      );
      assert.deepEqual(
        operations.filter((operation) => !answered.has(operation)).map(({ key, version }) => [key, version]),
        [],
      );
      assert.ok(operations.length > 40);
    });

    it('when what customers have is looked for, then there is a file for all that can be read of it', () => {
      assert.deepEqual(reads.filter(({ file }) => !existsSync(file)).map(nameOf), []);
    });

    it('when their folders are walked, then every file is one that is read', () => {
      const wanted = new Set(reads.map(({ file }) => file));
      const orphans = owners
        .flatMap(({ folder }) => filesBelow(folder))
        .filter((file) => !/\/(?:customer|company)\.yaml$/.test(file) && !wanted.has(file));
      assert.deepEqual(orphans, []);
    });

    it('when each file is held to the contract of its operation, then nothing breaks it', () => {
      for (const read of reads) assert.deepEqual(breachesOf(read), [], nameOf(read));
    });

    it('when lists name resources, then they are those of the customer, each once', () => {
      for (const read of reads.filter(({ ref }) => ref === undefined)) {
        const { idName } = addressingOf(read.operation);
        if (idName === undefined) continue;
        const named = recordsOf(read).map((record) => record[idName]);
        const owned = read.owner.resources.filter(({ type }) => read.types.has(type)).map(({ ref }) => ref);
        assert.deepEqual(named.toSorted(), owned.toSorted(), nameOf(read));
      }
    });

    it('when a record tells its own reference, then it is that of its path', () => {
      for (const read of reads.filter(({ isOfResource }) => isOfResource)) {
        const { idName = '' } = addressingOf(read.operation);
        const own = contentOf(read).data?.[idName];
        if (own !== undefined) assert.equal(own, read.ref, nameOf(read));
      }
    });

    it('when something has an id of its own, then its file says which resource it belongs to', () => {
      for (const read of reads.filter(({ ref, isOfResource }) => ref !== undefined && !isOfResource)) {
        const { owner } = contentOf(read);
        assert.ok(
          read.owner.resources.some(({ ref, type }) => ref === owner && read.types.has(type)),
          nameOf(read),
        );
      }
    });

    it('when a list has records with ids, then no id comes twice', () => {
      for (const read of reads) {
        const ids = recordsOf(read).flatMap((record) => record.transactionId ?? record.identification ?? []);
        assert.equal(new Set(ids).size, ids.length, nameOf(read));
      }
    });

    it('when people and companies are named, then their documents have the right check digits', () => {
      const documents = [
        ...owners.map(({ document }) => document),
        ...reads.flatMap((read) => documentsIn(contentOf(read).data)),
      ];
      assert.ok(documents.length > owners.length);
      for (const document of documents) assert.ok(isCpf(document) || isCnpj(document), document);
    });
  });

it('given the example bank, when its longest list is looked at, then it fills several pages', () => {
  const longest = Math.max(...exampleReads(EXAMPLE_INSTITUTIONS[0]).map((read) => recordsOf(read).length));
  assert.ok(longest > 10 * 25);
});

function nameOf({ operation, owner, file }: ExampleRead): string {
  return `${relative(owner.folder, file)} of ${owner.person} …${owner.document.slice(-4)}, ${operation.version}`;
}

function contentOf({ file }: ExampleRead): Json {
  return JSON.parse(readFileSync(file, 'utf8'));
}

function recordsOf(read: ExampleRead): Json[] {
  const { countedArray } = read.operation.answer;
  return countedArray ? [...(takeRecords(contentOf(read).data, countedArray.slice(1)) ?? [])] : [];
}

/** What is wrong with each record, and with the answer that is composed of them as the handler does. */
function breachesOf(read: ExampleRead): unknown[] {
  const { operation } = read;
  const { data } = contentOf(read);
  const path = operation.answer.countedArray?.slice(1);
  const records = path && takeRecords(data, path);
  if (path && !records) return ['form of the list'];
  const check = checkOf(operation);
  const call = { operation, path: {}, query: {}, headers: {} };
  const computed =
    path && records
      ? {
          list: records.map((record, at) => ({ at, record })),
          enclose: (page: readonly unknown[]) => putRecords(data, path, page as never),
        }
      : { record: data };
  const made = composeAnswer(call, computed, {
    baseUrl: 'https://api.bank.example',
    maxPageSize: 1000,
    at: AT,
  });
  if (made.kind !== 'json') return [made.kind];
  return [...(records ?? []).map(check.record), check.whole(made.body)].filter(
    (breach) => breach !== undefined,
  );
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

/** Values that have the form of a CPF or CNPJ, of members that may have one. */
function documentsIn(value: Json, name = ''): string[] {
  if (typeof value === 'string')
    return DOCUMENT_MEMBERS.test(name) && /^(?:\d{11}|[0-9A-Z]{12}\d{2})$/.test(value) ? [value] : [];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([member, inner]) =>
    documentsIn(inner, Array.isArray(value) ? name : member),
  );
}
