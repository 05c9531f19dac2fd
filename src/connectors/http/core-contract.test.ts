import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { schemaValidator } from '../../../test/support/schema-validator.ts';
import { parseDocument } from '../../contract/parse-document.ts';
import { SITUATIONS } from '../customer.ts';
import { type CoreOperationName, readCoreContract } from './core-contract.ts';

const FILE = join(import.meta.dirname, '..', '..', '..', 'connectors', 'http', 'openapi.yaml');
const { value, diagnostics } = parseDocument(FILE, readFileSync(FILE));
// biome-ignore lint/suspicious/noExplicitAny: a document of which each test looks at another corner
const document = value as any;
const contract = readCoreContract();

describe('given the document that institutions implement', () => {
  it('when it is read, then nothing is wrong with it', () => {
    assert.deepEqual(diagnostics, []);
    assert.match(document.openapi, /^3\.1\./);
  });

  it('when references are followed, then each leads somewhere', () => {
    const lost = [...JSON.stringify(document).matchAll(/"\$ref":"#([^"]+)"/g)]
      .map(([, pointer = '']) => pointer)
      .filter((pointer) => at(pointer) === undefined);
    assert.deepEqual(lost, []);
  });

  it('when a schema or answer is described, then something uses it', () => {
    const text = JSON.stringify(document);
    const unused = ['schemas', 'parameters', 'responses'].flatMap((kind) =>
      Object.keys(document.components[kind]).filter(
        (name) => !text.includes(`"#/components/${kind}/${name}"`),
      ),
    );
    assert.deepEqual(unused, []);
  });

  it('when it says what may be repeated, then that is everything but a login', () => {
    const unsafe = Object.values(contract).filter(({ isSafe }) => !isSafe);
    assert.deepEqual(
      unsafe.map(({ name }) => name),
      ['authenticateCustomer'],
    );
    for (const operation of operations()) assert.equal(typeof operation['x-guiche-safe'], 'boolean');
  });

  it('when it lists situations, then they are those of the port', () => {
    assert.deepEqual(document.components.schemas.Resource.properties.situation.enum, [...SITUATIONS]);
  });

  it('when it gives an example of an answer, then it is a good one', () => {
    let tried = 0;
    for (const operation of operations()) {
      const answer = operation.responses['200'];
      const { examples } = (answer.$ref ? at(answer.$ref.slice(1)) : answer).content['application/json'];
      for (const [name, example] of Object.entries<{ value: unknown }>(examples)) {
        tried += 1;
        const fault = contract[operation.operationId as CoreOperationName].faultOf(example.value);
        assert.equal(fault, undefined, `${operation.operationId} ${name}`);
      }
    }
    assert.ok(tried >= 12, `${tried}`);
  });

  it('when it gives an example of a request, then it fits its schema', () => {
    let tried = 0;
    for (const operation of operations().filter(({ requestBody }) => requestBody)) {
      const { schema, examples } = operation.requestBody.content['application/json'];
      const validate = schemaValidator({ ...schema, components: document.components });
      for (const [name, example] of Object.entries<{ value: unknown }>(examples)) {
        tried += 1;
        assert.ok(
          validate(example.value),
          `${operation.operationId} ${name}: ${JSON.stringify(validate.errors)}`,
        );
      }
    }
    assert.ok(tried >= 6, `${tried}`);
  });

  it('when its page shows a call and its answer, then both are good', () => {
    const page = readFileSync(join(FILE, '..', '..', '..', 'docs', 'connector-http.md'), 'utf8');
    const asked = JSON.parse(/ -d '([^']+)'/.exec(page)?.[1] ?? '');
    const answered = JSON.parse(/```json\n(.*?)```/s.exec(page)?.[1] ?? '');
    const { schema } = document.paths['/v1/data/list'].post.requestBody.content['application/json'];
    assert.ok(schemaValidator({ ...schema, components: document.components })(asked));
    assert.equal(contract.listRecords.faultOf(answered), undefined);
  });

  it('when an operation is called, then nothing of it is in the URL', () => {
    for (const operation of operations())
      for (const { $ref } of operation.parameters) assert.equal(at($ref.slice(1)).in, 'header');
    assert.ok(Object.keys(document.paths).every((path) => !path.includes('{')));
  });
});

// biome-ignore lint/suspicious/noExplicitAny: as above
function operations(): any[] {
  return Object.values<object>(document.paths).flatMap((item) => Object.values(item));
}

// biome-ignore lint/suspicious/noExplicitAny: as above
function at(pointer: string): any {
  return pointer
    .slice(1)
    .split('/')
    .reduce((node, part) => node?.[part.replaceAll('~1', '/')], document);
}
