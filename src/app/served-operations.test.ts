import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { OPERATION_KINDS, type Operation } from '../contract/operation.ts';
import { createPipelines } from './pipelines.ts';
import { isFromFile, unservedPaths, whyNotServed } from './served-operations.ts';

const NEVER = () => undefined;
const INSTITUTIONS = { 'open-finance': {} };
const PIPELINES = createPipelines({
  checkLimits: NEVER,
  readOpenData: NEVER,
  readStatus: NEVER,
  readOutages: NEVER,
  checkRegulator: NEVER,
  readMetrics: NEVER,
  authenticate: NEVER,
  checkBody: NEVER,
  serveConsents: NEVER,
  readResources: NEVER,
  readCustomerData: NEVER,
});

function operation(kind: Operation['kind'], path: string, method: Operation['method'] = 'GET'): Operation {
  return { kind, path, method, ecosystem: 'open-finance', key: `${method} ${path}` } as Operation;
}

describe('given the kinds of operations', () => {
  for (const kind of OPERATION_KINDS)
    it(`when it is ${kind}, then the pipelines and the reason agree on whether it is served`, () => {
      assert.equal(whyNotServed(operation(kind, '/a'), INSTITUTIONS), PIPELINES[kind].reason);
    });

  it('when no institution of the ecosystem is configured, then its consents are not served', () => {
    assert.match(whyNotServed(operation('consents', '/a'), {}) ?? '', /no institution/);
    assert.equal(whyNotServed(operation('status', '/a'), {}), undefined);
  });

  it('when open data is not read with GET, then no file answers it', () => {
    assert.equal(isFromFile(operation('open-data', '/a')), true);
    assert.equal(isFromFile(operation('open-data', '/a', 'POST')), false);
    assert.equal(isFromFile(operation('status', '/a')), false);
  });

  it('when a file lies where none is read, then the reason is told', () => {
    const paths = unservedPaths(
      [
        operation('open-data', '/x/v1/read'),
        operation('open-data', '/x/v1/written', 'POST'),
        operation('status', '/x/v1/status'),
        operation('consents', '/x/v1/consents'),
      ],
      INSTITUTIONS,
    );
    assert.deepEqual([...paths.keys()], ['x/v1/written', 'x/v1/status', 'x/v1/consents']);
    assert.match(paths.get('x/v1/written') ?? '', /GET only/);
    assert.match(paths.get('x/v1/status') ?? '', /guiche computes/);
    assert.match(paths.get('x/v1/consents') ?? '', /guiche computes/);
  });
});
