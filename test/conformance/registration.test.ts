import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { before, describe, it } from 'node:test';
import { X509Certificate as X509 } from '../../src/directory/x509.ts';
import {
  approve,
  assertRefused,
  callApi,
  consentStatus,
  ECOSYSTEMS,
  openIdToken,
  pushRequest,
  redeem,
  tokenRequest,
} from '../support/conformance.ts';
import type { TlsAnswer } from '../support/exchange-tls.ts';
import { forgeCertificate, forgeKeys } from '../support/forge-certificate.ts';
import {
  type FreshSoftware,
  freshSoftware,
  manage,
  type RegisteredSoftware,
  registerSoftware,
  registrationEndpoint,
  statementFor,
  tryToRegister,
  updateRequest,
} from '../support/fresh-software.ts';
import { startTestSandbox, type TestSandbox } from '../support/start-sandbox.ts';
import type { DCR_MODULES } from './modules.ts';

let running: TestSandbox;
before(async () => {
  running = await startTestSandbox();
});

/** What a module starts with: software of its own, not registered. */
interface Given {
  readonly ecosystem: string;
  software: FreshSoftware;
}

/** A module of the plan for registration, in both ecosystems. */
function describeModule(module: (typeof DCR_MODULES)[number], define: (given: Given) => void): void {
  describe(module, () => {
    for (const ecosystem of ECOSYSTEMS)
      describe(`given new software of ${ecosystem}`, () => {
        const given = { ecosystem } as Given;
        before(async () => {
          given.software = await freshSoftware(running, ecosystem);
        });
        define(given);
      });
  });
}

async function register(
  software: FreshSoftware,
  change: Readonly<Record<string, unknown>> = {},
): Promise<RegisteredSoftware> {
  const registered = await registerSoftware(running, software, change);
  return registered;
}

/** A refusal leaves nothing behind: software that a client stood for could not register again. */
async function assertNothingKept({ software }: Given): Promise<void> {
  const answer = await tryToRegister(running, software);
  assert.equal(answer.status, 201, answer.text);
}

/** From consent to customer's data, with what the client got by registering. */
async function useClient(
  { receiver, ecosystem }: RegisteredSoftware,
  { audience = receiver.endpoints.token }: { readonly audience?: unknown } = {},
) {
  const consentId = await running.awaitingConsent(receiver.connection, ecosystem);
  const pushed = await pushRequest(receiver, consentId, { assertion: { aud: audience } });
  const response = await approve(running, receiver, pushed.url());
  const answer = await redeem(receiver, String(response.code), { assertion: { aud: audience } });
  assert.equal(answer.status, 200, answer.text);
  const tokens = answer.json();
  for (const idToken of [String(response.id_token), tokens.id_token]) {
    const { envelope, claims } = await openIdToken(receiver, idToken);
    assert.equal(envelope.kid, receiver.keys.encryption.kid);
    assert.equal(claims.aud, receiver.clientId);
  }
  const { resourcesUrl } = running.institution(ecosystem);
  const resources = await callApi(receiver, resourcesUrl, { token: tokens.access_token });
  assert.equal(resources.status, 200, resources.text);
  assert.equal(await consentStatus(running, consentId), 'AUTHORISED');
  return { consentId, accessToken: tokens.access_token, refreshToken: tokens.refresh_token };
}

function ownToken({ receiver }: RegisteredSoftware): Promise<TlsAnswer> {
  return tokenRequest(receiver, { grant_type: 'client_credentials', scope: 'consents' });
}

/** The registration is there, with the token that it had from the start. */
async function assertAlive(registered: RegisteredSoftware): Promise<void> {
  const answer = await manage(registered, 'GET');
  assert.equal(answer.status, 200, answer.text);
  const { registration_access_token, redirect_uris, jwks_uri, client_id } = answer.json();
  assert.equal(registration_access_token, registered.registrationToken);
  assert.equal(client_id, registered.receiver.clientId);
  assert.deepEqual(redirect_uris, registered.metadata.redirect_uris);
  assert.equal(jwks_uri, registered.jwksUri);
}

/** A certificate that says what a good one says, signed by itself. */
async function selfMade({ identity }: FreshSoftware): Promise<FreshSoftware['identity']> {
  const keys = await forgeKeys();
  const { subjectName } = new X509(new X509Certificate(identity.certificate).raw);
  const certificate = await forgeCertificate({ keys, subject: subjectName.toJSON() });
  const pkcs8 = Buffer.from(await crypto.subtle.exportKey('pkcs8', keys.privateKey));
  return {
    certificate: certificate.toString(),
    key: `-----BEGIN PRIVATE KEY-----\n${pkcs8.toString('base64')}\n-----END PRIVATE KEY-----\n`,
  };
}

/** Another letter in the middle of the signature: still a JWS, still of the same length. */
function breakSignature(jws: string): string {
  const at = jws.lastIndexOf('.') + 100;
  return `${jws.slice(0, at)}${jws[at] === 'A' ? 'B' : 'A'}${jws.slice(at + 1)}`;
}

function assertUnauthorised(answer: TlsAnswer): void {
  assert.equal(answer.status, 401, answer.text);
  assert.equal(answer.json().error, 'invalid_token');
  assert.match(String(answer.headers['www-authenticate']), /^Bearer error="invalid_token"/);
}

const REDIRECT_ERRORS = ['invalid_redirect_uri', 'invalid_client_metadata'] as const;

describeModule('fapi1-advanced-final-brazildcr-happy-flow', (given) => {
  it('when it registers, then its client works, reads the same registration twice, and ends', async () => {
    const registered = await register(given.software);
    const { metadata, receiver } = registered;
    assert.equal(typeof metadata.client_id_issued_at, 'number');
    assert.equal(metadata.client_secret, undefined);
    assert.equal(
      registered.registrationUri,
      `${registrationEndpoint(running, given.software)}/${receiver.clientId}`,
    );
    assert.equal(metadata.id_token_encrypted_response_alg, 'RSA-OAEP');
    assert.equal(metadata.id_token_encrypted_response_enc, 'A256GCM');
    for (const scope of ['openid', 'consents', 'resources', 'customers'])
      assert.ok(metadata.scope.split(' ').includes(scope), `${scope} is in ${metadata.scope}`);

    const { consentId, accessToken, refreshToken } = await useClient(registered);
    await assertAlive(registered);
    await assertAlive(registered);

    const ended = await manage(registered, 'DELETE');
    assert.equal(ended.status, 204);
    assert.equal(ended.text, '');
    const { resourcesUrl } = running.institution(given.ecosystem);
    assert.equal((await callApi(receiver, resourcesUrl, { token: accessToken })).status, 401);
    assertRefused(
      await tokenRequest(receiver, { grant_type: 'refresh_token', refresh_token: refreshToken }),
      401,
      'invalid_client',
    );
    assert.equal(await consentStatus(running, consentId), 'REJECTED');
  });
});

describeModule('fapi1-advanced-final-brazildcr-happy-flow-variant', (given) => {
  it('when grant types come in another order and scopes are named, then it gets no others', async () => {
    const scope = 'openid consents resources customers';
    const grant_types = ['client_credentials', 'refresh_token', 'implicit', 'authorization_code'];
    const registered = await register(given.software, { scope, grant_types });
    assert.deepEqual(new Set(registered.metadata.scope.split(' ')), new Set(scope.split(' ')));
    assert.deepEqual(new Set(registered.metadata.grant_types), new Set(grant_types));
    await useClient(registered);
    assert.equal((await manage(registered, 'DELETE')).status, 204);
  });
});

describeModule('fapi1-advanced-final-brazildcr-happy-flow-variant-2', (given) => {
  it('when the scopes are named in reverse, then it gets the same ones', async () => {
    const scope = 'customers resources consents openid';
    const registered = await register(given.software, { scope });
    assert.deepEqual(new Set(registered.metadata.scope.split(' ')), new Set(scope.split(' ')));
    await useClient(registered);
    assert.equal((await manage(registered, 'DELETE')).status, 204);
  });
});

describeModule('fapi1-advanced-final-brazildcr-payment-consent-request-aud-as-array', (given) => {
  it('when audiences are lists, then the client works; of payments there is nothing to ask', async () => {
    const registered = await register(given.software);
    assert.equal(registered.metadata.scope.split(' ').includes('payments'), false);
    const { token } = registered.receiver.endpoints;
    await useClient(registered, { audience: [token, 'https://elsewhere.example/'] });
    assert.equal((await manage(registered, 'DELETE')).status, 204);
  });
});

describeModule('fapi1-advanced-final-brazildcr-client-delete', (given) => {
  it('when the registration has been ended, then neither its token nor its client is known', async () => {
    const registered = await register(given.software);
    assert.equal((await ownToken(registered)).status, 200);
    assert.equal((await manage(registered, 'DELETE')).status, 204);
    assertUnauthorised(await manage(registered, 'GET'));
    assertUnauthorised(await manage(registered, 'DELETE'));
    assertUnauthorised(await manage(registered, 'PUT', { body: await updateRequest(running, registered) }));
    assertRefused(await ownToken(registered), 401, 'invalid_client');
  });
});

describeModule('fapi1-advanced-final-brazildcr-invalid-registration-access-token', (given) => {
  it('when the registration token is another, then nobody gets in and the client lives on', async () => {
    const registered = await register(given.software);
    const token = `${registered.registrationToken.slice(0, -1)}${registered.registrationToken.endsWith('A') ? 'B' : 'A'}`;
    assertUnauthorised(await manage(registered, 'GET', { token }));
    assertUnauthorised(await manage(registered, 'DELETE', { token }));
    assertUnauthorised(
      await manage(registered, 'PUT', { token, body: await updateRequest(running, registered) }),
    );
    await assertAlive(registered);
    assert.equal((await ownToken(registered)).status, 200);
  });
});

describeModule('fapi1-advanced-final-brazil-dcr-invalid-software-statement-signature', (given) => {
  it('when the signature of the statement is broken, then it is refused', async () => {
    const software_statement = breakSignature(await statementFor(running, given.software));
    assertRefused(
      await tryToRegister(running, given.software, { software_statement }),
      400,
      'invalid_software_statement',
    );
    await assertNothingKept(given);
  });
});

describeModule('fapi1-advanced-final-brazil-dcr-no-software-statement', (given) => {
  it('when there is no statement, then it is refused', async () => {
    const answer = await tryToRegister(running, given.software, { software_statement: undefined });
    assertRefused(answer, 400, 'invalid_software_statement');
    assert.match(String(answer.headers['content-type']), /^application\/json/);
    assert.equal(answer.headers['cache-control'], 'no-store');
    await assertNothingKept(given);
  });
});

describeModule('fapi1-advanced-final-brazil-dcr-no-mtls', (given) => {
  it('when there is no certificate, then nothing can be registered, read, changed or ended', async () => {
    assertRefused(await tryToRegister(running, given.software, {}, null), 401, 'invalid_client');
    const registered = await register(given.software);
    const body = await updateRequest(running, registered, { redirect_uris: given.software.redirectUris });
    for (const method of ['GET', 'PUT', 'DELETE'] as const)
      assertUnauthorised(await manage(registered, method, { identity: null, body }));
    await assertAlive(registered);
  });
});

describeModule('fapi1-advanced-final-brazil-dcr-bad-mtls', (given) => {
  it('when the certificate is self-made, then nothing can be registered, read, changed or ended', async () => {
    const identity = await selfMade(given.software);
    assertRefused(await tryToRegister(running, given.software, {}, identity), 401, 'invalid_client');
    const registered = await register(given.software);
    const body = await updateRequest(running, registered, { redirect_uris: given.software.redirectUris });
    for (const method of ['GET', 'PUT', 'DELETE'] as const)
      assertUnauthorised(await manage(registered, method, { identity, body }));
    await assertAlive(registered);
  });
});

describeModule('fapi1-advanced-final-brazildcr-update-client-config', (given) => {
  let registered: RegisteredSoftware;
  before(async () => {
    registered = await register(given.software);
  });

  it('when an update is not entitled, then it is refused and nothing changes', async () => {
    const body = await updateRequest(running, registered, { redirect_uris: given.software.redirectUris });
    const identity = await selfMade(given.software);
    assertUnauthorised(await manage(registered, 'PUT', { body, identity }));
    assertUnauthorised(await manage(registered, 'PUT', { body, token: 'another-token' }));
    const { software_statement: statement, ...without } = body;
    assertRefused(await manage(registered, 'PUT', { body: without }), 400, 'invalid_software_statement');
    const broken = { ...body, software_statement: breakSignature(String(statement)) };
    assertRefused(await manage(registered, 'PUT', { body: broken }), 400, 'invalid_software_statement');
    await assertAlive(registered);
  });

  it('when it adds its other redirect URI, then that is kept under the same token', async () => {
    const { redirectUris } = given.software;
    const body = await updateRequest(running, registered, { redirect_uris: redirectUris });
    const answer = await manage(registered, 'PUT', { body });
    assert.equal(answer.status, 200, answer.text);
    const updated = answer.json();
    assert.deepEqual(updated.redirect_uris, redirectUris);
    assert.equal(updated.registration_access_token, registered.registrationToken);
    assert.equal(updated.registration_client_uri, registered.registrationUri);
    const moved = { ...registered, receiver: { ...registered.receiver, redirectUri: redirectUris[1] } };
    await assertAlive({ ...registered, metadata: updated });
    await useClient(moved);
    assert.equal((await manage(registered, 'DELETE')).status, 204);
  });
});

const ELSEWHERE = 'https://elsewhere.example';

/** An update that is refused and changes nothing. */
function describeBadUpdate(
  module: (typeof DCR_MODULES)[number],
  what: string,
  change: (software: FreshSoftware) => Readonly<Record<string, unknown>>,
  ...errors: readonly string[]
): void {
  describeModule(module, (given) => {
    it(`when the update ${what}, then it is refused and nothing changes`, async () => {
      const registered = await register(given.software);
      const body = await updateRequest(running, registered, change(given.software));
      assertRefused(await manage(registered, 'PUT', { body }), 400, ...errors);
      await assertAlive(registered);
      assert.equal((await ownToken(registered)).status, 200);
    });
  });
}

describeBadUpdate(
  'fapi1-advanced-final-brazildcr-update-client-config-bad-jwks-uri',
  'points to keys elsewhere',
  () => ({ jwks_uri: `${ELSEWHERE}/application.jwks` }),
  'invalid_client_metadata',
);

describeBadUpdate(
  'fapi1-advanced-final-brazildcr-update-client-config-invalid-jwks-by-value',
  'has keys by value',
  ({ keys }) => ({ jwks: { keys: [{ kty: 'RSA', n: keys.signing.n, e: keys.signing.e, use: 'sig' }] } }),
  'invalid_client_metadata',
);

describeBadUpdate(
  'fapi1-advanced-final-brazildcr-update-client-config-invalid-redirect-uri',
  'has a redirect URI that the directory does not know',
  ({ redirectUris }) => ({ redirect_uris: [...redirectUris, `${ELSEWHERE}/callback`] }),
  ...REDIRECT_ERRORS,
);

/** A registration that is refused and leaves nothing behind. */
function describeBadRegistration(
  module: (typeof DCR_MODULES)[number],
  what: string,
  change: (software: FreshSoftware) => Readonly<Record<string, unknown>>,
  ...errors: readonly string[]
): void {
  describeModule(module, (given) => {
    it(`when the registration ${what}, then it is refused`, async () => {
      const answer = await tryToRegister(running, given.software, change(given.software));
      assertRefused(answer, 400, ...errors);
      assert.equal(typeof answer.json().error_description, 'string');
      await assertNothingKept(given);
    });
  });
}

describeBadRegistration(
  'fapi1-advanced-final-brazil-dcr-no-redirect-uri',
  'has no redirect URI',
  () => ({ redirect_uris: undefined }),
  ...REDIRECT_ERRORS,
);

describeBadRegistration(
  'fapi1-advanced-final-brazil-dcr-invalid-redirect-uri',
  'has a redirect URI that the directory does not know',
  () => ({ redirect_uris: [`${ELSEWHERE}/callback`] }),
  ...REDIRECT_ERRORS,
);

describeBadRegistration(
  'fapi1-advanced-final-brazil-dcr-invalid-jwks-uri',
  'points to keys elsewhere',
  () => ({ jwks_uri: `${ELSEWHERE}/application.jwks` }),
  'invalid_client_metadata',
);

describeBadRegistration(
  'fapi1-advanced-final-brazil-dcr-invalid-jwks-by-value',
  'has keys by value',
  ({ keys }) => ({
    jwks_uri: undefined,
    jwks: { keys: [{ kty: 'RSA', n: keys.signing.n, e: keys.signing.e, use: 'sig' }] },
  }),
  'invalid_client_metadata',
);

describe('given all that has been sent to the registration endpoints', () => {
  it('when the logs are looked at, then nothing of it was unexpected', () => {
    assert.deepEqual(running.logged, []);
  });
});
