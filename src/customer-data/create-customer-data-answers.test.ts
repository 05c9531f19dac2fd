import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  ANA,
  COMPANY,
  createGadgetReader,
  found,
  ITEM,
  idOf,
  reachedGadget,
  readGadgets,
  refusalOf,
  USES,
  type World,
} from '../../test/support/gadget-reader.ts';
import type { Json } from '../connectors/connector.ts';

const OUT_OF_CONTRACT = [500, 'DADOS_FORA_DO_CONTRATO'];
const FORBIDDEN = [403, 'RESOURCE_FORBIDDEN'];
const OF_COMPANY = { businessEntity: { identification: COMPANY, rel: 'CNPJ' } };
const PATH = { gadgetKey: idOf('g-1'), partKey: 'p-1', receiptKey: 'r-1' };
const GADGET = { gadgetKey: 'g-1', name: 'One' };
const USE = { useDateTime: '2026-03-01T00:00:00Z', direction: 'IN' };

/** Something that can be read, with whose it must be. */
interface Read {
  readonly what: string;
  readonly end: string;
  readonly data: Json;
  readonly right: readonly string[];
  readonly consent?: World['consent'];
}

const READS: readonly Read[] = [
  { what: 'one thing', end: ITEM, data: GADGET, right: ['g-1'] },
  { what: 'a list below a thing', end: USES, data: [USE], right: ['g-1'] },
  { what: 'a record below a thing', end: '/parts/{partKey}', data: { text: 'A' }, right: ['g-1'] },
  { what: 'a list of things', end: '/gadgets', data: [GADGET], right: [ANA] },
  {
    what: 'a company’s list of things',
    end: '/gadgets',
    data: [GADGET],
    right: [COMPANY],
    consent: OF_COMPANY,
  },
  { what: 'data about the customer', end: '/profile', data: { text: 'A' }, right: [ANA] },
  {
    what: 'data about the person who acts for a company',
    end: '/profile',
    data: { text: 'A' },
    right: [ANA],
    consent: OF_COMPANY,
  },
  {
    what: 'what has an id of its own',
    end: '/receipts/{receiptKey}',
    data: { sum: '1.00' },
    right: ['g-1', 'g-2'],
  },
];

/** What the consent shares, and one thing besides that the customer has; what else there is, is somebody else's. */
const REACHED: NonNullable<World['reached']> = {
  status: 'ready',
  resources: [reachedGadget('g-1'), reachedGadget('g-2')],
  owned: ['g-1', 'g-2', 'g-3'].map((ref) => ({ type: 'LOAN', ref })),
};

function read({ end, data, consent }: Read, owner: unknown) {
  return readGadgets(end, {
    path: PATH,
    reached: REACHED,
    namesOwner: false,
    found: found(data, { owner } as { owner: string }),
    ...(consent && { consent }),
  });
}

describe('given a connector that says whose its data is', () => {
  const anyone = fc.oneof(
    fc.constantFrom('g-1', 'g-2', 'g-3', 'g-9', ANA, COMPANY, idOf('g-1'), 'r-1', 'G-1', ' g-1', ''),
    fc.string(),
    fc.stringMatching(/^\d{11}$/),
  );

  it('when that is anybody at all, then it is served only if they are the right one', async () => {
    let served = 0;
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...READS), anyone, async (what, owner) => {
        const { answer, events } = await read(what, owner);
        const isRight = what.right.includes(owner);
        assert.equal(answer.kind === 'json', isRight, `${what.what}, of ${JSON.stringify(owner)}`);
        if (isRight) served += 1;
        else assert.ok(events.length === 1 || (answer.kind === 'problem' && owner === 'g-3'));
      }),
      { numRuns: 1_000 },
    );
    assert.ok(served > 20, `only ${served} were right`);
  });

  for (const what of READS)
    it(`when ${what.what} is another’s, then that is counted and kept, and nothing of whose`, async () => {
      const owner = 'sentinel-98765432100';
      const { answer, events, notes } = await read(what, owner);
      assert.deepEqual(refusalOf(answer), OUT_OF_CONTRACT);
      assert.deepEqual(
        events.map((event) => 'records' in event && [event.kind, event.records, event.isServed]),
        [['foreign', 1, false]],
      );
      assert.deepEqual([notes.validation?.records, notes.validation?.foreign], [1, 1]);
      assert.match(String(notes.validation?.reason), /another (?:resource|customer)$/);
      const told = JSON.stringify([answer, events, notes]);
      for (const secret of [owner, ANA, COMPANY, '"g-1"']) assert.ok(!told.includes(secret), told);
    });

  it('when what has an id of its own is of something that is not shared, then it is forbidden, and no fault', async () => {
    const { answer, events } = await read(READS.at(-1) as Read, 'g-3');
    assert.deepEqual([refusalOf(answer), events], [FORBIDDEN, []]);
  });
});

describe('given a connector that does not say whose its data is', () => {
  for (const what of READS)
    it(`when it finds ${what.what}, then it is not served, and the connector is at fault`, async () => {
      for (const owner of [undefined, null, 7, ['g-1']]) {
        const { answer, events, notes } = await read(what, owner);
        assert.deepEqual(refusalOf(answer), OUT_OF_CONTRACT);
        assert.deepEqual(
          events.map((event) => 'reason' in event && [event.kind, event.reason]),
          [['breach', 'owner missing']],
        );
        assert.deepEqual(
          [notes.validation?.records, notes.validation?.broken, notes.validation?.reason],
          [1, 1, 'owner missing'],
        );
      }
    });
});

describe('given a record that was served before', () => {
  it('when the connector says the next time that it is another’s, then it is not served again', async () => {
    const reader = createGadgetReader({ snapshotSeconds: 60 });
    const content = Object.freeze({ ...GADGET });
    const kinds = [];
    for (const owner of ['g-1', 'g-2', 'g-1']) {
      reader.state.found = found(content, { owner });
      kinds.push((await reader.read(ITEM, { path: PATH })).answer.kind);
    }
    assert.deepEqual(kinds, ['json', 'problem', 'json']);
  });
});
