import assert from 'node:assert/strict';
import { before, beforeEach, describe, it } from 'node:test';
import { compactDecrypt, createLocalJWKSet, decodeProtectedHeader, importJWK, jwtVerify } from 'jose';
import { createBrowser } from '../../test/support/browse.ts';
import { exchangeTls } from '../../test/support/exchange-tls.ts';
import {
  CODE_VERIFIER,
  type Deviation,
  postForm,
  push,
  REDIRECT_URI,
  type RegisteredReceiver,
  registerMadeUp,
  requestObject,
} from '../../test/support/receiver-requests.ts';
import {
  approveEverything,
  awaitingConsent,
  makeReceiver,
  type RunningAuthorizationServer,
  startAuthorizationServer,
} from '../../test/support/start-authorization-server.ts';
import type { Consent } from '../consents/consent.ts';

let running: RunningAuthorizationServer;
let receiver: RegisteredReceiver;
let other: RegisteredReceiver;

before(async () => {
  running = await startAuthorizationServer();
  const [one, two] = await Promise.all([makeReceiver(), makeReceiver()]);
  [receiver, other] = [await registerMadeUp(running, one), await registerMadeUp(running, two)];
});

beforeEach(() => {
  running.journey = approveEverything();
});

/** Sends a browser through the journey; answers with what it brings back to the receiver. */
async function authorise(consent: Consent, deviation?: Deviation, browser = createBrowser()) {
  const { url: start } = await push(
    running,
    receiver,
    await requestObject(running, receiver, consent.id, deviation),
  );
  const { url, answer } = await browser.visit(start);
  assert.equal(answer, undefined, answer?.text);
  assert.equal(`${url.origin}${url.pathname}`, REDIRECT_URI);
  return Object.fromEntries(new URLSearchParams(url.hash.slice(1)));
}

function redeem(code: string | undefined, change: Readonly<Record<string, string>> = {}, by = receiver) {
  return postForm(running, by, '/token', {
    grant_type: 'authorization_code',
    code: code as string,
    redirect_uri: REDIRECT_URI,
    code_verifier: CODE_VERIFIER,
    ...change,
  });
}

const refresh = (token: string, change: Readonly<Record<string, string>> = {}, by = receiver) =>
  postForm(running, by, '/token', { grant_type: 'refresh_token', refresh_token: token, ...change });

/** Decrypts and verifies an ID token. */
async function readIdToken(jwe: string) {
  const header = decodeProtectedHeader(jwe);
  const { plaintext } = await compactDecrypt(jwe, await importJWK(receiver.keys.encryption, 'RSA-OAEP'));
  const jwks = createLocalJWKSet((await exchangeTls(`${running.issuer}/jwks`)).json());
  const { payload, protectedHeader } = await jwtVerify(Buffer.from(plaintext).toString(), jwks);
  return { header, payload, protectedHeader };
}

describe('given a customer who confirms a consent', () => {
  it('when the browser comes back, then its ID token is encrypted, signed and bound to code and state', async () => {
    const consent = await awaitingConsent(running, receiver.clientId);
    const { code, id_token: idToken, state } = await authorise(consent);
    assert.ok(code);
    assert.equal(state, 'state-of-the-receiver');
    const { header, payload, protectedHeader } = await readIdToken(idToken as string);
    assert.equal(header.alg, 'RSA-OAEP');
    assert.equal(header.enc, 'A256GCM');
    assert.equal(header.cty, 'JWT');
    assert.equal(header.kid, receiver.keys.encryption.kid);
    assert.equal(protectedHeader.alg, 'PS256');
    for (const name of ['x5u', 'x5c', 'jku', 'jwk'])
      assert.ok(!(name in protectedHeader) && !(name in header));
    assert.equal(payload.iss, running.issuer);
    assert.equal(payload.aud, receiver.clientId);
    assert.equal(payload.acr, 'urn:brasil:openbanking:loa2');
    assert.ok(payload.c_hash && payload.s_hash && payload.nonce && payload.auth_time === undefined);
  });

  it('when no state was sent, then none comes back and none is hashed', async () => {
    const consent = await awaitingConsent(running, receiver.clientId);
    const brought = await authorise(consent, { claims: { state: undefined } });
    assert.ok(!('state' in brought));
    const { payload } = await readIdToken(brought.id_token as string);
    assert.ok(!('s_hash' in payload));
  });

  it('when the same customer confirms again, then sub is the same, and another customer’s is another', async () => {
    const subOf = async (id: string) => {
      running.journey = approveEverything({ customer: { id, name: '', cpf: '', companies: [] } });
      const { id_token } = await authorise(await awaitingConsent(running, receiver.clientId), {});
      return (await readIdToken(id_token as string)).payload.sub;
    };
    const [first, second, third] = [
      await subOf('customer-1'),
      await subOf('customer-1'),
      await subOf('customer-2'),
    ];
    assert.equal(first, second);
    assert.notEqual(first, third);
    assert.doesNotMatch(String(first), /customer/);
  });

  it('when another customer uses the same browser, then nobody is in their way', async () => {
    const browser = createBrowser();
    await authorise(await awaitingConsent(running, receiver.clientId), {}, browser);
    running.journey = approveEverything({ customer: { id: 'customer-2', name: '', cpf: '', companies: [] } });
    const { code } = await authorise(await awaitingConsent(running, receiver.clientId), {}, browser);
    assert.equal((await redeem(code)).status, 200);
  });

  it('when several factors were shown, then that is what the ID token says, unless less is asked for', async () => {
    running.journey = approveEverything({ assurance: 3 });
    const acrOf = async (acr: unknown) => {
      const claims = { claims: { id_token: { acr } } };
      const { id_token } = await authorise(await awaitingConsent(running, receiver.clientId), { claims });
      return (await readIdToken(id_token as string)).payload.acr;
    };
    assert.equal(await acrOf({ essential: true }), 'urn:brasil:openbanking:loa3');
    assert.equal(
      await acrOf({ essential: true, value: 'urn:brasil:openbanking:loa2' }),
      'urn:brasil:openbanking:loa2',
    );
  });

  it('when more factors are essential than were shown, then access is denied and the consent goes on waiting', async () => {
    const consent = await awaitingConsent(running, receiver.clientId);
    const acr = { essential: true, values: ['urn:brasil:openbanking:loa3'] };
    const brought = await authorise(consent, { claims: { claims: { id_token: { acr } } } });
    assert.equal(brought.error, 'access_denied');
    assert.equal((await running.consents.find(consent.id))?.status, 'AWAITING_AUTHORISATION');
  });

  it('when somebody in particular is asked for and it is not them, then access is denied', async () => {
    const consent = await awaitingConsent(running, receiver.clientId);
    const brought = await authorise(consent, {
      claims: { claims: { id_token: { sub: { value: 'somebody' } } } },
    });
    assert.equal(brought.error, 'access_denied');
  });

  it('when they confirm twice, then the second time finds nothing to confirm', async () => {
    const consent = await awaitingConsent(running, receiver.clientId);
    running.journey = async (interactions, request, response) => {
      const approval = {
        customer: { id: 'customer-1', name: '', cpf: '', companies: [] },
        permissions: consent.permissions,
        selection: { resources: [], approvals: [] },
        authenticatedAt: Date.now(),
        assurance: 2,
      } as const;
      const silent = { setHeader() {}, end() {} } as unknown as typeof response;
      const [first, second] = [
        await interactions.approve(request, response, approval),
        await interactions.approve(request, silent, approval),
      ];
      assert.deepEqual([first, second], [true, false]);
      assert.equal(await interactions.find(request, response), undefined);
    };
    const grants = running.artifacts.count('Grant');
    await authorise(consent);
    assert.equal(running.artifacts.count('Grant'), grants + 1);
  });

  it('when another browser opens the page, then it finds nothing there', async () => {
    const consent = await awaitingConsent(running, receiver.clientId);
    const { url: start } = await push(running, receiver, await requestObject(running, receiver, consent.id));
    const first = await exchangeTls(start);
    const stolen = await createBrowser().visit(new URL(first.headers.location as string, start));
    assert.equal(stolen.answer?.status, 410);
  });

  it('when the page is reloaded before, then it works, and once it is over, it does not', async () => {
    const consent = await awaitingConsent(running, receiver.clientId);
    const { url: start } = await push(running, receiver, await requestObject(running, receiver, consent.id));
    await exchangeTls(start);
    const { url } = await createBrowser().visit(start);
    assert.match(url.hash, /code=/);
    const again = await createBrowser().visit(start);
    assert.equal(again.answer?.status, 400);
    assert.match(again.answer?.text ?? '', /invalid_request_uri/);
  });
});

describe('given a customer who does not confirm', () => {
  it('when they refuse, then access is denied and the consent ends by their will', async () => {
    const consent = await awaitingConsent(running, receiver.clientId);
    running.journey = async (interactions, request, response) => {
      assert.ok(await interactions.refuse(request, response, 'refused'));
    };
    const brought = await authorise(consent);
    assert.equal(brought.error, 'access_denied');
    assert.equal(brought.state, 'state-of-the-receiver');
    const ended = await running.consents.find(consent.id);
    assert.equal(ended?.status, 'REJECTED');
    assert.deepEqual(ended.rejection, { rejectedBy: 'USER', code: 'CUSTOMER_MANUALLY_REJECTED' });
  });

  it('when the consent is not theirs, then access is denied and the consent goes on waiting', async () => {
    const consent = await awaitingConsent(running, receiver.clientId);
    running.journey = async (interactions, request, response) => {
      assert.ok(await interactions.refuse(request, response, 'mismatch'));
    };
    assert.equal((await authorise(consent)).error, 'access_denied');
    assert.equal((await running.consents.find(consent.id))?.status, 'AWAITING_AUTHORISATION');
  });
});

describe('given an authorised consent', () => {
  let consent: Consent;
  let code: string;

  beforeEach(async () => {
    consent = await awaitingConsent(running, receiver.clientId);
    code = (await authorise(consent)).code as string;
  });

  it('when the code is redeemed, then the tokens live as long as they should and name the consent', async () => {
    const answer = await redeem(code);
    assert.equal(answer.status, 200, answer.text);
    const tokens = answer.json();
    assert.equal(tokens.expires_in, 900);
    assert.equal(tokens.token_type, 'Bearer');
    assert.ok(tokens.access_token.length >= 43);
    assert.ok(tokens.scope.split(' ').includes(`consent:${consent.id}`));
    const access = await running.artifacts.find('AccessToken', tokens.access_token);
    assert.equal(access?.['x5t#S256'], receiver.certificate.thumbprint);
    const kept = await running.artifacts.find('RefreshToken', tokens.refresh_token);
    assert.ok(Math.abs(Number(kept?.exp) - Number(consent.expiresAt) / 1000) <= 1);
    const { payload } = await readIdToken(tokens.id_token);
    assert.equal(payload.acr, 'urn:brasil:openbanking:loa2');
  });

  it('when the consent has no end, then neither has the refresh token', async () => {
    const endless = await awaitingConsent(running, receiver.clientId, { expiresAt: undefined });
    const tokens = (await redeem((await authorise(endless)).code)).json();
    const kept = await running.artifacts.find('RefreshToken', tokens.refresh_token);
    assert.ok(Number(kept?.exp) > Date.now() / 1000 + 50 * 365 * 86_400);
  });

  it('when the code comes again, even at once, then it is worth nothing and what it gave is revoked', async () => {
    const answers = await Promise.all([redeem(code), redeem(code)]);
    assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 400]);
    const late = await redeem(code);
    assert.equal(late.json().error, 'invalid_grant');
    const { refresh_token: token } = answers.find(({ status }) => status === 200)?.json() ?? {};
    assert.equal((await refresh(token)).json().error, 'invalid_grant');
  });

  it('when the code comes from another receiver, or without its verifier, then it is refused', async () => {
    for (const answer of [
      await redeem(code, {}, other),
      await redeem(code, { code_verifier: '' }),
      await redeem(code, { code_verifier: 'x'.repeat(43) }),
      await redeem(code, { redirect_uri: `${REDIRECT_URI}?dummy1=lorem&dummy2=ipsum` }),
    ]) {
      assert.equal(answer.status, 400);
      assert.equal(answer.json().error, 'invalid_grant');
    }
    assert.equal((await redeem(code)).status, 200);
  });

  it('when the consent has ended before, then the code is refused', async () => {
    await running.consents.reject(
      consent.id,
      { rejectedBy: 'USER', code: 'CUSTOMER_MANUALLY_REVOKED' },
      'customer',
    );
    assert.equal((await redeem(code)).json().error, 'invalid_grant');
  });

  describe('and its refresh token', () => {
    let tokens: { access_token: string; refresh_token: string };
    beforeEach(async () => {
      tokens = (await redeem(code)).json();
    });

    it('when it is used, then it stays the same and may repeat the scope', async () => {
      const scope = `openid resources consent:${consent.id}`;
      for (const change of [{}, { scope }]) {
        const answer = await refresh(tokens.refresh_token, change);
        assert.equal(answer.status, 200, answer.text);
        assert.equal(answer.json().refresh_token, tokens.refresh_token);
        assert.ok(answer.json().scope.includes(`consent:${consent.id}`));
      }
    });

    it('when another receiver has it, then it is worth nothing', async () => {
      assert.equal((await refresh(tokens.refresh_token, {}, other)).json().error, 'invalid_grant');
    });

    it('when the consent has ended, then it is refused', async () => {
      await running.consents.reject(
        consent.id,
        { rejectedBy: 'USER', code: 'CUSTOMER_MANUALLY_REVOKED' },
        'customer',
      );
      assert.equal((await refresh(tokens.refresh_token)).json().error, 'invalid_grant');
    });

    it('when only an access token is revoked, then the refresh token lives on', async () => {
      const revoked = await postForm(running, receiver, '/token/revocation', { token: tokens.access_token });
      assert.equal(revoked.status, 200);
      assert.equal(await running.artifacts.find('AccessToken', tokens.access_token), undefined);
      assert.equal((await refresh(tokens.refresh_token)).status, 200);
    });

    it('when another receiver asks about the tokens or revokes them, then it learns and does nothing', async () => {
      const asked = await postForm(running, other, '/token/introspection', { token: tokens.access_token });
      assert.deepEqual(asked.json(), { active: false });
      assert.equal(
        (await postForm(running, other, '/token/revocation', { token: tokens.refresh_token })).status,
        200,
      );
      assert.equal((await refresh(tokens.refresh_token)).status, 200);
      const own = await postForm(running, receiver, '/token/introspection', { token: tokens.access_token });
      assert.equal(own.json().active, true);
    });

    it('when userinfo is asked with another certificate, then it says nothing', async () => {
      const url = `${running.mtlsBase}/userinfo`;
      const headers = { authorization: `Bearer ${tokens.access_token}` };
      const own = await exchangeTls(url, { headers, identity: receiver.identity });
      assert.equal(own.status, 200, own.text);
      assert.equal(own.json().sub, (await running.consents.find(consent.id))?.subject);
      const foreign = await exchangeTls(url, { headers, identity: other.identity });
      assert.equal(foreign.status, 401);
    });
  });
});
