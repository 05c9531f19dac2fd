import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { catalogOperations } from '../../test/support/catalog-operations.ts';
import { profiles } from '../../test/support/contract-folder.ts';
import { freezeDeep } from '../../test/support/freeze-deep.ts';
import {
  bodyOf,
  createGadgetReader,
  found,
  idOf,
  readGadgets,
  refusalOf,
  USES,
} from '../../test/support/gadget-reader.ts';
import type { Json as Data } from '../connectors/connector.ts';
import type { Call } from '../contract/call.ts';
import { recentDaysOf } from '../contract/ecosystem-profile.ts';

describe('given filters that a contract declares', () => {
  const use = (at: string, direction: string) => ({ useDateTime: `${at}Z`, direction });
  const uses: Data = [
    use('2026-03-01T00:00:00', 'IN'),
    use('2026-03-02T23:59:59', 'OUT'),
    use('2026-03-03T00:00:00', 'IN'),
  ];
  const days = async (query: Call['query'], today?: string) => {
    const { answer } = await readGadgets(USES, {
      path: { gadgetKey: idOf('g-1') },
      query,
      found: found(uses),
      ...(today && { today }),
    });
    return bodyOf(answer).data.map(({ useDateTime }: { useDateTime: string }) =>
      Number(useDateTime.slice(8, 10)),
    );
  };

  it('when a span of days is asked for, then its first and last day are in it', async () => {
    assert.deepEqual(await days({ fromUseDate: '2026-03-01', toUseDate: '2026-03-02' }), [1, 2]);
    assert.deepEqual(await days({ fromUseDate: '2026-03-02' }), [2, 3]);
    assert.deepEqual(await days({ toUseDate: '2026-03-02' }), [1, 2]);
    assert.deepEqual(await days({}), [1, 2, 3]);
  });

  it('when the contract lets a missing end be today, then it is', async () => {
    assert.deepEqual(await days({}, '2026-03-02'), [2]);
    assert.deepEqual(await days({ fromUseDate: '2026-03-01' }, '2026-03-02'), [1, 2]);
  });

  it('when a member has just the values of the parameter, then it is the one that is meant', async () => {
    assert.deepEqual(await days({ useWay: 'IN' }), [1, 3]);
    assert.deepEqual(await days({ useWay: 'OUT', fromUseDate: '2026-03-03' }), []);
  });

  it('when a date is none, then it is refused, and links carry those that are', async () => {
    const path = { gadgetKey: idOf('g-1') };
    for (const toUseDate of ['2026-3-1', 'yesterday', '2026-13-01'])
      assert.deepEqual(refusalOf((await readGadgets(USES, { path, query: { toUseDate } })).answer), [
        400,
        'PARAMETRO_INVALIDO',
      ]);
    const { answer, requests } = await readGadgets(USES, {
      path,
      query: { toUseDate: '2026-03-03', 'page-size': '1' },
      found: found(uses),
    });
    assert.match(bodyOf(answer).links.next, /toUseDate=2026-03-03&page=2/);
    assert.deepEqual(requests[0]?.query, { toUseDate: '2026-03-03' });
  });

  it('when spans may not begin long ago, then one that does is refused, and none that does not', async () => {
    const path = { gadgetKey: idOf('g-1') };
    const earliest = '2026-03-02';
    const asked = (query: Call['query'], today?: string) =>
      readGadgets(USES, { path, query, earliest, found: found(uses), ...(today && { today }) });
    for (const query of [
      { fromUseDate: '2026-03-01' },
      { toUseDate: '2026-03-01' },
      { fromUseDate: '2026-03-01', toUseDate: '2026-03-03' },
    ]) {
      const { answer, requests } = await asked(query, '2026-03-03');
      assert.deepEqual([...refusalOf(answer), requests.length], [422, 'PERIODO_NAO_PERMITIDO', 0]);
    }
    const { answer } = await asked({ fromUseDate: '2026-03-02', toUseDate: '2027-03-03' });
    assert.equal(bodyOf(answer).data.length, 2);
    assert.equal(bodyOf((await asked({}, '2026-03-02')).answer).data.length, 1);
  });

  it('when the contract has a day for a missing end, then the connector is told of it', async () => {
    const path = { gadgetKey: idOf('g-1') };
    const query = { fromUseDate: '2026-03-01', useWay: 'IN' };
    const { requests } = await readGadgets(USES, { path, query, today: '2026-03-02' });
    assert.deepEqual(requests[0]?.query, { ...query, toUseDate: '2026-03-02' });
  });

  it('when the same frozen list is read again with other filters, then they are its own each time', async () => {
    const reader = createGadgetReader({ found: found(freezeDeep(uses)) });
    const read = async (query: Call['query']) =>
      bodyOf((await reader.read(USES, { path: { gadgetKey: idOf('g-1') }, query })).answer).data.length;
    for (let round = 0; round < 3; round += 1) {
      assert.equal(await read({ useWay: 'IN' }), 2);
      assert.equal(await read({ useWay: 'OUT' }), 1);
      for (const day of [1, 2, 3, 4])
        assert.equal(await read({ fromUseDate: `2026-03-0${day}` }), Math.max(4 - day, 0));
      assert.equal(await read({}), 3);
    }
  });
});

describe('given the contracts of the catalog', () => {
  it('when recent transactions are read, then a span reaches back seven days, and otherwise as far as it likes', () => {
    const profile = profiles.find(({ ecosystem }) => ecosystem === 'open-finance');
    assert.ok(profile);
    const recent = catalogOperations.filter(({ path }) => path.endsWith('/transactions-current'));
    assert.ok(recent.length >= 5);
    for (const { path } of recent) {
      assert.equal(recentDaysOf(profile, path), 7, path);
      assert.equal(recentDaysOf(profile, path.replace('-current', '')), undefined, path);
    }
  });
});
