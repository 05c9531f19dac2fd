import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { accessMadeUpHolder, errors, madeUpUrl } from '../../test/support/made-up-holder.ts';
import { createConsent, deleteConsent, extendConsent, readConsent } from './consents.ts';

const CONSENTS = '/open-banking/consents/v3/consents';
const ID = 'urn:araucaria:7f0';
const CONSENT = { data: { consentId: ID, status: 'AWAITING_AUTHORISATION' } };

describe('given a holder’s Consents API', () => {
  it('when a consent is created, then with a token of the receiver’s own and a key against repetition', async () => {
    const { connection, requests, grants } = await accessMadeUpHolder({ answer: () => [201, CONSENT] });
    const made = await createConsent(connection, { permissions: [] }, { idempotencyKey: 'key-1' });
    assert.deepEqual(made, CONSENT.data);
    const [request] = requests;
    assert.equal(request?.url.href, madeUpUrl(CONSENTS));
    assert.equal(request?.headers.get('x-idempotency-key'), 'key-1');
    assert.deepEqual(JSON.parse(request?.body ?? ''), { data: { permissions: [] } });
    assert.equal(new URLSearchParams(grants[0]?.body).get('grant_type'), 'client_credentials');
    assert.equal(request?.headers.get('authorization'), 'Bearer token-1');
  });

  it('when several requests follow each other, then one token serves them while it lasts', async () => {
    const { connection, grants, pass } = await accessMadeUpHolder({ answer: () => [200, CONSENT] });
    await readConsent(connection, ID);
    await readConsent(connection, ID);
    assert.equal(grants.length, 1);
    pass(3_600_000);
    await readConsent(connection, ID);
    assert.equal(grants.length, 2);
  });

  it('when a consent is read or deleted, then it is named in the path', async () => {
    const { connection, requests } = await accessMadeUpHolder({
      answer: ({ method }) => (method === 'DELETE' ? [204] : [200, CONSENT]),
    });
    await readConsent(connection, ID);
    await deleteConsent(connection, ID);
    assert.deepEqual(
      requests.map(({ method, url }) => [method, url.pathname]),
      [
        ['GET', `${CONSENTS}/${ID}`],
        ['DELETE', `${CONSENTS}/${ID}`],
      ],
    );
  });

  it('when a consent is extended, then in the customer’s name', async () => {
    const { access, requests } = await accessMadeUpHolder({ answer: () => [201, CONSENT] });
    await extendConsent(access, { loggedUser: {} }, { ipAddress: '198.51.100.7', userAgent: 'app/1' });
    const [request] = requests;
    assert.equal(request?.url.pathname, `${CONSENTS}/urn:araucaria:1/extends`);
    assert.equal(request?.headers.get('authorization'), 'Bearer token-0');
    assert.equal(request?.headers.get('x-fapi-customer-ip-address'), '198.51.100.7');
    assert.equal(request?.headers.get('x-customer-user-agent'), 'app/1');
  });

  it('when the holder refuses, then with its code', async () => {
    const { connection } = await accessMadeUpHolder({
      answer: () => [422, errors('DATA_EXPIRACAO_INVALIDA')],
    });
    await assert.rejects(createConsent(connection, {}), {
      name: 'HolderRefusal',
      message: 'the data holder answered 422 DATA_EXPIRACAO_INVALIDA',
      reason: { kind: 'invalid-request' },
    });
  });

  it('when the holder gives the receiver no token, then that is a refusal', async () => {
    const { connection } = await accessMadeUpHolder({
      answer: () => [201, CONSENT],
      token: () => [401, { error: 'invalid_client' }],
    });
    await assert.rejects(createConsent(connection, {}), { status: 401, code: 'invalid_client' });
  });

  it('when the answer has no consent, then it is of no use', async () => {
    for (const body of [{}, { data: null }, { data: {} }, []]) {
      const { connection } = await accessMadeUpHolder({ answer: () => [201, body] });
      await assert.rejects(createConsent(connection, {}), { fault: 'malformed' });
    }
  });
});
