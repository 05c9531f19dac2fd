import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { Operation } from '../../src/contract/operation.ts';
import { datasetPath } from '../../src/open-data/find-datasets.ts';
import { followLinks } from '../support/follow-links.ts';
import { schemaValidator } from '../support/schema-validator.ts';
import type { Json } from '../support/send-request.ts';
import { startDataHolder } from '../support/start-data-holder.ts';

const EXAMPLES = join(import.meta.dirname, '../../examples');

for (const institution of ['insurer', 'bank']) {
  const folder = join(EXAMPLES, institution, 'data');

  describe(`given the example ${institution}`, async () => {
    const holder = await startDataHolder({ folders: [folder] });
    const offered = holder.service.routes
      .map(({ operation }) => operation)
      .filter((operation) => operation.kind === 'open-data' && partsOf(folder, operation).length > 0);

    it('then its data breaks no contract and every file is used', () => {
      assert.deepEqual(
        holder.diagnostics.filter(({ severity }) => severity !== 'info'),
        [],
      );
      assert.ok(offered.length >= 10);
    });

    for (const operation of offered) {
      it(`when ${operation.path} is read, then every page is valid and all pages are the data`, async () => {
        const validate = schemaValidator(operation.answer.schema());
        const parts = partsOf(folder, operation);
        const stored = parts.flatMap((part) => recordsOf(operation, part));
        // Parts that name the same companies are merged company by company.
        const ordered = (records: Json[]) => (parts.length > 1 ? records.map(asText).sort() : records);
        const path = operation.path.replace(/\{[^}]*\}/g, '1');
        // A value that no record can have matches only where the record says nothing about it.
        const isFiltered = operation.parameters.some(({ in: place }) => place === 'path');
        for (const size of [7, 1000]) {
          const pages = await followLinks(holder, `${path}?page-size=${size}`);
          for (const { answer } of pages) {
            assert.ok(validate(answer), `${operation.key} ${JSON.stringify(validate.errors?.slice(0, 3))}`);
          }
          const served = pages.flatMap(({ answer }) => recordsOf(operation, answer));
          if (!isFiltered) assert.deepEqual(ordered(served), ordered(stored));
          else
            for (const record of served) assert.ok(stored.some((known) => asText(known) === asText(record)));
          if (size === 7 && !isFiltered) assert.equal(pages.length, pagesFor(operation, stored.length));
        }
      });
    }
  });
}

function pagesFor(operation: Operation, total: number): number {
  const size = Math.min(7, operation.answer.split()?.maxItems ?? 7);
  return Math.ceil(total / size);
}

/** The parts of an example dataset, parsed, in name order. */
function partsOf(folder: string, operation: Operation): Json[] {
  const place = join(folder, datasetPath(operation));
  const parse = (file: string) => JSON.parse(readFileSync(file, 'utf8'));
  if (statSync(`${place}.json`, { throwIfNoEntry: false })) return [parse(`${place}.json`)];
  if (!statSync(place, { throwIfNoEntry: false })?.isDirectory()) return [];
  return readdirSync(place)
    .filter((name) => name.endsWith('.json'))
    .sort()
    .map((name) => parse(join(place, name)));
}

/** What stands at the counted array, without what is only for guiche. */
function recordsOf({ answer }: Operation, value: Json): Json[] {
  const path = answer.countedArray ?? [];
  const hasData = path[0] !== 'data' || (value !== null && Object.hasOwn(value, 'data'));
  const found = (hasData ? path : path.slice(1)).reduce<Json[]>(
    (values, segment) =>
      segment === '*'
        ? values.flat()
        : values.flatMap((item) => (item?.[segment] === undefined ? [] : [item[segment]])),
    [value],
  );
  return found.flat().map(withoutSideAttributes);
}

function withoutSideAttributes(value: Json): Json {
  if (Array.isArray(value)) return value.map(withoutSideAttributes);
  if (typeof value !== 'object' || value === null) return value;
  const kept = Object.entries(value).filter(([name]) => !name.startsWith('x-'));
  return Object.fromEntries(kept.map(([name, member]) => [name, withoutSideAttributes(member)]));
}

function asText(value: Json): string {
  return JSON.stringify(value);
}
