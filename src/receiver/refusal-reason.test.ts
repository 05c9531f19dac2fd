import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { reasonOf } from './refusal-reason.ts';

describe('given a refusal with 403', () => {
  for (const [code, kind] of [
    ['STATUS_RESOURCE_PENDING_AUTHORISATION', 'pending-authorisation'],
    ['status_RESOURCE_PENDING_AUTHORISATION', 'pending-authorisation'],
    ['STATUS_RESOURCE_TEMPORARILY_UNAVAILABLE', 'temporarily-unavailable'],
    ['STATUS_RESOURCE_TEMPORARY_UNAVAILABLE', 'temporarily-unavailable'],
    ['status_resource_temporarily_unavailable', 'temporarily-unavailable'],
    ['STATUS_RESOURCE_UNAVAILABLE', 'unavailable'],
    [' status_RESOURCE_UNAVAILABLE ', 'unavailable'],
    ['RESOURCE_FORBIDDEN', 'forbidden'],
    ['Resource-Forbidden', 'forbidden'],
    ['NAO_INFORMADO', 'not-permitted'],
    ['constructor', 'not-permitted'],
    [undefined, 'not-permitted'],
  ] as const)
    it(`when the code is ${code}, then the reason is ${kind}`, () => {
      assert.equal(reasonOf(403, code).kind, kind);
    });
});

describe('given a refusal with another status', () => {
  for (const [status, kind] of [
    [400, 'invalid-request'],
    [401, 'unauthorised'],
    [404, 'not-found'],
    [418, 'other'],
    [422, 'invalid-request'],
    [429, 'too-many-requests'],
    [500, 'holder-failed'],
    [503, 'holder-failed'],
    [504, 'late'],
    [529, 'overloaded'],
  ] as const)
    it(`when it is ${status}, then the reason is ${kind}, whatever the code`, () => {
      assert.equal(reasonOf(status, 'STATUS_RESOURCE_UNAVAILABLE').kind, kind);
    });
});
