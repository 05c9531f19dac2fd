import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  type MadeUpContract,
  madeUpContract,
  madeUpData,
  makeThings,
  THINGS,
} from '../support/made-up-contract.ts';
import { startDataHolder } from '../support/start-data-holder.ts';

const url = `/${THINGS}`;
const DENIED_COLOUR = { name: 'note', in: 'path', required: true, schema: { type: 'string' } };

/** A holder whose records match no value of the path parameter but their own. */
function filteredHolder(wishes: MadeUpContract) {
  return startDataHolder({
    contracts: [madeUpContract({ path: '/things/{note}', parameters: [DENIED_COLOUR], ...wishes })],
    data: { [THINGS]: madeUpData('flat', [makeThings(3, () => ({ 'x-match': { note: ['own'] } }))]) },
  });
}

describe('given an institution without a data file for a product', async () => {
  const { get } = await startDataHolder({ contracts: [madeUpContract()] });

  it('when it is read, then 404 says that the product is not offered, whatever is asked', async () => {
    for (const query of ['', '?page=2', '?page-size=5000']) {
      const received = await get(url + query);
      assert.equal(received.status, 404);
      assert.equal(received.json().errors[0].code, 'PRODUTO_NAO_OFERTADO');
    }
  });
});

describe('given a data file without records, where the contract allows an empty list', async () => {
  for (const root of ['flat', 'grouped', 'nested', 'root-array'] as const) {
    it(`when the ${root} list is read, then it comes empty with totals 0`, async () => {
      const { get } = await startDataHolder({
        contracts: [madeUpContract({ root })],
        data: { [THINGS]: madeUpData(root, [[]]) },
      });
      const received = await get(url);
      assert.equal(received.status, 200);
      if (root === 'root-array') assert.deepEqual(received.json(), []);
      else {
        assert.deepEqual(received.json().meta, { totalRecords: 0, totalPages: 0 });
        assert.deepEqual(Object.keys(received.json().links), ['self']);
      }
    });
  }

  it('when a filter matches nothing, then the list comes empty', async () => {
    const { get } = await filteredHolder({});
    assert.equal((await get(`${url}/own`)).json().data.length, 3);
    const answer = (await get(`${url}/other`)).json();
    assert.deepEqual(answer.data, []);
    assert.deepEqual(answer.meta, { totalRecords: 0, totalPages: 0 });
  });
});

describe('given a contract that demands a record and has a 204', async () => {
  const { get, send } = await filteredHolder({ list: { minItems: 1 }, statuses: [204, 400, 404] });

  it('when nothing matches, then 204 comes without a body or its type', async () => {
    for (const path of [`${url}/other`, `${url}/own?page=2`]) {
      const received = await get(path);
      assert.equal(received.status, 204, path);
      assert.equal(received.bytes.length, 0);
      assert.equal(received.headers['content-type'], undefined);
      assert.equal(received.headers['content-length'], undefined);
      assert.equal(received.headers['x-v'], '1.2.3');
      assert.equal((await send({ method: 'HEAD', path })).status, 204);
    }
  });

  it('when something matches, then the page comes', async () => {
    assert.equal((await get(`${url}/own`)).status, 200);
  });
});

describe('given a contract that demands a record and has no 204', async () => {
  const { get } = await filteredHolder({ list: { minItems: 1 }, statuses: [400, 404] });

  it('when nothing matches, then the answer is 404', async () => {
    for (const path of [`${url}/other`, `${url}/own?page=2`]) {
      const received = await get(path);
      assert.equal(received.status, 404, path);
      assert.equal(received.json().errors[0].code, 'SEM_REGISTROS');
    }
  });
});

describe('given a data file that breaks its contract', async () => {
  const { get, diagnostics } = await startDataHolder({
    contracts: [madeUpContract()],
    data: { [THINGS]: { data: [{ code: 7 }] }, 'open-insurance/unknown/v1/things': [] },
  });

  it('then the fault is reported and the product answers as not offered', async () => {
    const faults = diagnostics.filter(({ severity }) => severity === 'error');
    assert.deepEqual(
      faults.map(({ code, pointer }) => `${code} ${pointer}`),
      ['data-type /data/0/code'],
    );
    assert.equal((await get(url)).json().errors[0].code, 'PRODUTO_NAO_OFERTADO');
  });
});
