import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { madeUpContract, madeUpData, makeThings, THINGS } from '../support/made-up-contract.ts';
import { PUBLIC_ORIGIN, startDataHolder } from '../support/start-data-holder.ts';

const url = `/${THINGS}`;
const text = { type: 'string' };
const inPath = (name: string) => ({ name, in: 'path', required: true, schema: text });
const inQuery = (name: string) => ({ name, in: 'query', schema: text });

function holderOf(path: string, thing: object, parameters: readonly unknown[], things: readonly unknown[]) {
  return startDataHolder({
    contracts: [
      madeUpContract({ path, parameters, thing: { type: 'object', ...thing } as Record<string, unknown> }),
    ],
    data: { [THINGS]: madeUpData('flat', [things]) },
  });
}

describe('given products for car models, filtered by code and year in the path', async () => {
  const model = { type: 'object', properties: { fipeCode: text, year: { type: 'integer' } } };
  const thing = { properties: { name: text, models: { type: 'array', items: model } } };
  const { get } = await holderOf(
    '/things/{fipeCode}/{year}',
    thing,
    [inPath('fipeCode'), inPath('year')],
    [
      {
        name: 'A',
        models: [
          { fipeCode: '001', year: 2020 },
          { fipeCode: '002', year: 2021 },
        ],
      },
      { name: 'B', models: [{ fipeCode: '001' }] },
      { name: 'C' },
      { name: 'D', models: [{ fipeCode: ' 003 ', year: 2020 }], 'x-match': { year: ['1999'] } },
    ],
  );
  const namesAt = async (path: string) => {
    const received = await get(`${url}${path}`);
    assert.equal(received.status, 200, String(received.bytes));
    return received
      .json()
      .data.map(({ name }: { name: string }) => name)
      .join('');
  };

  it('when one model has both values, then its product matches, unmodified', async () => {
    const answer = (await get(`${url}/001/2020`)).json();
    assert.deepEqual(answer.data[0].models.length, 2);
    assert.equal(await namesAt('/001/2020'), 'ABC');
  });

  it('when the values belong to different models, then the product does not match', async () => {
    assert.equal(await namesAt('/001/2021'), 'BC');
    assert.equal(await namesAt('/002/2020'), 'C');
  });

  it('when a record says nothing about a value, then it matches every value', async () => {
    assert.equal(await namesAt('/999/1900'), 'C');
  });

  it('when values differ only in blanks around them, then they are equal', async () => {
    assert.equal(await namesAt('/%20003/2020%20'), 'CD');
  });

  it('when a side attribute lists a value, then it counts beside what the record holds', async () => {
    assert.equal(await namesAt('/003/1999'), 'CD');
    assert.equal(await namesAt('/003/2020'), 'CD');
  });

  it('then totals and links are those of the filtered list, and values stay encoded in them', async () => {
    const answer = (await get(`${url}/0%2F1/20%2020?page-size=1`)).json();
    assert.deepEqual(answer.meta, { totalRecords: 1, totalPages: 1 });
    assert.equal(answer.links.self, `${PUBLIC_ORIGIN}${url}/0%2F1/20%2020?page=1&page-size=1`);
    assert.equal((await get(`${url}/001/2020?page-size=1`)).json().meta.totalPages, 3);
  });

  it('when the names of values are those of object members, then they are only values', async () => {
    for (const value of ['__proto__', 'constructor', 'toString', '%00', '%01', '..%2F..', '%F0%9F%92%B0']) {
      assert.equal(await namesAt(`/${value}/${value}`), 'C', value);
    }
  });

  it('when a value is empty or longer than any, then the answer is 400', async () => {
    assert.equal((await get(`${url}//2020`)).status, 400);
    assert.equal((await get(`${url}/${'9'.repeat(513)}/2020`)).status, 400);
    assert.equal((await get(`${url}/${'9'.repeat(512)}/2020`)).status, 200);
  });
});

describe('given records matched only by side attributes', async () => {
  const thing = { properties: { name: text } };
  const { get } = await holderOf(
    '/things/{commercializationArea}',
    thing,
    [inPath('commercializationArea')],
    [
      { name: 'south', 'x-match': { commercializationArea: ['41', '42'] } },
      { name: 'north', 'x-match': { commercializationArea: ['11'] } },
      { name: 'nowhere', 'x-match': { commercializationArea: [] } },
      { name: 'number', 'x-match': { commercializationArea: [77] } },
      { name: 'everywhere' },
    ],
  );

  it('when an area is asked for, then its records and those without areas come', async () => {
    const namesAt = async (area: string) =>
      (await get(`${url}/${area}`)).json().data.map(({ name }: { name: string }) => name);
    assert.deepEqual(await namesAt('42'), ['south', 'everywhere']);
    assert.deepEqual(await namesAt('11'), ['north', 'everywhere']);
    assert.deepEqual(await namesAt('77'), ['number', 'everywhere']);
    assert.deepEqual(await namesAt('4'), ['everywhere']);
  });
});

describe('given services with a type and a line, filtered under names of the ecosystem', async () => {
  const service = {
    type: 'object',
    properties: {
      type: { type: 'string', enum: ['GUINCHO', 'CHAVEIRO'] },
      line: { type: 'array', items: { type: 'string', enum: ['AUTO', 'VIDA'] } },
    },
  };
  const thing = { properties: { name: text, type: text, services: { type: 'array', items: service } } };
  const { get } = await holderOf(
    '/things/{serviceType}',
    thing,
    [inPath('serviceType'), inQuery('line')],
    [
      { name: 'A', type: 'CHAVEIRO', services: [{ type: 'GUINCHO', line: ['AUTO', 'VIDA'] }] },
      {
        name: 'B',
        services: [
          { type: 'GUINCHO', line: ['VIDA'] },
          { type: 'CHAVEIRO', line: ['AUTO'] },
        ],
      },
    ],
  );
  const namesAt = async (path: string) =>
    (await get(`${url}${path}`))
      .json()
      .data.map(({ name }: { name: string }) => name)
      .join('');

  it('when a type is asked for, then the type of services is meant, not that of the record', async () => {
    assert.equal(await namesAt('/GUINCHO'), 'AB');
    assert.equal(await namesAt('/CHAVEIRO'), 'B');
  });

  it('when a line is added in the query, then one service must have both', async () => {
    assert.equal(await namesAt('/GUINCHO?line=AUTO'), 'A');
    assert.equal(await namesAt('/CHAVEIRO?line=AUTO'), 'B');
    assert.equal(await namesAt('/GUINCHO?line='), 'AB');
  });

  it('then links carry the query filter on', async () => {
    const { links } = (await get(`${url}/GUINCHO?line=VIDA&page-size=1`)).json();
    assert.equal(links.next, `${PUBLIC_ORIGIN}${url}/GUINCHO?line=VIDA&page=2&page-size=1`);
  });

  it('when a value is none of the enum, then the answer is 400 and does not repeat it', async () => {
    for (const path of ['/BARCO', '/guincho', '/GUINCHO?line=CASA', '/GUINCHO?line=%3Cscript%3E']) {
      const received = await get(url + path);
      assert.equal(received.status, 400, path);
      assert.equal(received.json().errors[0].code, 'PARAMETRO_INVALIDO');
      assert.doesNotMatch(String(received.bytes), /BARCO|CASA|script/);
    }
  });

  it('when a filter is repeated, then the answer is 400', async () => {
    const received = await get(`${url}/GUINCHO?line=AUTO&line=VIDA`);
    assert.equal(received.json().errors[0].code, 'PARAMETRO_REPETIDO');
  });
});

describe('given a filter over many records', async () => {
  const colours = ['AZUL', 'VERDE'];
  const { get } = await startDataHolder({
    contracts: [madeUpContract({ root: 'grouped', parameters: [inQuery('colour')] })],
    data: {
      [THINGS]: madeUpData('grouped', [
        makeThings(20, (index) => ({ colour: colours[index % 2] })),
        makeThings(5, () => ({ colour: 'AZUL' })),
      ]),
    },
  });

  it('when it leaves out every record of a company, then the company is not sent', async () => {
    const answer = (await get(`${url}?colour=VERDE&page-size=1000`)).json();
    assert.deepEqual(answer.meta, { totalRecords: 10, totalPages: 1 });
    const { companies } = answer.data.brand;
    assert.deepEqual(
      companies.map(({ name }: { name: string }) => name),
      ['Company 0'],
    );
    assert.ok(companies[0].things.every(({ colour }: { colour: string }) => colour === 'VERDE'));
  });

  it('when filtered pages are put together, then they are the filtered list', async () => {
    const codes = [];
    for (const page of [1, 2, 3, 4]) {
      const answer = (await get(`${url}?colour=AZUL&page-size=4&page=${page}`)).json();
      codes.push(
        ...answer.data.brand.companies.flatMap(({ things }: { things: { code: string }[] }) => things),
      );
    }
    assert.equal(codes.length, 15);
  });
});
