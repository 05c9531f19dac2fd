import assert from 'node:assert/strict';
import { createHmac, createPublicKey, generateKeyPairSync, type KeyObject, randomUUID } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { decodeJwt, exportJWK, type JWK } from 'jose';
import type { Sandbox } from '../../src/app/sandbox/start-sandbox.ts';
import { createCertificateAuthority } from '../../src/directory/certificate-authority.ts';
import { ownToken } from '../../src/receiver/connect-holder.ts';
import { publicHalf } from '../../src/receiver/receiver-keys.ts';
import {
  ASSERTION_TYPE,
  approve,
  assertErrorPage,
  assertRefused,
  authorizationUrl,
  callApi,
  consentStatus,
  ECOSYSTEMS,
  pushRequest,
  redeem,
  requestClaims,
  requestUriOf,
  type TestReceiver,
  testReceiver,
  tokenRequest,
  visit,
} from '../support/conformance.ts';
import { exchangeTls, type TlsAnswer } from '../support/exchange-tls.ts';
import {
  certify,
  type FreshSoftware,
  freshSoftware,
  manage,
  publishKey,
  type RegisteredSoftware,
  registerSoftware,
  statementFor,
  tryToRegister,
} from '../support/fresh-software.ts';
import { certificateHeaders, type FurtherNode, startFurtherNode } from '../support/further-node.ts';
import { clientAssertion, type Deviation, sendJson, sign } from '../support/receiver-requests.ts';
import { startTestSandbox, type TestSandbox } from '../support/start-sandbox.ts';

const OWN_TOKEN = { grant_type: 'client_credentials', scope: 'consents' } as const;
const FORM = { 'content-type': 'application/x-www-form-urlencoded' } as const;
const SECOND = 1_000;

let running: TestSandbox;
let node: FurtherNode;
before(async () => {
  running = await startTestSandbox();
  node = await startFurtherNode(running);
});

async function register(software: FreshSoftware): Promise<RegisteredSoftware> {
  const registered = await registerSoftware(running, software);
  return registered;
}

/** A request for a token of a receiver's own, as a form. */
async function tokenForm(who: TestReceiver, jwt?: string): Promise<string> {
  return new URLSearchParams({
    ...OWN_TOKEN,
    client_id: who.clientId,
    client_assertion_type: ASSERTION_TYPE,
    client_assertion: jwt ?? (await clientAssertion(who, who.endpoints.token)),
  }).toString();
}

function base64url(value: unknown): string {
  return Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');
}

/** What a certificate could be passed on in, by one proxy or another. */
function forgedHeaders(chain: string): Readonly<Record<string, string>>[] {
  const [leaf = ''] = chain.split(/(?<=-----END CERTIFICATE-----)/);
  const names = [
    'client-cert',
    'x-client-cert',
    'x-ssl-client-cert',
    'ssl-client-cert',
    'x-amzn-mtls-clientcert',
    'x-amzn-mtls-clientcert-leaf',
    'x-ssl-cert',
  ];
  return [
    certificateHeaders(chain),
    { 'x-forwarded-client-cert': `Cert="${encodeURIComponent(leaf)}"` },
    ...names.map((name) => ({ [name]: encodeURIComponent(leaf) })),
    { ...certificateHeaders(chain), 'x-guiche-proxy-secret': 'x'.repeat(32), 'x-forwarded-for': '127.0.0.1' },
  ];
}

/** JWTs that are signed by nobody, or by the wrong means, with the claims of a sound one. */
function forgedJwts(sound: string, key: JWK): Readonly<Record<string, string>> {
  const [header = '', payload = '', signature = ''] = sound.split('.');
  const { kid } = JSON.parse(Buffer.from(header, 'base64url').toString());
  const publicKey = createPublicKey({ key: { ...publicHalf(key) }, format: 'jwk' });
  const mac = (secret: string | Buffer) => {
    const signed = `${base64url({ alg: 'HS256', kid })}.${payload}`;
    return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`;
  };
  return {
    'is not signed, alg none': `${base64url({ alg: 'none', kid })}.${payload}.`,
    'is not signed, alg nOnE': `${base64url({ alg: 'nOnE', kid })}.${payload}.`,
    'says none and keeps its signature': `${base64url({ alg: 'none', kid })}.${payload}.${signature}`,
    'says PS256 and has no signature': `${header}.${payload}.`,
    'is signed by HS256 with the public key as PEM': mac(pem(publicKey, 'spki')),
    'is signed by HS256 with the public key as PKCS #1': mac(pem(publicKey, 'pkcs1')),
    'is signed by HS256 with the public key as DER': mac(publicKey.export({ type: 'spki', format: 'der' })),
    'is signed by HS256 with the modulus': mac(Buffer.from(String(key.n), 'base64url')),
    'is signed by HS256 with nothing': mac(''),
    'says RS256 over the signature of PS256': `${base64url({ alg: 'RS256', kid })}.${payload}.${signature}`,
    'has other claims under the signature': `${header}.${base64url({ ...decodeJwt(sound), extra: true })}.${signature}`,
    'has a critical header that nobody knows': `${base64url({ alg: 'PS256', kid, crit: ['x'], x: 1 })}.${payload}.${signature}`,
    'has an unencoded payload': `${base64url({ alg: 'PS256', kid, b64: false, crit: ['b64'] })}.${payload}.${signature}`,
  };
}

function pem(key: KeyObject, type: 'spki' | 'pkcs1'): string {
  return key.export({ type, format: 'pem' }) as string;
}

/** Texts that are no JWTs. */
function malformedJwts(sound: string): readonly string[] {
  const [header = '', payload = '', signature = ''] = sound.split('.');
  return [
    'a',
    '.',
    '..',
    '...',
    'a.b.c',
    `${header}.${payload}`,
    `${header}..${signature}`,
    `.${payload}.${signature}`,
    `${sound}.`,
    `${sound}.${signature}`,
    `${base64url('null')}.${payload}.${signature}`,
    `${base64url('[]')}.${payload}.${signature}`,
    `${base64url('"PS256"')}.${payload}.${signature}`,
    `${base64url({ alg: ['PS256'] })}.${payload}.${signature}`,
    `${base64url({ alg: 'PS256', kid: { a: 1 } })}.${payload}.${signature}`,
    `${base64url({ alg: 'PS256', kid: '../../etc/passwd' })}.${payload}.${signature}`,
    `${base64url({ alg: 'PS256', kid: '__proto__' })}.${payload}.${signature}`,
    `${header}.${base64url('null')}.${signature}`,
    `${header}.${base64url('[]')}.${signature}`,
    `${header}.${base64url('{"iss":')}.${signature}`,
    `${header}.${Buffer.from([0xff, 0xfe, 0x00]).toString('base64url')}.${signature}`,
    `${base64url({ alg: 'RSA-OAEP', enc: 'A256GCM' })}.${payload}.${signature}.${payload}.${signature}`,
    `${base64url({ alg: 'RSA-OAEP', enc: 'A256GCM', zip: 'DEF' })}.a.b.c.d`,
    JSON.stringify({ protected: header, payload, signature }),
    JSON.stringify({ payload, signatures: [{ protected: header, signature }] }),
    `é${sound}`,
    '\u0000',
    'ey'.repeat(15_000),
  ];
}

/** A stranger's key, and headers by which a JWT would bring it along. */
async function strangersKey() {
  const pair = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const [key, jwk] = await Promise.all([exportJWK(pair.privateKey), exportJWK(pair.publicKey)]);
  return {
    key,
    brought: { jwk, jku: 'https://elsewhere.example/jwks', x5u: 'https://elsewhere.example/x5u' },
  };
}

/** Addresses that look like one, or lead elsewhere than they seem to. */
function lookalikes(uri: string): readonly string[] {
  const { host, pathname } = new URL(uri);
  return [
    uri.replace('receiver', 'receiv\u0435r'),
    uri.replace('receiver', 'rece\u200Biver'),
    uri.replace('receiver', 'receive\uFF52'),
    new URL(uri.replace('receiver', 'receiv\u0435r')).href,
    uri.replace('receiver', 'receiv%65r'),
    uri.replace(host, host.toUpperCase()),
    uri.replace(host, `${host}.`),
    uri.replace(host, `${host}:443`),
    uri.replace(host, `${host}:8443`),
    uri.replace(host, `${host}@elsewhere.example`),
    uri.replace(host, `elsewhere.example\\@${host}`),
    uri.replace(host, `elsewhere.example/${host}`),
    uri.replace(host, `${host}.elsewhere.example`),
    uri.replace('https:', 'http:'),
    uri.replace('https:', 'HTTPS:'),
    uri.replace(pathname, `${pathname}/`),
    uri.replace(pathname, `${pathname}/../elsewhere`),
    uri.replace(pathname, `/.${pathname}`),
    uri.replace(pathname, `/${pathname}`),
    uri.replace(pathname, pathname.toUpperCase()),
    uri.replace(pathname, pathname.replace('a', '%61')),
    `${uri}?`,
    `${uri}#`,
    `${uri}?next=https://elsewhere.example`,
    `${uri} `,
    ` ${uri}`,
    `${uri}\n`,
    'javascript:alert(1)',
    'https://',
    '//elsewhere.example/callback',
  ];
}

for (const ecosystem of ECOSYSTEMS)
  describe(`given an institution of ${ecosystem}`, () => {
    let receiver: TestReceiver;
    let other: TestReceiver;
    let consentsUrl: string;
    let issuerPath: string;

    before(async () => {
      receiver = await testReceiver(running, 0, ecosystem);
      other = await testReceiver(running, 1, ecosystem);
      ({ consentsUrl } = running.institution(ecosystem));
      issuerPath = new URL(receiver.issuer).pathname;
    });

    /** A token of a receiver's own, asked for at the node, with a certificate that the proxy passes on. */
    async function tokenAtNode(
      who: TestReceiver,
      { certificate = who.identity.certificate, ...deviation }: Deviation & { certificate?: string } = {},
    ): Promise<TlsAnswer> {
      return node.proxied(`${issuerPath}/token`, certificate, {
        method: 'POST',
        headers: FORM,
        body: await tokenForm(who, await clientAssertion(who, who.endpoints.token, deviation)),
      });
    }

    describe('and software that registers', () => {
      it('when it registers twice at once, then it has one client', async () => {
        const software = await freshSoftware(running, ecosystem);
        const answers = await Promise.all([1, 2, 3].map(() => tryToRegister(running, software)));
        assert.deepEqual(answers.map(({ status }) => status).sort(), [201, 400, 400]);
        const [winner] = answers.filter(({ status }) => status === 201) as [TlsAnswer];
        for (const answer of answers.filter((each) => each !== winner))
          assertRefused(answer, 400, 'invalid_client_metadata');
        const { registration_client_uri, registration_access_token } = winner.json();
        const registered = {
          identity: software.identity,
          registrationUri: registration_client_uri,
          registrationToken: registration_access_token,
        };
        assert.equal((await manage(registered, 'GET')).status, 200);
      });

      it('when the same or a new statement comes later, then it has one client until it ends that', async () => {
        const software = await freshSoftware(running, ecosystem);
        const software_statement = await statementFor(running, software);
        const first = await tryToRegister(running, software, { software_statement });
        assert.equal(first.status, 201);
        assertRefused(
          await tryToRegister(running, software, { software_statement }),
          400,
          'invalid_client_metadata',
        );
        assertRefused(await tryToRegister(running, software), 400, 'invalid_client_metadata');
        const { registration_client_uri, registration_access_token, client_id } = first.json();
        const registered = {
          identity: software.identity,
          registrationUri: registration_client_uri,
          registrationToken: registration_access_token,
        };
        assert.equal((await manage(registered, 'DELETE')).status, 204);
        const again = await tryToRegister(running, software);
        assert.equal(again.status, 201, again.text);
        assert.notEqual(again.json().client_id, client_id);
      });

      it('when the statement or the certificate is of other software, then it is refused', async () => {
        const [mine, theirs] = [
          await freshSoftware(running, ecosystem),
          await freshSoftware(running, ecosystem),
        ];
        const software_statement = await statementFor(running, theirs);
        assertRefused(
          await tryToRegister(running, mine, { software_statement, jwks_uri: theirs.jwksUri }),
          400,
          'invalid_software_statement',
        );
        assertRefused(
          await tryToRegister(running, mine, {}, theirs.identity),
          400,
          'invalid_software_statement',
        );
        for (const software of [mine, theirs])
          assert.equal((await tryToRegister(running, software)).status, 201);
      });

      it('when its registration is managed with the token of another client, then it is refused', async () => {
        const [mine, theirs] = [
          await register(await freshSoftware(running, ecosystem)),
          await register(await freshSoftware(running, ecosystem)),
        ];
        for (const attempt of [
          await manage(mine, 'DELETE', { token: theirs.registrationToken }),
          await manage(mine, 'DELETE', { identity: theirs.identity }),
          await manage({ ...mine, ...theirs, registrationUri: mine.registrationUri }, 'DELETE'),
        ])
          assertRefused(attempt, 401, 'invalid_token');
        for (const each of [mine, theirs]) assert.equal((await manage(each, 'GET')).status, 200);
      });

      it('when its statement is forged or malformed, then it is refused', async () => {
        const software = await freshSoftware(running, ecosystem);
        const sound = await statementFor(running, software);
        const directory = await directoryKey(sound);
        const { key, brought } = await strangersKey();
        const stranger = { keys: { signing: { ...key, kid: directory.kid as string } } };
        const forged: Record<string, string> = {
          ...forgedJwts(sound, directory),
          'is signed by a stranger': await sign(stranger, { ...decodeJwt(sound) }),
          'brings a stranger’s key along': await sign(
            stranger,
            { ...decodeJwt(sound) },
            { header: { alg: 'PS256', ...brought } },
          ),
          'is signed by the receiver itself': await sign(software, { ...decodeJwt(sound) }),
        };
        for (const [what, software_statement] of Object.entries(forged)) {
          const answer = await tryToRegister(running, software, { software_statement });
          assert.equal(answer.status, 400, `${what}: ${answer.text}`);
          assert.equal(answer.json().error, 'invalid_software_statement', what);
        }
        for (const software_statement of malformedJwts(sound)) {
          const answer = await tryToRegister(running, software, { software_statement });
          // A text with a NUL in it is no JSON that is taken, whatever it is meant for.
          const error = software_statement.includes('\u0000') ? 'invalid_client_metadata' : '';
          assertRefused(answer, 400, error || 'invalid_software_statement');
        }
        assert.equal((await tryToRegister(running, software)).status, 201);
      });

      it('when its statement is of the other ecosystem, in which it takes part too, then it is refused', async () => {
        const [{ plan, keys }] = running.sandbox.receivers as [Sandbox['receivers'][number]];
        const [elsewhere] = ECOSYSTEMS.filter((each) => each !== ecosystem) as [string];
        const endpoint = `${running.institution(ecosystem).mtlsBase}/register`;
        const answers = [];
        for (const each of [elsewhere, ecosystem]) {
          const statement = await running.sandbox.directory.statement(
            each,
            plan.organisation.id,
            plan.software,
          );
          const body = { software_statement: statement, redirect_uris: [receiver.redirectUri] };
          const identity = { certificate: keys.certificate, key: keys.certificateKey };
          answers.push(await sendJson(endpoint, 'POST', body, identity));
        }
        const [foreign, own] = answers as [TlsAnswer, TlsAnswer];
        assertRefused(foreign, 400, 'invalid_software_statement');
        assertRefused(own, 400, 'invalid_client_metadata');
      });

      it('when its redirect URI only looks like one of the directory, then it is refused', async () => {
        const software = await freshSoftware(running, ecosystem);
        const [uri] = software.redirectUris;
        for (const lookalike of lookalikes(uri)) {
          const answer = await tryToRegister(running, software, { redirect_uris: [lookalike] });
          assertRefused(answer, 400, 'invalid_redirect_uri');
        }
        const [first = ''] = lookalikes(uri);
        const mixed = await tryToRegister(running, software, { redirect_uris: [uri, first] });
        assertRefused(mixed, 400, 'invalid_redirect_uri');
        assert.equal((await tryToRegister(running, software)).status, 201);
      });
    });

    describe('and a certificate in a header', () => {
      it('when nobody vouches for the header, then it counts for nothing, and the connection does', async () => {
        const token = await ownToken(receiver.connection);
        const consentId = await running.awaitingConsent(receiver.connection, ecosystem);
        const url = `${consentsUrl}/${consentId}`;
        for (const headers of forgedHeaders(receiver.identity.certificate)) {
          const bare = await callApi(receiver, url, { token, headers, identity: undefined });
          assert.equal(bare.status, 401, bare.text);
          const foreign = await callApi(other, url, { token, headers });
          assert.equal(foreign.status, 401, foreign.text);
          const asToken = await exchangeTls(receiver.endpoints.token, {
            method: 'POST',
            headers: { ...FORM, ...headers },
            body: await tokenForm(receiver),
          });
          assertRefused(asToken, 401, 'invalid_client');
        }
        for (const headers of forgedHeaders(other.identity.certificate))
          assert.equal((await callApi(receiver, url, { token, headers })).status, 200);
      });

      it('when the proxy passes it on, then it counts', async () => {
        const token = await tokenAtNode(receiver);
        assert.equal(token.status, 200, token.text);
      });

      it('when anybody but the proxy passes it on, then it counts for nothing', async () => {
        const { access_token: token } = (await tokenAtNode(receiver)).json();
        const consentId = await running.awaitingConsent(receiver.connection, ecosystem);
        const path = new URL(`${consentsUrl}/${consentId}`).pathname;
        const headers = {
          authorization: `Bearer ${token}`,
          accept: 'application/json',
          'x-fapi-interaction-id': randomUUID(),
        };
        const certificate = certificateHeaders(receiver.identity.certificate);
        const proof = { 'x-guiche-proxy-secret': node.secret };
        assert.equal((await node.proxied(path, receiver.identity.certificate, { headers })).status, 200);

        const attempts = {
          'no secret': await node.send(path, { headers: { ...headers, ...certificate } }),
          'another secret': await node.send(path, {
            headers: { ...headers, ...certificate, 'x-guiche-proxy-secret': `${node.secret}x` },
          }),
          'an empty secret': await node.send(path, {
            headers: { ...headers, ...certificate, 'x-guiche-proxy-secret': '' },
          }),
          'another address': await node.send(
            path,
            { headers: { ...headers, ...certificate, ...proof } },
            '127.0.0.9',
          ),
          'another address that claims to be the proxy’s': await node.send(
            path,
            { headers: { ...headers, ...certificate, ...proof, 'x-forwarded-for': '127.0.0.1' } },
            '127.0.0.9',
          ),
          'no certificate': await node.proxied(path, undefined, { headers }),
          'another certificate': await node.proxied(path, other.identity.certificate, { headers }),
          'a damaged certificate': await node.send(path, {
            headers: { ...headers, ...proof, 'client-cert': `${certificate['client-cert']?.slice(0, 200)}:` },
          }),
          'two certificates': await node.send(path, {
            headers: {
              ...headers,
              ...proof,
              'client-cert': `${certificate['client-cert']}, ${certificate['client-cert']}`,
            },
          }),
          'a header of another name': await node.send(path, {
            headers: { ...headers, ...proof, 'x-client-cert': certificate['client-cert'] as string },
          }),
        };
        for (const [what, answer] of Object.entries(attempts))
          assert.equal(answer.status, 401, `${what}: ${answer.text}`);
      });
    });

    describe('and something that is sent again', () => {
      it('when a client assertion is used again, then it is refused, at every endpoint and node', async () => {
        const jwt = await clientAssertion(receiver, receiver.issuer);
        const first = await tokenRequest(receiver, OWN_TOKEN, { assertion: { jwt } });
        assert.equal(first.status, 200, first.text);
        assertRefused(await tokenRequest(receiver, OWN_TOKEN, { assertion: { jwt } }), 401, 'invalid_client');
        const consentId = await running.awaitingConsent(receiver.connection, ecosystem);
        const pushed = await pushRequest(receiver, consentId, { assertion: { jwt } });
        assertRefused(pushed.answer, 401, 'invalid_client');
        const atNode = await node.proxied(`${issuerPath}/token`, receiver.identity.certificate, {
          method: 'POST',
          headers: FORM,
          body: await tokenForm(receiver, jwt),
        });
        assertRefused(atNode, 401, 'invalid_client');
      });

      it('when a client assertion comes several times at once, then one of them counts', async () => {
        const jwt = await clientAssertion(receiver, receiver.endpoints.token);
        const answers = await Promise.all(
          [1, 2, 3, 4].map(() => tokenRequest(receiver, OWN_TOKEN, { assertion: { jwt } })),
        );
        assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 401, 401, 401]);
      });

      it('when a client assertion is written in other ways, then it counts once all the same', async () => {
        const jwt = await clientAssertion(receiver, receiver.endpoints.token);
        const statuses = [];
        for (const written of [jwt, `${jwt} `, `${jwt}=`, jwt.replace('.', '=.')]) {
          const answer = await tokenRequest(receiver, OWN_TOKEN, { assertion: { jwt: written } });
          statuses.push(answer.status);
        }
        assert.deepEqual(statuses, [200, 401, 401, 401]);
      });

      it('when another receiver sends the request object, then it is refused', async () => {
        const consentId = await running.awaitingConsent(receiver.connection, ecosystem);
        const request = await sign(receiver, requestClaims(receiver, consentId));
        const { answer } = await pushRequest(other, consentId, { request });
        assert.equal(answer.status, 400, answer.text);
        assert.equal(answer.json().request_uri, undefined);
        assert.equal((await pushRequest(receiver, consentId, { request })).answer.status, 201);
      });

      it('when a request object is pushed twice, then one authorisation comes of it', async () => {
        const consentId = await running.awaitingConsent(receiver.connection, ecosystem);
        const request = await sign(receiver, requestClaims(receiver, consentId));
        const [first, second] = [
          (await pushRequest(receiver, consentId, { request })).url(),
          (await pushRequest(receiver, consentId, { request })).url(),
        ];
        const { code } = await approve(running, receiver, first);
        assert.equal((await redeem(receiver, String(code))).status, 200);
        assertErrorPage(await visit(running, second), 'invalid_request', 'invalid_request_object');
        const late = await pushRequest(receiver, consentId, { request });
        assertRefused(late.answer, 400, 'invalid_request');
        assert.equal(await consentStatus(running, consentId), 'AUTHORISED');
      });

      it('when a request_uri is used again or by another client, then it leads nowhere', async () => {
        const consentId = await running.awaitingConsent(receiver.connection, ecosystem);
        const { answer } = await pushRequest(receiver, consentId);
        const requestUri = requestUriOf(answer);
        const foreign = { ...other, endpoints: receiver.endpoints };
        assertErrorPage(
          await visit(running, authorizationUrl(foreign, requestUri)),
          'invalid_request',
          'invalid_request_uri',
          'invalid_request_object',
        );
        assert.equal(await consentStatus(running, consentId), 'AWAITING_AUTHORISATION');
        const url = authorizationUrl(receiver, requestUri);
        const { code } = await approve(running, receiver, url);
        assert.equal(typeof code, 'string');
        assertErrorPage(
          await visit(running, url),
          'invalid_request',
          'invalid_request_uri',
          'invalid_request_object',
        );
      });
    });

    describe('and a certificate that is over', () => {
      it('when it has expired, then it opens nothing, though the authority is the right one', async () => {
        const registered = await register(await freshSoftware(running, ecosystem));
        const { receiver: client } = registered;
        const shortLived = await issueFor(registered, 0);
        const current = await issueFor(registered, 3_600_000);
        assert.equal((await tokenRequest(client, OWN_TOKEN, { identity: current })).status, 200);
        assertRefused(await tokenRequest(client, OWN_TOKEN, { identity: shortLived }), 401, 'invalid_client');
        const consentId = await running.awaitingConsent(client.connection, ecosystem);
        const pushed = await pushRequest(client, consentId, { identity: shortLived });
        assertRefused(pushed.answer, 401, 'invalid_client');
        assertRefused(await manage(registered, 'DELETE', { identity: shortLived }), 401, 'invalid_token');
        assert.equal((await manage(registered, 'GET', { identity: current })).status, 200);
      });

      it('when the directory revokes it, then within a minute it opens nothing, and a new one does', async () => {
        const { receiver: client, owner } = await register(await freshSoftware(running, ecosystem));
        const answer = await tokenAtNode(client);
        assert.equal(answer.status, 200, answer.text);
        const path = new URL(`${consentsUrl}/${await running.awaitingConsent(client.connection, ecosystem)}`)
          .pathname;
        const read = () =>
          node.proxied(path, client.identity.certificate, {
            headers: {
              authorization: `Bearer ${answer.json().access_token}`,
              accept: 'application/json',
              'x-fapi-interaction-id': randomUUID(),
            },
          });
        assert.equal((await read()).status, 200);

        const { keys } = running.sandbox.directory.directory;
        const [record] = await keys.list(owner, 'brcac');
        assert.ok(record);
        await keys.revoke(record, 'keycompromise');
        node.advance(61 * SECOND);
        assert.equal((await read()).status, 401);
        assertRefused(await tokenAtNode(client), 401, 'invalid_client');
        const renewed = await certify(running, owner);
        assert.equal((await tokenAtNode(client, { certificate: renewed.certificate })).status, 200);
      });

      async function issueFor(software: RegisteredSoftware, lifeMs: number) {
        const { sandbox } = running;
        const profile = sandbox.directory.profiles.find((each) => each.ecosystem === ecosystem);
        const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
        const authority = createCertificateAuthority({
          name: 'guiche sandbox',
          certificates: sandbox.store.directory.certificates,
          keys: sandbox.store.directory.heldKeys,
          sealer: sandbox.store.sealer(),
          clock: { now: () => Date.now() },
          crlUrl: `${sandbox.directory.keyStoreUrl}/crl`,
          certificateLifeMs: lifeMs,
        });
        const issued = await authority.issueClient({
          subjectKey: { key: publicKey },
          prefix: profile?.certificatePrefix ?? '',
          ...software.owner,
          organisationName: 'Receptora',
          cnpj: '99312045000169',
          state: 'MG',
          city: 'Belo Horizonte',
          commonName: 'short.receiver.example',
        });
        return {
          certificate: issued.chain,
          key: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
        };
      }
    });

    describe('and JWTs that nobody should believe', () => {
      it('when a client assertion is forged or malformed, then it is refused', async () => {
        const sound = await clientAssertion(receiver, receiver.endpoints.token);
        const { key, brought } = await strangersKey();
        const forged = {
          ...forgedJwts(sound, receiver.keys.signing),
          'is signed by RS256': await assertionWith({ header: { alg: 'RS256' } }),
          'is signed by PS384': await assertionWith({ header: { alg: 'PS384' } }),
          'is signed by a stranger': await assertionWith({ key }),
          'brings a stranger’s key along': await assertionWith({ key, header: { alg: 'PS256', ...brought } }),
          'is signed by the other receiver': await assertionWith({ key: other.keys.signing }),
        };
        for (const [what, jwt] of Object.entries(forged)) {
          const answer = await tokenRequest(receiver, OWN_TOKEN, { assertion: { jwt } });
          assert.equal(answer.status, 401, `${what}: ${answer.text}`);
          assert.equal(answer.json().error, 'invalid_client', what);
        }
        for (const jwt of malformedJwts(sound)) {
          const answer = await tokenRequest(receiver, OWN_TOKEN, { assertion: { jwt } });
          assert.ok([400, 401].includes(answer.status), `${jwt.slice(0, 60)}: ${answer.text}`);
          assert.ok(['invalid_client', 'invalid_request'].includes(answer.json().error), answer.text);
        }
        assert.equal((await tokenRequest(receiver, OWN_TOKEN, { assertion: { jwt: sound } })).status, 200);
      });

      function assertionWith(deviation: Deviation): Promise<string> {
        return clientAssertion(receiver, receiver.endpoints.token, deviation);
      }

      it('when a request object is forged or malformed, then it is refused', async () => {
        const consentId = await running.awaitingConsent(receiver.connection, ecosystem);
        const claims = requestClaims(receiver, consentId);
        const sound = await sign(receiver, claims);
        const { key, brought } = await strangersKey();
        const forged = {
          ...forgedJwts(sound, receiver.keys.signing),
          'is signed by RS256': await sign(receiver, claims, { header: { alg: 'RS256' } }),
          'is signed by a stranger': await sign(receiver, claims, { key }),
          'brings a stranger’s key along': await sign(receiver, claims, {
            key,
            header: { alg: 'PS256', ...brought },
          }),
          'is signed by the other receiver': await sign(receiver, claims, { key: other.keys.signing }),
        };
        for (const [what, request] of Object.entries(forged)) {
          const { answer } = await pushRequest(receiver, consentId, { request });
          assert.equal(answer.status, 400, `${what}: ${answer.text}`);
          assert.equal(answer.json().error, 'invalid_request_object', what);
        }
        for (const request of malformedJwts(sound)) {
          const { answer } = await pushRequest(receiver, consentId, { request });
          assertRefused(answer, 400, 'invalid_request_object', 'invalid_request');
        }
        assert.equal(await consentStatus(running, consentId), 'AWAITING_AUTHORISATION');
        assert.equal((await pushRequest(receiver, consentId, { request: sound })).answer.status, 201);
      });

      it('when a redirect URI only looks like the registered one, then nothing is ever sent there', async () => {
        const consentId = await running.awaitingConsent(receiver.connection, ecosystem);
        for (const redirect_uri of lookalikes(receiver.redirectUri)) {
          const { answer } = await pushRequest(receiver, consentId, { claims: { redirect_uri } });
          assertRefused(answer, 400, 'invalid_redirect_uri', 'invalid_request');
          assert.equal(answer.headers.location, undefined);
        }
        const { answer } = await pushRequest(receiver, consentId);
        const url = authorizationUrl(receiver, requestUriOf(answer), {
          redirect_uri: 'https://elsewhere.example/callback',
        });
        const response = await approve(running, receiver, url);
        assert.equal(typeof response.code, 'string');
      });
    });

    describe('and a receiver that changes its keys', () => {
      it('when a new key is published, then it is believed; when the old one is withdrawn, then that is not', async () => {
        const { receiver: client, owner } = await register(await freshSoftware(running, ecosystem));
        assert.equal((await tokenAtNode(client)).status, 200);

        const pair = generateKeyPairSync('rsa', { modulusLength: 2048 });
        const next = { ...(await exportJWK(pair.privateKey)), kid: `next-${randomUUID()}`, use: 'sig' };
        const successor = { ...client, keys: { ...client.keys, signing: next } };
        assertRefused(await tokenAtNode(successor), 401, 'invalid_client');

        await publishKey(running, owner, 'sigkey', { ...publicHalf(next) });
        node.advance(11 * SECOND);
        const accepted = await tokenAtNode(successor);
        assert.equal(accepted.status, 200, accepted.text);
        assert.equal((await tokenAtNode(client)).status, 200, 'both keys are published');

        const { keys } = running.sandbox.directory.directory;
        const old = await keys.find(owner, String(client.keys.signing.kid));
        assert.ok(old);
        await keys.revoke(old, 'superseded');
        node.advance(61 * SECOND);
        assertRefused(await tokenAtNode(client), 401, 'invalid_client');
        assert.equal((await tokenAtNode(successor)).status, 200);
      });
    });
  });

describe('given everything that has been refused', () => {
  it('when the logs are looked at, then nothing of it was unexpected', () => {
    assert.deepEqual(running.logged, []);
    assert.deepEqual(node.logged, []);
  });
  after(() => node.close());
});

/** The key of the directory that a statement is signed with. */
async function directoryKey(statement: string): Promise<JWK> {
  const { software_jwks_uri } = decodeJwt(statement) as { software_jwks_uri: string };
  const base = String(running.sandbox.description.directory.keystoreUrl);
  assert.ok(software_jwks_uri.startsWith(base));
  const { statementKeySet } = running.sandbox.directory.profiles.find(
    ({ statementIssuer }) => statementIssuer.sandbox === decodeJwt(statement).iss,
  ) as { statementKeySet: string };
  const answer = await exchangeTls(`${base}/${statementKeySet}`);
  return answer.json().keys[0];
}
