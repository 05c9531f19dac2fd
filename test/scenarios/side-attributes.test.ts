import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type AnswerRoot, madeUpContract, THINGS, thingsOf } from '../support/made-up-contract.ts';
import type { Json } from '../support/send-request.ts';
import { startDataHolder } from '../support/start-data-holder.ts';

const NOTES = { 'x-match': { area: ['1'] }, 'x-note': 'internal', 'x-': [1], 'x-deep': { code: 'secret' } };
const THING_MEMBERS = { code: { type: 'string' }, parts: { type: 'array', items: { type: 'object' } } };

/** Notes wherever a person who keeps the files may put them. */
function annotatedData(root: AnswerRoot): Json {
  const things = [
    {
      code: 'T1',
      ...NOTES,
      parts: [{ name: 'p', ...NOTES, inner: { deep: [{ ...NOTES, kept: 'x-ray' }] } }],
    },
    { ...NOTES, code: 'x-T2' },
  ];
  const company = { name: 'Company', ...NOTES, things };
  const brand = {
    ...NOTES,
    name: 'Brand',
    companies: [company],
    details: { ...NOTES, list: [{ ...NOTES }] },
  };
  if (root === 'flat') return { ...NOTES, data: things, other: { ...NOTES } };
  if (root === 'grouped') return { ...NOTES, data: { ...NOTES, brand } };
  if (root === 'nested') return { data: [{ ...NOTES, brand }], ...NOTES };
  return root === 'root-array' ? things : [company];
}

for (const root of ['flat', 'grouped', 'nested', 'root-array', 'root-envelopes'] as const) {
  describe(`given ${root} data with side attributes at every level`, async () => {
    const { get, diagnostics } = await startDataHolder({
      contracts: [
        madeUpContract({ root, thing: { type: 'object', required: ['code'], properties: THING_MEMBERS } }),
      ],
      data: { [THINGS]: annotatedData(root) },
    });

    it('when it is read, then none of them is served and everything else is', async () => {
      assert.deepEqual(diagnostics, []);
      const answer = (await get(`/${THINGS}`)).json();
      assert.deepEqual(sideAttributesIn(answer), []);
      assert.deepEqual(thingsOf(root, answer), [
        { code: 'T1', parts: [{ name: 'p', inner: { deep: [{ kept: 'x-ray' }] } }] },
        { code: 'x-T2' },
      ]);
    });
  });
}

describe('given a contract that closes its records', async () => {
  const { get, diagnostics } = await startDataHolder({
    contracts: [
      madeUpContract({
        thing: { type: 'object', additionalProperties: false, properties: { code: { type: 'string' } } },
      }),
    ],
    data: { [THINGS]: { data: [{ code: 'T1', ...NOTES }] } },
  });

  it('when a record has side attributes, then they break nothing', async () => {
    assert.deepEqual(diagnostics, []);
    assert.deepEqual((await get(`/${THINGS}`)).json().data, [{ code: 'T1' }]);
  });
});

function sideAttributesIn(value: Json): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, member]) => [
    ...(name.startsWith('x-') ? [name] : []),
    ...sideAttributesIn(member),
  ]);
}
