import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { CompactEncrypt, importJWK } from 'jose';
import { createBrowser } from '../../test/support/browse.ts';
import { exchangeTls } from '../../test/support/exchange-tls.ts';
import {
  clientAssertion,
  type Deviation,
  postForm,
  push,
  type RegisteredReceiver,
  registerMadeUp,
  requestObject,
} from '../../test/support/receiver-requests.ts';
import {
  awaitingConsent,
  introduce,
  makeReceiver,
  type RunningAuthorizationServer,
  startAuthorizationServer,
} from '../../test/support/start-authorization-server.ts';

const now = Math.floor(Date.now() / 1000);

describe('given a receiver with a consent that awaits authorisation', () => {
  let running: RunningAuthorizationServer;
  let receiver: RegisteredReceiver;
  let other: RegisteredReceiver;
  let consentId: string;

  const pushDeviating = async (deviation: Deviation) =>
    (await push(running, receiver, await requestObject(running, receiver, consentId, deviation))).answer;

  before(async () => {
    running = await startAuthorizationServer();
    const [one, two] = await Promise.all([makeReceiver(), makeReceiver()]);
    [receiver, other] = [await registerMadeUp(running, one), await registerMadeUp(running, two)];
    consentId = (await awaitingConsent(running, receiver.clientId)).id;
  });

  it('when it pushes a request, then it gets an address for a minute', async () => {
    const answer = await pushDeviating({});
    assert.equal(answer.status, 201);
    assert.equal(answer.json().expires_in, 60);
    assert.match(answer.json().request_uri, /^urn:ietf:params:oauth:request_uri:[\w-]{21,}$/);
    assert.deepEqual(running.events.at(-1), {
      kind: 'pushed-request',
      clientId: receiver.clientId,
      consentId,
      outcome: 'done',
    });
  });

  it('when it encrypts the request to the published key, then it is read all the same', async () => {
    const { keys } = (await exchangeTls(`${running.issuer}/jwks`)).json();
    const key = keys.find(({ use }: { use: string }) => use === 'enc');
    const jwe = await new CompactEncrypt(Buffer.from(await requestObject(running, receiver, consentId)))
      .setProtectedHeader({ alg: 'RSA-OAEP', enc: 'A256GCM', cty: 'JWT', kid: key.kid })
      .encrypt(await importJWK(key, 'RSA-OAEP'));
    assert.equal((await push(running, receiver, jwe)).answer.status, 201);
  });

  const accepted: Readonly<Record<string, () => Deviation>> = {
    'has several audiences with the issuer among them': () => ({
      claims: { aud: ['https://elsewhere.test', running.issuer] },
    }),
    'has no state': () => ({ claims: { state: undefined } }),
    'has its scopes in another order': () => ({ claims: { scope: `consent:${consentId} resources openid` } }),
    'has a nonce of 64 characters': () => ({ claims: { nonce: 'n'.repeat(64) } }),
    'asks for the context class': () => ({ claims: { claims: { id_token: { acr: { essential: true } } } } }),
  };
  for (const [what, deviation] of Object.entries(accepted))
    it(`when it ${what}, then it is accepted`, async () => {
      const answer = await pushDeviating(deviation());
      assert.equal(answer.status, 201, answer.text);
    });

  const refused: Readonly<Record<string, readonly [error: string, deviation: () => Deviation]>> = {
    'has no exp': ['invalid_request_object', () => ({ claims: { exp: undefined } })],
    'has no nbf': ['invalid_request_object', () => ({ claims: { nbf: undefined } })],
    'has no aud': ['invalid_request_object', () => ({ claims: { aud: undefined } })],
    'has expired': ['invalid_request_object', () => ({ claims: { nbf: now - 900, exp: now - 600 } })],
    'lives more than an hour': ['invalid_request_object', () => ({ claims: { exp: now + 4200 } })],
    'began more than an hour ago': ['invalid_request_object', () => ({ claims: { nbf: now - 4200 } })],
    'ends before it begins': ['invalid_request_object', () => ({ claims: { nbf: now + 5, exp: now + 1 } })],
    'has an exp that is no number': ['invalid_request_object', () => ({ claims: { exp: 'tomorrow' } })],
    'is for somebody else': ['invalid_request_object', () => ({ claims: { aud: 'https://elsewhere.test' } })],
    'is for the pushing endpoint': [
      'invalid_request_object',
      () => ({ claims: { aud: `${running.mtlsBase}/par` } }),
    ],
    'is signed with RS256': ['invalid_request_object', () => ({ header: { alg: 'RS256' } })],
    'is signed by somebody else': ['invalid_request_object', () => ({ key: other.keys.signing })],
    'has no nonce': ['invalid_request', () => ({ claims: { nonce: undefined } })],
    'has no redirect URI': ['invalid_request', () => ({ claims: { redirect_uri: undefined } })],
    'has a foreign redirect URI': [
      'invalid_request',
      () => ({ claims: { redirect_uri: 'https://evil.test/' } }),
    ],
    'has another response type': ['invalid_request', () => ({ claims: { response_type: 'code' } })],
    'has another response mode': ['invalid_request', () => ({ claims: { response_mode: 'query' } })],
    'has no code challenge': ['invalid_request', () => ({ claims: { code_challenge: undefined } })],
    'has a plain code challenge': ['invalid_request', () => ({ claims: { code_challenge_method: 'plain' } })],
    'has a request_uri in it': ['invalid_request_object', () => ({ claims: { request_uri: 'urn:another' } })],
    'has an id_token_hint': ['invalid_request', () => ({ claims: { id_token_hint: 'a.b.c' } })],
    'names no consent': ['invalid_request', () => ({ claims: { scope: 'openid resources' } })],
    'has no scope': ['invalid_request', () => ({ claims: { scope: undefined } })],
    'names two consents': [
      'invalid_request',
      () => ({ claims: { scope: `openid consent:${consentId} consent:urn:made-up:another` } }),
    ],
    'names a consent that nobody knows': [
      'invalid_request',
      () => ({ claims: { scope: 'openid consent:urn:made-up:unknown' } }),
    ],
  };
  for (const [what, [error, deviation]] of Object.entries(refused))
    it(`when it ${what}, then it is refused with ${error}`, async () => {
      const answer = await pushDeviating(deviation());
      assert.equal(answer.status, 400, answer.text);
      assert.equal(answer.json().error, error, answer.text);
    });

  it('when the request is not signed, or signed with a secret, then it is refused', async () => {
    const [, payload] = (await requestObject(running, receiver, consentId)).split('.');
    for (const alg of ['none', 'HS256']) {
      const header = Buffer.from(JSON.stringify({ alg })).toString('base64url');
      const { answer } = await push(
        running,
        receiver,
        `${header}.${payload}.${alg === 'none' ? '' : 'c2ln'}`,
      );
      assert.equal(answer.status, 400);
      assert.equal(answer.json().error, 'invalid_request_object');
    }
  });

  it('when parameters stand outside the request, then they do not count', async () => {
    const request = await requestObject(running, receiver, consentId, { claims: { scope: undefined } });
    const form = { request, scope: `openid consent:${consentId}`, state: 'outside' };
    const answer = await postForm(running, receiver, '/par', form);
    assert.equal(answer.status, 400);
  });

  it('when there is no request object, or a request_uri beside it, then it is refused', async () => {
    const bare = await postForm(running, receiver, '/par', {
      scope: `openid consent:${consentId}`,
      response_type: 'code id_token',
    });
    assert.equal(bare.status, 400);
    const request = await requestObject(running, receiver, consentId);
    const both = await postForm(running, receiver, '/par', { request, request_uri: 'urn:another' });
    assert.equal(both.status, 400);
  });

  it('when the consent is of another receiver, then it looks like one that nobody knows', async () => {
    const [foreign, unknown] = await Promise.all([
      push(running, other, await requestObject(running, other, consentId)),
      push(running, other, await requestObject(running, other, 'urn:made-up:unknown')),
    ]);
    assert.equal(foreign.answer.status, 400);
    assert.equal(foreign.answer.text, unknown.answer.text);
  });

  it('when the consent has ended, then it is refused', async () => {
    const { id } = await awaitingConsent(running, receiver.clientId);
    await running.consents.reject(
      id,
      { rejectedBy: 'TPP', code: 'CUSTOMER_MANUALLY_REVOKED' },
      `client:${receiver.clientId}`,
    );
    const { answer } = await push(running, receiver, await requestObject(running, receiver, id));
    assert.equal(answer.json().error, 'invalid_request');
  });

  it('when the consent ends before the browser comes, then the browser sees a page', async () => {
    const { id } = await awaitingConsent(running, receiver.clientId);
    const { url } = await push(running, receiver, await requestObject(running, receiver, id));
    await running.consents.reject(id, { rejectedBy: 'TPP', code: 'CUSTOMER_MANUALLY_REVOKED' }, 'client:1');
    const { answer } = await createBrowser().visit(url);
    assert.equal(answer?.status, 400);
    assert.match(answer?.text ?? '', /Código: <code>invalid_request<\/code>/);
  });

  it('when another receiver comes with the address, then it gets nowhere', async () => {
    const { url } = await push(running, receiver, await requestObject(running, receiver, consentId));
    url.searchParams.set('client_id', other.clientId);
    const { answer } = await createBrowser().visit(url);
    assert.equal(answer?.status, 400);
  });

  it('when a browser comes with the request itself, then it gets nowhere', async () => {
    const url = new URL(`${running.issuer}/auth`);
    url.searchParams.set('client_id', receiver.clientId);
    url.searchParams.set('request', await requestObject(running, receiver, consentId));
    const { answer } = await createBrowser().visit(url);
    assert.equal(answer?.status, 400);
  });

  describe('and its client assertion', () => {
    const authenticate = async (aud: unknown, deviation?: Deviation) =>
      postForm(running, receiver, '/token', {
        grant_type: 'client_credentials',
        scope: 'consents',
        client_assertion: await clientAssertion(receiver, aud, deviation),
      });

    it('when it is for the issuer, the token endpoint, or one of several, then it is accepted', async () => {
      const token = `${running.mtlsBase}/token`;
      for (const aud of [running.issuer, token, [token], ['https://elsewhere.test', running.issuer]])
        assert.equal((await authenticate(aud)).status, 200);
    });

    it('when it is for the pushing endpoint, then it is accepted there', async () => {
      const answer = await postForm(running, receiver, '/par', {
        request: await requestObject(running, receiver, consentId),
        client_assertion: await clientAssertion(receiver, `${running.mtlsBase}/par`),
      });
      assert.equal(answer.status, 201);
    });

    const bad: Readonly<Record<string, Deviation>> = {
      'has no sub': { claims: { sub: undefined } },
      'has another sub': { claims: { sub: 'another-client' } },
      'has another iss': { claims: { iss: 'another-client' } },
      'has no jti': { claims: { jti: undefined } },
      'has no exp': { claims: { exp: undefined } },
      'expired five minutes ago': { claims: { exp: now - 300 } },
      'lives for a year': { claims: { exp: now + 366 * 86_400 } },
      'is for somebody else': { claims: { aud: 'https://elsewhere.test' } },
      'is signed with RS256': { header: { alg: 'RS256' } },
    };
    for (const [what, deviation] of Object.entries(bad))
      it(`when it ${what}, then the client is not believed`, async () => {
        const answer = await authenticate(running.issuer, deviation);
        assert.equal(answer.status, 401, answer.text);
        assert.equal(answer.json().error, 'invalid_client');
      });

    it('when it is signed by somebody else, then the client is not believed', async () => {
      assert.equal((await authenticate(running.issuer, { key: other.keys.signing })).status, 401);
    });

    it('when it comes again, even at once, then it is believed only once', async () => {
      const form = {
        grant_type: 'client_credentials',
        scope: 'consents',
        client_assertion: await clientAssertion(receiver, running.issuer),
      };
      const answers = await Promise.all([1, 2, 3].map(() => postForm(running, receiver, '/token', form)));
      assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 401, 401]);
    });

    it('when it comes over the connection of other software, then the client is not believed', async () => {
      const form = { grant_type: 'client_credentials', scope: 'consents' };
      const answer = await postForm(running, receiver, '/token', form, other.identity);
      assert.equal(answer.status, 401);
      assert.equal(answer.json().error, 'invalid_client');
    });

    it('when it asks for customers’ scopes of its own, then it gets none', async () => {
      for (const scope of ['accounts', `consent:${consentId}`, '']) {
        const answer = await postForm(running, receiver, '/token', {
          grant_type: 'client_credentials',
          scope,
        });
        assert.equal(answer.json().error, 'invalid_scope', scope);
      }
    });
  });

  it('when keys of receivers are needed, then nobody but the directory is asked, for addresses of statements', () => {
    const known = new Set([introduce(running, receiver), introduce(running, other)]);
    assert.ok(running.trust.asked.length > 0);
    assert.deepEqual(
      running.trust.asked.filter((uri) => !known.has(uri)),
      [],
    );
    assert.deepEqual(running.faults, []);
  });
});
