import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { Operation } from '../../src/contract/operation.ts';
import { declaredErrors, schemaValidator } from '../support/schema-validator.ts';
import type { ReceivedAnswer, RequestToSend } from '../support/send-request.ts';
import { type RunningHolder, startDataHolder } from '../support/start-data-holder.ts';

const EXAMPLES = join(import.meta.dirname, '../../examples');

/** Every way to be refused by an operation, as a request for its path. */
const MISTAKES: { status: number; given: string; empty?: true; request: (path: string) => RequestToSend }[] =
  [
    { status: 400, given: 'page 0', request: (path) => ({ path: `${path}?page=0` }) },
    { status: 400, given: 'a badly encoded query', request: (path) => ({ path: `${path}?%=1` }) },
    { status: 404, given: 'no data file', empty: true, request: (path) => ({ path }) },
    { status: 405, given: 'POST', request: (path) => ({ method: 'POST', path, body: '{}' }) },
    {
      status: 405,
      given: 'a body of an impossible type',
      request: (path) => ({ method: 'PUT', path, body: '?', headers: { 'content-type': ';;;' } }),
    },
    {
      status: 406,
      given: 'a demand for XML',
      request: (path) => ({ path, headers: { accept: 'text/xml' } }),
    },
    { status: 422, given: 'a page of 1001 records', request: (path) => ({ path: `${path}?page-size=1001` }) },
  ];

describe('given every open-data operation of the catalog', async () => {
  const offering = await startDataHolder({
    folders: [join(EXAMPLES, 'insurer/data'), join(EXAMPLES, 'bank/data')],
  });
  const empty = await startDataHolder();
  const operations = offering.service.routes
    .map(({ operation }) => operation)
    .filter(({ kind }) => kind === 'open-data');

  it('then all of them are offered by the examples', () => {
    assert.ok(operations.length >= 40, `${operations.length} operations`);
    assert.deepEqual(
      offering.diagnostics.filter(({ severity }) => severity === 'error'),
      [],
    );
  });

  for (const { status, given, empty: isEmpty, request } of MISTAKES) {
    it(`when ${given} is sent, then ${status} comes in the shape of its own contract`, async () => {
      for (const operation of operations) {
        const wanted = status === 422 && !operation.statuses.has(422) ? 400 : status;
        const holder: RunningHolder = isEmpty ? empty : offering;
        const answer = await holder.send(request(pathWithValues(operation)));
        assert.equal(answer.status, wanted, operation.key);
        assertContractError(operation, answer);
      }
    });
  }

  it('when a path parameter is badly encoded, then 400 still has the shape of its contract', async () => {
    const withParameters = operations.filter(({ path }) => path.includes('{'));
    assert.ok(withParameters.length > 0);
    for (const operation of withParameters) {
      for (const wrong of ['%', '%zz', '%ff', 'x'.repeat(600)]) {
        const answer = await offering.get(operation.path.replace(/\{[^}]*\}/g, wrong));
        assert.equal(answer.status, 400, operation.key);
        assertContractError(operation, answer);
      }
    }
  });
});

describe('given operations that this version does not serve', async () => {
  const holder = await startDataHolder();

  it('when they are called, then 404 comes in the shape of their own contract', async () => {
    const closed = holder.service.routes
      .map(({ operation }) => operation)
      .filter(({ kind }) => kind === 'consents' || kind === 'resources');
    assert.ok(closed.length > 0);
    for (const operation of closed) {
      const answer = await holder.send({ method: operation.method, path: pathWithValues(operation) });
      assert.equal(answer.status, 404, operation.key);
      assertContractError(operation, answer);
    }
  });
});

function pathWithValues({ path }: Operation): string {
  return path.replace(/\{[^}]*\}/g, '1');
}

const validators = new Map<unknown, ReturnType<typeof schemaValidator>>();

/** By the schema of the exact status, else of some other error of the operation, as its document has it. */
function assertContractError(operation: Operation, { status, bytes, headers, json }: ReceivedAnswer): void {
  const body = json();
  const where = `${operation.key} ${status} ${bytes}`;
  assert.equal(headers['content-type'], 'application/json; charset=utf-8', where);
  assert.equal(headers['x-v'], operation.version, where);
  assert.equal(headers['cache-control'], 'no-store', where);
  assert.equal(headers['content-length'], String(bytes.length), where);
  assert.match(body.errors[0].code, /^[A-Z_]+$/, where);
  assert.match(body.errors[0].detail, /\.$/, where);

  const declared = declaredErrors(operation);
  const schema = declared.get(status) ?? declared.values().next().value;
  if (schema === undefined) {
    // Some of the oldest documents give their errors no body: the general shape then.
    assert.deepEqual(Object.keys(body), ['errors', 'meta'], where);
    assert.deepEqual(Object.keys(body.errors[0]), ['code', 'title', 'detail', 'requestDateTime'], where);
    return;
  }
  const key = JSON.stringify([operation.source.file, operation.source.pointer, status]);
  const validate = validators.get(key) ?? schemaValidator(schema);
  validators.set(key, validate);
  assert.ok(validate(body), `${where} ${JSON.stringify(validate.errors)}`);
}
