import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, it } from 'node:test';
import {
  BANK,
  BANK_SOFTWARE,
  createSandboxDirectory,
  type SandboxDirectory,
} from '../../../test/support/sandbox-directory.ts';
import { createCertificateFiles } from './certificate-files.ts';

let sandbox: SandboxDirectory;
let server: Server;
let base: string;
let isAway = false;
const errors: unknown[] = [];

before(async () => {
  sandbox = createSandboxDirectory();
  await sandbox.seed();
  const authority = {
    find: (serialNumber: string) =>
      isAway ? Promise.reject(new Error('away')) : sandbox.authority.find(serialNumber),
  };
  server = createServer(createCertificateFiles({ authority, onError: (error) => errors.push(error) }));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}/certificates`;
});
after(() => server.close());

describe('given certificates as files', () => {
  it('when one is fetched from where its record says, then it comes with its issuer', async () => {
    const { leaf } = await sandbox.certify(BANK, BANK_SOFTWARE);
    const [record] = await sandbox.directory.keys.list({ organisationId: BANK, softwareId: BANK_SOFTWARE });
    const path = new URL(String(record?.body.SignedCertPath)).pathname;
    const answer = await fetch(new URL(path, base));
    assert.equal(answer.status, 200);
    const chain = (await answer.text()).split(/(?<=-----END CERTIFICATE-----)/).slice(0, 2);
    const [first, second] = chain.map((pem) => new X509Certificate(pem));
    assert.equal(first?.fingerprint256, leaf.fingerprint256);
    assert.ok(second && first?.verify(second.publicKey));
    const head = await fetch(new URL(path, base), { method: 'HEAD' });
    assert.ok(Number(head.headers.get('content-length')) > 1000);
  });

  it('when there is none of that number, or it is no number, then the answer is 404', async () => {
    for (const name of ['00.pem', '../x.pem', 'ABC.pem', `${'a'.repeat(65)}.pem`, ''])
      assert.equal((await fetch(`${base}/${name}`)).status, 404, name);
  });

  it('when it is asked with another method, then the answer is 405; when all is away, 500', async () => {
    assert.equal((await fetch(`${base}/00.pem`, { method: 'POST' })).status, 405);
    isAway = true;
    assert.equal((await fetch(`${base}/00.pem`)).status, 500);
    isAway = false;
    assert.equal(errors.length, 1);
  });
});
