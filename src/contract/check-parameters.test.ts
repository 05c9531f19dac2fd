import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { loadOperation, openApi, operationOf } from '../../test/support/contract-folder.ts';
import { checkParameters } from './check-parameters.ts';

function detailOf(schema: Record<string, unknown>, value: string): string | undefined {
  const parameters = [{ name: 'id', in: 'query', required: true, schema }];
  const operation = loadOperation(
    openApi({ paths: { '/things': { get: operationOf({}, { parameters }) } } }),
  );
  const answer = checkParameters({ operation, path: {}, query: { id: value }, headers: {} });
  if (answer === undefined) return undefined;
  assert.equal(answer.kind, 'problem');
  assert.equal(answer.problem.status, 400);
  return answer.problem.detail;
}

describe('given a parameter whose value is long', () => {
  const long = (length: number) => 'a'.repeat(length);

  it('when the contract sets no bound, then up to 512 characters are taken', () => {
    assert.equal(detailOf({ type: 'string' }, long(512)), undefined);
    assert.match(detailOf({ type: 'string' }, long(513)) ?? '', /no máximo 512/);
  });

  it('when the contract allows more, then as much is taken', () => {
    assert.equal(detailOf({ type: 'string', maxLength: 1000 }, long(1000)), undefined);
    assert.match(detailOf({ type: 'string', maxLength: 1000 }, long(1001)) ?? '', /no máximo 1000/);
  });

  it('when the contract allows more than 2,048, then that is the most', () => {
    assert.equal(detailOf({ type: 'string', maxLength: 100_000 }, long(2048)), undefined);
    assert.match(detailOf({ type: 'string', maxLength: 100_000 }, long(2049)) ?? '', /no máximo 2048/);
  });

  it('when the contract allows less, then only that', () => {
    assert.match(detailOf({ type: 'string', maxLength: 3 }, long(4)) ?? '', /no máximo 3/);
  });
});
