import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { classifyProbe } from './classify-probe.ts';

const BASE = 'https://api.banco.example';
const url = (path: string) => `${BASE}${path}`;
const finding = (entries: readonly unknown[], status = 200) =>
  classifyProbe({ status, body: { data: { status: entries } } }, BASE);

describe('reading a probe', () => {
  it('is what the entry says', () => {
    assert.deepEqual(finding([{ code: 'OK' }]), { code: 'OK', unavailableEndpoints: [] });
    assert.deepEqual(
      finding([{ code: 'PARTIAL_FAILURE', unavailableEndpoints: [url('/a/v1/b'), url('/a/v1/{c}/')] }]),
      {
        code: 'PARTIAL_FAILURE',
        unavailableEndpoints: ['/a/v1/b', '/a/v1/{c}'],
      },
    );
    assert.deepEqual(finding([{ code: 'UNAVAILABLE', unavailableEndpoints: [] }]).code, 'UNAVAILABLE');
  });

  it('takes the origin off endpoints, whichever it is', () => {
    const entry = {
      code: 'PARTIAL_FAILURE',
      unavailableEndpoints: ['http://other.example:8080/a/v1/b', '/a/v1/c'],
    };
    assert.deepEqual(finding([entry]).unavailableEndpoints, ['/a/v1/b', '/a/v1/c']);
  });

  it('takes the most severe of several entries, with the endpoints of all', () => {
    const outage = { code: 'SCHEDULED_OUTAGE', unavailableEndpoints: [url('/a'), url('/b')] };
    const failure = { code: 'PARTIAL_FAILURE', unavailableEndpoints: [url('/b'), url('/c')] };
    for (const entries of [
      [outage, failure],
      [failure, outage],
    ])
      assert.deepEqual(finding(entries), {
        code: 'PARTIAL_FAILURE',
        unavailableEndpoints: ['/a', '/b', '/c'],
      });
  });

  it('does not excuse a failure beside an outage of everything', () => {
    const failure = { code: 'PARTIAL_FAILURE', unavailableEndpoints: [url('/c')] };
    assert.deepEqual(finding([{ code: 'SCHEDULED_OUTAGE' }, failure]), {
      code: 'UNAVAILABLE',
      unavailableEndpoints: [],
    });
  });

  it('finds 5xx unavailable, and 4xx no downtime', () => {
    for (const status of [500, 503, 529]) assert.equal(finding([{ code: 'OK' }], status).code, 'UNAVAILABLE');
    for (const status of [404, 429]) assert.equal(finding([], status).code, 'OK');
  });

  it('is without an answer when there is none that can be read', () => {
    assert.equal(classifyProbe(undefined, BASE).code, 'NO_ANSWER');
    for (const body of [undefined, null, 'OK', {}, { data: {} }, { data: { status: [] } }])
      assert.equal(classifyProbe({ status: 200, body }, BASE).code, 'NO_ANSWER');
    assert.equal(finding([{ code: 'FINE' }]).code, 'NO_ANSWER');
    assert.equal(finding([null]).code, 'NO_ANSWER');
  });
});
