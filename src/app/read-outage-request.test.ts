import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { readOutageRequest } from './read-outage-request.ts';

const REQUEST = { startsAt: 'now', duration: 'PT1H', explanation: 'Manutenção.' };

describe('given the body of a request for an outage', () => {
  it('when it has what must be there, then everything is concerned', () => {
    assert.deepEqual(readOutageRequest(REQUEST), {
      request: { ...REQUEST, ecosystem: undefined, isPartial: false, endpoints: [] },
    });
  });

  it('when endpoints are named, then it is partial unless it says otherwise', () => {
    const endpoints = ['/open-insurance/channels/v2/branches'];
    const read = readOutageRequest({ ...REQUEST, endpoints, ecosystem: 'open-insurance' });
    assert.deepEqual(read, {
      request: { ...REQUEST, ecosystem: 'open-insurance', isPartial: true, endpoints },
    });
    const total = readOutageRequest({ ...REQUEST, endpoints, isPartial: false });
    assert.ok('request' in total && !total.request.isPartial);
  });

  for (const [field, wrong] of Object.entries({
    startsAt: 5,
    duration: null,
    explanation: undefined,
    ecosystem: ['open-insurance'],
    isPartial: 'yes',
    endpoints: [1],
  }))
    it(`when ${field} is ${JSON.stringify(wrong)}, then exactly that is the fault`, () => {
      const read = readOutageRequest({ ...REQUEST, [field]: wrong });
      assert.ok('faults' in read);
      assert.deepEqual(
        read.faults.map((fault) => fault.field),
        [field],
      );
    });

  it('whatever is sent, then it is a request of the right types, or faults', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.anything(), fc.object({ key: fc.constantFrom(...Object.keys(REQUEST)) })),
        (body) => {
          const read = readOutageRequest(body);
          if ('faults' in read) assert.ok(read.faults.length > 0);
          else
            for (const field of ['startsAt', 'duration', 'explanation'] as const)
              assert.equal(typeof read.request[field], 'string');
        },
      ),
    );
  });
});
