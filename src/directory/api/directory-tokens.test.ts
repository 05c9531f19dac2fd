import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import {
  BANK,
  BANK_SOFTWARE,
  createSandboxDirectory,
  directoryOperations,
  presentedBy,
  type SandboxDirectory,
} from '../../../test/support/sandbox-directory.ts';
import type { Answer, Call } from '../../contract/call.ts';
import type { Operation } from '../../contract/operation.ts';
import type { ClientCertificate } from '../../kernel/client-certificate.ts';

const OPERATION = directoryOperations.find(({ path }) => path === '/references/authorities') as Operation;
const GRANT = { grant_type: 'client_credentials' };

let sandbox: SandboxDirectory;
let software: ClientCertificate;

before(async () => {
  sandbox = createSandboxDirectory();
  await sandbox.seed();
  software = await sandbox.certify(BANK, BANK_SOFTWARE);
});

const issue = (form: object, presented: ClientCertificate | undefined) =>
  sandbox.directory.tokens.issue(new Map(Object.entries(form)), presented);

async function authenticate(
  authorization: string | string[] | undefined,
  certificate: ClientCertificate | undefined,
  operation = OPERATION,
): Promise<{ call: Call; answer: Answer | undefined }> {
  const call = { operation, path: {}, query: {}, headers: { authorization }, certificate } as Call;
  return { call, answer: await sandbox.directory.authenticate(call) };
}

function statusOf(answer: Answer | undefined): number | undefined {
  return answer?.kind === 'problem' ? answer.problem.status : undefined;
}

describe('given the token endpoint', () => {
  it('when a software presents its certificate, then it gets its own scope for ten minutes', async () => {
    const { status, body } = await issue(GRANT, software);
    assert.equal(status, 200);
    const { access_token: token, ...rest } = body;
    assert.match(String(token), /^[\w-]{43}$/);
    assert.deepEqual(rest, { token_type: 'Bearer', expires_in: 600, scope: 'directory:software' });
  });

  it('when a client of a person asks for one scope, then it gets that one', async () => {
    const presented = presentedBy('super-user');
    const { body } = await issue({ ...GRANT, scope: 'directory:website' }, presented);
    assert.equal(body.scope, 'directory:website');
    assert.equal((await issue(GRANT, presented)).body.scope, 'directory:admin directory:website');
  });

  it('when the request is not one for client credentials, then it is refused by name', async () => {
    const cases: [object, string, number][] = [
      [{}, 'invalid_request', 400],
      [{ grant_type: 'password' }, 'unsupported_grant_type', 400],
      [{ ...GRANT, scope: 'directory:admin' }, 'invalid_scope', 400],
      [{ ...GRANT, scope: ' ' }, 'invalid_scope', 400],
      [{ ...GRANT, client_id: 'somebody-else' }, 'invalid_client', 401],
    ];
    for (const [form, error, status] of cases)
      assert.deepEqual(await issue(form, software), { status, body: { error } }, error);
  });

  it('when there is no certificate, or one that nobody issued, then there is no client', async () => {
    const forged = { ...software, thumbprint: 'of-another-certificate' };
    for (const presented of [undefined, forged])
      assert.deepEqual(await issue(GRANT, presented), { status: 401, body: { error: 'invalid_client' } });
  });

  it('when the client named is the one that presents, then it gets its token', async () => {
    assert.equal((await issue({ ...GRANT, client_id: BANK_SOFTWARE }, software)).status, 200);
  });
});

describe('given a token', () => {
  it('when it comes with its certificate, then the caller is known', async () => {
    const { call, answer } = await authenticate(`bearer ${await sandbox.token(software)}`, software);
    assert.equal(answer, undefined);
    assert.deepEqual(call.caller, {
      clientId: BANK_SOFTWARE,
      organisationId: BANK,
      scopes: new Set(['directory:software']),
    });
  });

  it('when it comes with no certificate or that of another client, then it is worth nothing', async () => {
    const header = `Bearer ${await sandbox.token(software)}`;
    const second = await sandbox.certify(BANK, BANK_SOFTWARE);
    for (const certificate of [undefined, presentedBy('super-user'), second]) {
      const { call, answer } = await authenticate(header, certificate);
      assert.equal(statusOf(answer), 401);
      assert.equal(call.caller, undefined);
    }
  });

  it('when the header is missing, doubled, too long, or no bearer token, then the answer is 401', async () => {
    const token = await sandbox.token(software);
    const headers = [undefined, [`Bearer ${token}`, `Bearer ${token}`], token, `Basic ${token}`, 'Bearer '];
    for (const header of [...headers, `Bearer ${'a'.repeat(300)}`, `Bearer ${token}a`, 'Bearer a b']) {
      const { answer } = await authenticate(header, software);
      assert.equal(statusOf(answer), 401, String(header));
      assert.ok(answer?.kind === 'problem' && answer.headers?.['www-authenticate']?.startsWith('Bearer'));
    }
  });

  it('when it has no scope of the operation, then the answer is 403', async () => {
    const presented = presentedBy('super-user');
    const token = await sandbox.token(presented, { scope: 'directory:admin' });
    const { answer } = await authenticate(`Bearer ${token}`, presented);
    assert.equal(statusOf(answer), 403);
  });

  it('when its ten minutes are over, then it is worth nothing', async () => {
    const other = createSandboxDirectory();
    await other.seed();
    const presented = presentedBy('super-user');
    const call = {
      operation: OPERATION,
      path: {},
      query: {},
      headers: { authorization: `Bearer ${await other.token(presented)}` },
      certificate: presented,
    } as Call;
    await other.clock.advance(599_999);
    assert.equal(await other.directory.authenticate(call), undefined);
    await other.clock.advance(1);
    assert.equal(statusOf(await other.directory.authenticate(call)), 401);
  });

  it('when its certificate is revoked, then it is worth nothing from that moment', async () => {
    const other = createSandboxDirectory();
    await other.seed();
    const presented = await other.certify(BANK, BANK_SOFTWARE);
    const path = `/organisations/${BANK}/softwarestatements/${BANK_SOFTWARE}`;
    const key = 'GET /organisations/{OrganisationId}/softwarestatements/{SoftwareStatementId}';
    assert.equal((await other.ask(presented, key, path)).kind, 'json');
    await other.authority.revoke(presented.leaf.serialNumber.toLowerCase(), 'keyCompromise');
    assert.equal(statusOf(await other.ask(presented, key, path)), 401);
  });
});
