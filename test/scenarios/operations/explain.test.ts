import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { toCallRecord } from '../../../src/explain/call-record.ts';
import { openStore, type Store } from '../../../src/store/open-store.ts';
import { madeUpAnswered } from '../../support/made-up-answered.ts';
import { databaseOf, type OperatedInstitution, operateGuiche } from '../../support/operate-guiche.ts';
import { SILENT, until } from '../../support/temporary-database.ts';

const INTERACTION = randomUUID();
const CALL = {
  ...toCallRecord(
    madeUpAnswered({
      interactionId: INTERACTION,
      status: 504,
      problem: 'INSTITUICAO_NAO_RESPONDEU',
      notes: { connector: { name: 'core', outcome: 'late', waitedMs: 901, budgetMs: 900 } },
    }),
  ),
  kind: 'customer-data' as const,
};

describe('given a service with a call on record', () => {
  let institution: OperatedInstitution;
  let store: Store;
  before(async () => {
    institution = await operateGuiche();
    await institution.start();
    store = openStore({ stateFolder: '/nowhere', databaseUrl: databaseOf(institution), log: SILENT });
    await until('the store is ready', () => store.health().state === 'ready');
    await store.callRecords.append({
      id: randomUUID(),
      at: CALL.at,
      interactionIds: [INTERACTION],
      calls: JSON.stringify([CALL]),
    });
  });
  after(async () => {
    await store.close();
    await institution.stop();
  });

  it('when its interaction id is explained, then the one reason and every finding are printed', async () => {
    const { status, stdout, stderr } = await institution.command('explain', INTERACTION);
    assert.equal(stderr, '');
    assert.equal(status, 0);
    assert.match(
      stdout,
      /504 INSTITUICAO_NAO_RESPONDEU: the institution's systems \(connector core\) did not answer within 900 ms/,
    );
    assert.match(stdout, /^ {2}- validation {2}not reached$/m);
  });

  it('when it is wanted as JSON, then all that is known is one object', async () => {
    const { status, stdout } = await institution.command('explain', INTERACTION, '--format', 'json');
    assert.equal(status, 0);
    const { id, calls } = JSON.parse(stdout);
    assert.equal(id, INTERACTION);
    assert.equal(calls.length, 1);
    assert.deepEqual(calls[0].notes, CALL.notes);
    assert.match(calls[0].reason, /^504 /);
  });

  it('when nothing is known under an id, then the exit status is 1 and one line says so', async () => {
    const { status, stdout, stderr } = await institution.command('explain', randomUUID());
    assert.equal(status, 1);
    assert.equal(stdout, '');
    assert.equal(stderr, 'guiche: nothing is known under this id\n');
  });

  it('when an id cannot be one, or is missing, then the exit status is 2', async () => {
    for (const ids of [['a/b'], ['x'.repeat(101)], ['--'], []]) {
      const { status, stderr } = await institution.command('explain', ...ids);
      assert.equal(status, 2, ids.join());
      assert.match(stderr, /^guiche: .+\n$/);
    }
  });

  it('when the operational listener is asked by itself, then it answers like the command', async () => {
    const known = await institution.askAdmin(`/explain/${INTERACTION}`);
    assert.equal(known.status, 200);
    assert.equal(known.json().calls.length, 1);
    assert.equal((await institution.askAdmin(`/explain/${randomUUID()}`)).status, 404);
  });
});

it('given a service that does not run, when an id is explained, then the exit status is 1 and a line says so', async () => {
  const institution = await operateGuiche();
  const { status, stderr } = await institution.command('explain', INTERACTION);
  assert.equal(status, 1);
  assert.match(stderr, /^guiche: no service answers at /);
});
