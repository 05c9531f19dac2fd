import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { chmodSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { temporaryFolder } from '../../test/support/temporary-folder.ts';
import { loadMasterKeys } from './load-master-keys.ts';
import { StoreFailure } from './store-failure.ts';

const encoded = () => randomBytes(32).toString('base64');

describe('given configured master keys', () => {
  it('when they are loaded, then they keep their order, and no file is made', () => {
    const stateFolder = temporaryFolder();
    const [newer, older] = [encoded(), encoded()];
    const keys = loadMasterKeys({ configured: [`k.2:${newer}`, `k-1:${older}`], stateFolder });
    assert.deepEqual(
      keys.map(({ id, secret }) => [id, Buffer.from(secret).toString('base64')]),
      [
        ['k.2', newer],
        ['k-1', older],
      ],
    );
    assert.deepEqual(readdirSync(stateFolder), []);
  });

  const key = encoded();
  for (const [what, configured] of [
    ['has no id', [key]],
    ['has an empty id', [`:${key}`]],
    ['is too short', [`a:${randomBytes(31).toString('base64')}`]],
    ['is too long', [`a:${randomBytes(33).toString('base64')}`]],
    ['is no base64', [`a:${key.slice(0, -2)}!?`]],
    ['has the id of another', [`a:${key}`, `a:${encoded()}`]],
  ] as const)
    it(`when one ${what}, then it is refused without being shown`, () => {
      assert.throws(
        () => loadMasterKeys({ configured, stateFolder: '/nowhere' }),
        (error: Error) => error instanceof StoreFailure && !error.message.includes(key.slice(0, 8)),
      );
    });
});

describe('given no configured master key', () => {
  it('when the first one is asked for, then it is made, for its owner alone, and found again later', () => {
    const stateFolder = join(temporaryFolder(), 'state');
    const first = loadMasterKeys({ stateFolder });
    assert.equal(first.length, 1);
    assert.deepEqual(readdirSync(stateFolder), ['master.key']);
    if (process.platform !== 'win32')
      assert.equal(statSync(join(stateFolder, 'master.key')).mode & 0o777, 0o600);
    assert.deepEqual(loadMasterKeys({ configured: [], stateFolder }), first);
  });

  it('when the operator puts a newer line on top of the file, then both keys are there', () => {
    const stateFolder = temporaryFolder();
    const [old] = loadMasterKeys({ stateFolder });
    const file = join(stateFolder, 'master.key');
    writeFileSync(file, `newer:${encoded()}\n${readFileSync(file, 'utf8')}`);
    assert.deepEqual(
      loadMasterKeys({ stateFolder }).map(({ id }) => id),
      ['newer', old?.id],
    );
  });

  it('when others may read the file, then it is refused', { skip: process.platform === 'win32' }, () => {
    const stateFolder = temporaryFolder();
    loadMasterKeys({ stateFolder });
    chmodSync(join(stateFolder, 'master.key'), 0o640);
    assert.throws(() => loadMasterKeys({ stateFolder }), /chmod 600/);
  });

  it('when the file is empty, or not a file, then it is refused, never replaced', () => {
    const empty = temporaryFolder();
    writeFileSync(join(empty, 'master.key'), '', { mode: 0o600 });
    assert.throws(() => loadMasterKeys({ stateFolder: empty }), StoreFailure);
    assert.equal(readFileSync(join(empty, 'master.key'), 'utf8'), '');
    assert.throws(() => loadMasterKeys({ stateFolder: '/dev/null' }), StoreFailure);
  });
});
