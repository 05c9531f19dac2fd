import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { hashPassword, verifyPassword } from './password-hash.ts';

describe('the hash of a password', () => {
  it('when the password is right, then it matches, and otherwise not', async () => {
    const hash = await hashPassword('segredo');
    assert.equal(await verifyPassword('segredo', hash), true);
    assert.equal(await verifyPassword('Segredo', hash), false);
    assert.equal(await verifyPassword('', hash), false);
  });

  it('when a password is hashed twice, then the hashes differ and do not contain it', async () => {
    const [one, other] = await Promise.all([hashPassword('segredo'), hashPassword('segredo')]);
    assert.notEqual(one, other);
    assert.ok(!one.includes('segredo'));
  });

  it('when letters are composed otherwise, then it is the same password', async () => {
    assert.equal(await verifyPassword('a\u00e7a\u00ed', await hashPassword('ac\u0327ai\u0301')), true);
  });

  it('when a hash is malformed or asks for too much memory, then it is refused', async () => {
    const hash = await hashPassword('segredo');
    await assert.rejects(verifyPassword('segredo', 'plain'), /malformed/);
    await assert.rejects(verifyPassword('segredo', hash.slice(0, -10)), /malformed/);
    await assert.rejects(verifyPassword('segredo', hash.replace('16384', '1048576')));
  });
});
