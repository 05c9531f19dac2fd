import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { resolve } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { MasterKey } from '../../../src/store/key-ring.ts';
import { madeUpConsent, madeUpCpf } from '../../support/made-up-consent.ts';
import { madeUpMasterKey, type SealedStores, startSealedStores } from '../../support/sealed-stores.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const PROGRAM = resolve(import.meta.dirname, '../../../bin/guiche.js');

describe('given a database with consents of persons', () => {
  const [older, newer] = [madeUpMasterKey('older'), madeUpMasterKey('newer')];
  const cpf = madeUpCpf();
  let stores: SealedStores;
  let url: string;
  let consentId: string;

  before(async () => {
    stores = await startSealedStores();
    const opened = await stores.open({ masterKeys: [older] });
    url = opened.url;
    const consent = madeUpConsent({ loggedUser: { identification: cpf, rel: 'CPF' } });
    consentId = consent.id;
    await opened.store.consents.create(consent, { event: 'created', actor: 'client:c' });
  });
  after(() => stores.close());

  function run(args: readonly string[], keys: readonly MasterKey[], input = '') {
    const { status, stdout, stderr } = spawnSync(process.execPath, [PROGRAM, ...args], {
      cwd: temporaryFolder(),
      encoding: 'utf8',
      input,
      env: {
        PATH: process.env.PATH,
        DATABASE_URL: url,
        GUICHE_MASTER_KEYS: keys
          .map(({ id, secret }) => `${id}:${Buffer.from(secret).toString('base64')}`)
          .join(','),
      },
    });
    return { status, stdout, stderr };
  }

  it('when the keys are sealed anew, then the older master key is of no use and of no need any more', async () => {
    const done = run(['keys', 'rewrap', '--format', 'json'], [newer, older]);
    assert.equal(done.status, 0, done.stderr);
    assert.deepEqual(JSON.parse(done.stdout), { keys: 1 });
    assert.match(run(['keys', 'rewrap'], [newer]).stdout, /0 keys were sealed anew/);
    const { store } = await stores.open({ url, masterKeys: [newer] });
    assert.equal((await store.consents.find(consentId))?.loggedUser?.identification, cpf);
    const refused = run(['keys', 'rewrap'], [older]);
    assert.equal(refused.status, 1);
    assert.match(refused.stderr, /^guiche: the keys cannot be sealed anew: /);
  });

  it('when a person is erased, then what was theirs cannot be read, the consent has ended and the ledger is whole', async () => {
    const unknown = run(['person', 'erase', '--cpf', madeUpCpf()], [newer]);
    assert.deepEqual([unknown.status, unknown.stdout], [1, 'nothing is known of this person\n']);
    const done = run(['person', 'erase', '--cpf', '-'], [newer], `${cpf}\n`);
    assert.deepEqual([done.status, done.stdout], [0, 'the person has been erased\n'], done.stderr);
    const { store } = await stores.open({ url, masterKeys: [newer] });
    const found = await store.consents.find(consentId);
    assert.deepEqual([found?.loggedUser, found?.status], [undefined, 'REJECTED']);
    const ledger = run(['ledger', 'verify'], []);
    assert.equal(ledger.status, 0, ledger.stderr);
    assert.match(ledger.stdout, /the ledger is whole: 3 entries/);
  });

  it('when the CPF is none, then it is refused and not repeated', () => {
    const wrong = run(['person', 'erase', '--cpf', '12345'], [newer]);
    assert.equal(wrong.status, 2);
    assert.doesNotMatch(wrong.stderr, /12345/);
    assert.equal(run(['person', 'erase'], [newer]).status, 2);
  });
});
