import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { madeUpAnswered } from '../../test/support/made-up-answered.ts';
import { type CallRecord, toCallRecord } from './call-record.ts';
import { createExplain, type Explanation, isExplainable, type ResourceChange } from './create-explain.ts';
import { describeExplanation } from './describe-explanation.ts';

const AT = Date.parse('2026-03-10T15:00:00Z');
const INTERACTION = '0b1f6c9e-2f55-4c5e-8a43-5a2a31d9b0aa';
const RESOURCE = 'f'.repeat(40);
const CALL: CallRecord = {
  ...toCallRecord(
    madeUpAnswered({
      interactionId: INTERACTION,
      at: AT,
      status: 403,
      problem: 'PERMISSAO_NAO_CONCEDIDA',
      notes: { permission: { asked: ['ACCOUNTS_READ'], isGranted: false } },
    }),
  ),
  kind: 'customer-data',
};
const HISTORY: readonly ResourceChange[] = [
  {
    consentId: 'urn:b:2',
    type: 'ACCOUNT',
    from: 'AVAILABLE',
    to: 'UNAVAILABLE',
    reason: 'CLOSED_LONG_AGO',
    at: AT,
  },
  { consentId: 'urn:b:1', type: 'ACCOUNT', to: 'AVAILABLE', reason: 'IN_USE', at: AT - 1_000 },
  { consentId: 'urn:b:2', type: 'ACCOUNT', to: 'AVAILABLE', reason: 'IN_USE', at: AT - 2_000 },
];

const explain = createExplain({
  calls: { find: async (id) => (id === INTERACTION ? [CALL] : []) },
  historyOf: async (id) => (id === RESOURCE ? HISTORY : []),
});

describe('given calls and resources on record', () => {
  it('when the id is of a call, in whatever case, then the call is explained', async () => {
    for (const id of [INTERACTION, INTERACTION.toUpperCase()]) {
      const found = await explain(id);
      assert.equal(found?.calls.length, 1);
      assert.match(found?.calls[0]?.reason ?? '', /^403 PERMISSAO_NAO_CONCEDIDA/);
      assert.equal(found?.resource, undefined);
    }
  });

  it('when the id is of a resource, then its state in each consent is told, and how it came to be', async () => {
    const found = await explain(RESOURCE);
    assert.deepEqual(found?.calls, []);
    assert.deepEqual(
      found?.resource?.states.map(({ consentId, to }) => `${consentId} ${to}`),
      ['urn:b:2 UNAVAILABLE', 'urn:b:1 AVAILABLE'],
    );
    assert.deepEqual(found?.resource?.history, HISTORY);
  });

  it('when nothing is known, or the id cannot be one, then there is no explanation', async () => {
    assert.equal(await explain('nothing'), undefined);
    let isAsked = false;
    const asked = createExplain({
      calls: {
        async find() {
          isAsked = true;
          return [];
        },
      },
    });
    for (const id of ['', ' ', "a'b", '-a', 'a/b', 'a'.repeat(101)]) {
      assert.equal(isExplainable(id), false);
      assert.equal(await asked(id), undefined);
    }
    assert.equal(isAsked, false);
  });

  it('when an explanation is worded for a person, then it says what, when, why and every finding', async () => {
    const text = describeExplanation((await explain(INTERACTION)) as Explanation);
    assert.match(
      text,
      /^GET \/open-insurance\/made-up\/v1\/things\/\{thingId\} \(open-insurance, version 1\.2\.3\)$/m,
    );
    assert.match(text, /2026-03-10T15:00:00\.000Z {2}403 after 5 ms/);
    assert.match(text, /403 PERMISSAO_NAO_CONCEDIDA: the consent does not have ACCOUNTS_READ/);
    assert.match(text, /^ {2}! permission {2}the consent does not have ACCOUNTS_READ$/m);
    assert.match(text, /^ {2}- connector {3}not reached$/m);
    assert.equal(text.at(-1), '\n');
  });

  it('when a resource is worded for a person, then states come first and then their history', async () => {
    const text = describeExplanation((await explain(RESOURCE)) as Explanation);
    assert.match(
      text,
      /^resource f{40} \(ACCOUNT\)\n {2}UNAVAILABLE in urn:b:2 since 2026-03-10T15:00:00\.000Z: closed so long ago that it is not shared any more$/m,
    );
    assert.match(text, /AVAILABLE -> UNAVAILABLE: closed so long ago that it is not shared any more/);
    assert.match(text, /urn:b:1 {2}AVAILABLE: in use/);
  });
});
