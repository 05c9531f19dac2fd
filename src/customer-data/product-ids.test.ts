import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { catalogOperations } from '../../test/support/catalog-operations.ts';
import { createAddressing } from './product-ids.ts';

const reads = catalogOperations.filter(({ kind, method }) => kind === 'customer-data' && method === 'GET');

function addressOf(end: string) {
  const operation = reads.find(({ path }) => path.endsWith(end));
  assert.ok(operation, end);
  return createAddressing(reads.filter(({ ecosystem }) => ecosystem === operation.ecosystem))(operation);
}

describe('given the contracts of the catalog', () => {
  it('when an API has items, then the member of its list that has their id is found, whatever it is called', () => {
    const items = reads.filter(({ path }) => /\{[^}]+\}/.test(path));
    const apart = items.filter((operation) => {
      const { idName, isBelowResource } = createAddressing(
        reads.filter(({ ecosystem }) => ecosystem === operation.ecosystem),
      )(operation);
      assert.ok(idName, `${operation.key} ${operation.version}`);
      return !isBelowResource;
    });
    assert.ok(items.length > 60);
    assert.deepEqual(
      apart.map(({ path }) => path.split('/').at(-1)),
      ['{brokerNoteId}'],
    );
  });

  it('when contracts differ, then so do the names', () => {
    assert.equal(addressOf('/accounts/v2/accounts').idName, 'accountId');
    assert.equal(addressOf('/insurance-financial-assistance/contracts').idName, 'contractId');
    assert.equal(addressOf('/insurance-capitalization-title/plans').idName, 'planId');
  });

  it('when records have no id, then they are the customer’s as a whole', () => {
    assert.deepEqual(addressOf('/personal/identifications'), {
      parameters: [],
      idName: undefined,
      isBelowResource: false,
      method: 'list',
      rest: '',
    });
  });

  it('when something below a resource is asked for by an id of its own, then that is known', () => {
    assert.deepEqual(addressOf('/broker-notes/{brokerNoteId}'), {
      parameters: ['brokerNoteId'],
      idName: 'investmentId',
      isBelowResource: false,
      method: 'get',
      rest: '',
    });
  });
});
