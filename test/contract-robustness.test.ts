import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { load } from 'js-yaml';
import { type ErrorContent, renderErrorBody } from '../src/contract/error-shape.ts';
import type { Operation } from '../src/contract/operation.ts';
import { selectRoutes } from '../src/contract/select-routes.ts';
import { catalogFolder, contractFolder, loadFolders } from './support/contract-folder.ts';
import { isWellFormed, validator } from './support/schema-site.ts';

const DOCUMENTS = [
  'open-finance/channels/2.0.1', 'open-finance/common/2.0.1', 'open-finance/admin/2.0.1', 'open-finance/pension/2.0.0',
  'open-finance/opendata-accounts/1.0.1', 'open-insurance/channels/1.0.0', 'open-insurance/discovery/1.0.0',
  'open-insurance/life-pension/1.0.0', 'open-insurance/capitalization-title/1.0.0', 'open-insurance/person/2.0.0',
  'open-insurance/insurance-financial-assistance/1.3.0',
]; // biome-ignore format: a list is easier to read than a column

const ROUNDS = 32;
const CONTENT: ErrorContent = { code: 'ERRO', title: 'Erro', detail: 'Detalhe', at: 0 };

type Node = { [member: string]: unknown };
interface Place {
  readonly holder: Node;
  readonly member: string;
}

/** A small generator with a seed, so that a failure can be repeated. */
function createRandom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

function placesIn(root: unknown): Place[] {
  if (typeof root !== 'object' || root === null) return [];
  return Object.entries(root).flatMap(([member, value]) => [
    { holder: root as Node, member },
    ...placesIn(value),
  ]);
}

/** Half of the places are chosen near the top, where a change reaches furthest. */
function choose(places: Place[], random: (below: number) => number): Place {
  const top = places.filter(({ member }) =>
    /^(openapi|info|servers|paths|components|schemas|responses|parameters|get|200|content|schema|data|errors|links|meta|items|required|properties|\$ref|name|in|security|version|url|default|minimum)$/.test(
      member,
    ),
  );
  const from = random(2) === 0 && top.length > 0 ? top : places;
  return from[random(from.length)] as Place;
}

const JUNK = [
  null, true, false, 0, -1, 1.5, 1e308, '', ' ', 'text', '[', '\u0000', [], {}, [null], [[]], [{}], { '': null }, { type: 'string' }, { $ref: '#' },
  { $ref: '#/paths' }, { $ref: '#/components/schemas/Gone' }, { $ref: '' }, { $ref: 5 }, { $ref: '../../../etc/passwd' },
  { allOf: [{ $ref: '#/components/schemas' }, null] }, { type: 'array', items: { $ref: '#/components' } }, { properties: { data: 5 } }, { items: null },
  { name: 'page', in: 'query', schema: null }, { '__proto__x': 1 }, { type: ['array', 'null'], items: {} }, { enum: [], required: [5], pattern: '(' },
]; // biome-ignore format: a list is easier to read than a column

/** Deletes, replaces, copies, wraps or renames one node somewhere in a document, and says what it did. */
function mutate(document: Node, random: (below: number) => number): string {
  const places = placesIn(document);
  const { holder, member } = choose(places, random);
  const other = choose(places, random);
  const isList = Array.isArray(holder);
  switch (random(6)) {
    case 0:
      if (isList) holder.splice(Number(member), 1);
      else delete holder[member];
      return `delete ${member}`;
    case 1: {
      const junk = structuredClone(JUNK[random(JUNK.length)]);
      holder[member] = junk;
      return `replace ${member} by ${JSON.stringify(junk)}`;
    }
    case 2:
      holder[member] = structuredClone(other.holder[other.member]);
      return `replace ${member} by a copy of ${other.member}`;
    case 3:
      if (isList) holder.push(structuredClone(holder[member as never]));
      else holder[`${member}X`] = structuredClone(holder[member]);
      return `duplicate ${member}`;
    case 4:
      holder[member] =
        random(2) === 0
          ? [holder[member]]
          : { allOf: [holder[member], structuredClone(other.holder[other.member])] };
      return `wrap ${member}`;
    default:
      if (!isList) {
        holder[other.member] = holder[member];
        delete holder[member];
      }
      return `rename ${member} to ${other.member}`;
  }
}

/** Uses all that an operation offers, which is compiled when first asked for. */
function exercise(operation: Operation, thoroughly: boolean): void {
  const { answer, parameters, errorShape } = operation;
  const split = answer.split();
  for (const schema of [
    answer.schema(),
    split?.skeleton,
    split?.record,
    ...parameters.map(({ schema }) => schema),
  ]) {
    if (schema === undefined) continue;
    assert.ok(isWellFormed(schema), `schema: ${JSON.stringify(schema)}`);
    if (thoroughly) validator(schema)({ data: [] });
  }
  for (const status of [400, 404, 500, 529]) {
    const shape = errorShape(status);
    if (shape) JSON.stringify(renderErrorBody(shape, CONTENT));
  }
  const { paging } = operation;
  if (paging)
    assert.ok(
      paging.minSize >= 1 &&
        paging.defaultSize >= 1 &&
        paging.defaultSize <= paging.maxSize &&
        paging.minSize <= paging.maxSize,
    );
  assert.match(operation.version, /^\d+\.\d+\.\d+(-[\w.-]+)?$/);
  assert.match(operation.path, /^\/([^/].*[^/])?$|^\/[^/]$/);
}

describe('contracts with faults of any kind', () => {
  const originals = DOCUMENTS.map((name) =>
    JSON.stringify(load(readFileSync(join(catalogFolder, `${name}.yaml`), 'utf8'))),
  );

  it('load as they are', () => {
    const { operations, diagnostics } = loadFolders(
      contractFolder(Object.fromEntries(originals.map((text, index) => [`${index}.json`, text]))),
    );
    assert.deepEqual(
      diagnostics.filter(({ severity }) => severity !== 'info'),
      [],
    );
    for (const operation of operations) exercise(operation, false);
  });

  it(`never throw, and always compile or say why not (${ROUNDS * DOCUMENTS.length} mutated documents)`, () => {
    for (let round = 0; round < ROUNDS; round += 1) {
      const folder = contractFolder();
      const changes = originals.map((original, index) => {
        const random = createRandom(round * 1000 + index);
        const document = JSON.parse(original) as Node;
        const made = Array.from({ length: 1 + random(3) }, () => mutate(document, random));
        writeFileSync(join(folder, `${index}.json`), JSON.stringify(document));
        return made.join('; ');
      });
      const { operations, diagnostics } = loadFolders(folder);
      selectRoutes(operations);
      changes.forEach((change, index) => {
        const file = join(folder, `${index}.json`);
        const compiled = operations.filter(({ source }) => source.file === file);
        const blamed = diagnostics.some(
          (diagnostic) => diagnostic.file === file && diagnostic.severity !== 'info',
        );
        assert.ok(
          compiled.length > 0 || blamed,
          `round ${round}, ${DOCUMENTS[index]}: lost without a word after: ${change}`,
        );
        try {
          compiled.forEach((operation, place) => {
            exercise(operation, place === 0 && round % 4 === 0);
          });
        } catch (error) {
          throw new Error(`round ${round}, ${DOCUMENTS[index]}: fails after: ${change}`, { cause: error });
        }
      });
    }
  });
});
