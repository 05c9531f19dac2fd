import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { catalogOperations } from '../../test/support/catalog-operations.ts';
import type { Operation } from '../contract/operation.ts';
import { createInteractionIdReader, readInteractionId } from './interaction-id.ts';

const UUID = '0A1b2c3d-0000-4000-8000-0123456789aF';
const LOOSE = 'my-request-1';

function consentsOperation(path: string): Operation {
  const found = catalogOperations.find((each) => each.method === 'POST' && each.path.endsWith(path));
  assert.ok(found);
  return found;
}

describe('the interaction id of an answer', () => {
  const readers = {
    'where no operation is known': readInteractionId,
    'where the contract takes UUIDs': createInteractionIdReader(
      consentsOperation('/open-insurance/consents/v3/consents'),
    ),
    'where the contract takes more': createInteractionIdReader(
      consentsOperation('/open-insurance/consents/v2/consents'),
    ),
  };

  for (const [where, read] of Object.entries(readers)) {
    it(`${where}, when the caller's is a UUID, then it is given back as it came`, () => {
      assert.equal(read(UUID), UUID);
    });

    it(`${where}, when there is none, or two, or one that has no form, then a new UUID is given`, () => {
      const given = [undefined, '', '-x', 'a b', 'é', 'x'.repeat(101), [UUID, UUID]].map(read);
      for (const id of given) assert.match(id, /^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/);
      assert.equal(new Set(given).size, given.length);
    });
  }

  it('when it is no UUID, then it is given back only where the contract takes such', () => {
    const given = Object.entries(readers).map(([where, read]) => [where, read(LOOSE) === LOOSE]);
    assert.deepEqual(given, [
      ['where no operation is known', false],
      ['where the contract takes UUIDs', false],
      ['where the contract takes more', true],
    ]);
  });
});
