import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { it } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { type ConnectionOptions, connect } from 'node:tls';
import {
  type AssertionDeviation,
  assertRefused,
  callApi,
  consentStatus,
  redeem,
  requestClaims,
  type TestReceiver,
  tokenRequest,
} from '../support/conformance.ts';
import { conformancePlan, type Parties } from '../support/conformance-plan.ts';
import type { TlsAnswer } from '../support/exchange-tls.ts';
import { issueCertificate } from '../support/issue-certificate.ts';
import { CODE_VERIFIER } from '../support/receiver-requests.ts';

const describeModule = conformancePlan();

describeModule('fapi1-advanced-final-ensure-mtls-holder-of-key-required', (at) => {
  it('when a caller speaks TLS 1.2 or 1.3 with a suite of the profile, then either listener answers', async () => {
    for (const listener of listeners(at)) {
      for (const suite of ['ECDHE-RSA-AES128-GCM-SHA256', 'ECDHE-RSA-AES256-GCM-SHA384'])
        assert.equal(await handshake(listener, { ...TLS_1_2, ciphers: suite }), `TLSv1.2 ${suite}`);
      for (const suite of ['TLS_AES_128_GCM_SHA256', 'TLS_AES_256_GCM_SHA384'])
        assert.equal(await handshake(listener, { ...TLS_1_3, ciphers: suite }), `TLSv1.3 ${suite}`);
    }
  });

  it('when a caller speaks TLS 1.0 or 1.1, then the handshake is refused by either listener', async () => {
    for (const listener of listeners(at))
      for (const version of ['TLSv1', 'TLSv1.1'] as const)
        assert.equal(
          await handshake(listener, {
            minVersion: version,
            maxVersion: version,
            ciphers: 'ALL:@SECLEVEL=0',
          }),
          'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION',
        );
  });

  it('when a caller offers nothing but another suite, then the handshake is refused by either listener', async () => {
    const suites = [
      'AES256-SHA',
      'AES128-GCM-SHA256',
      'ECDHE-RSA-AES128-SHA',
      'ECDHE-RSA-AES128-SHA256',
      'ECDHE-RSA-AES256-SHA384',
      'ECDHE-RSA-CHACHA20-POLY1305',
      'DHE-RSA-AES128-SHA256',
    ];
    for (const listener of listeners(at))
      for (const suite of suites)
        assert.match(
          await handshake(listener, { ...TLS_1_2, ciphers: `${suite}:@SECLEVEL=0` }),
          /^ERR_SSL_(SSLV3|SSL\/TLS)_ALERT_HANDSHAKE_FAILURE$/,
          suite,
        );
  });

  it('when a code is redeemed without a certificate, or with one that is not the client’s, then it is not', async () => {
    const { code } = await at.authorise();
    const selfMade = await issueCertificate({ name: 'self-made' });
    for (const identity of [null, selfMade, at.second.identity])
      assertRefused(await redeem(at.first, code, { identity }), 401, 'invalid_client');
    await assertRedeemable(at.first, code);
  });

  it('when a receiver wants a token of its own without a certificate, then it gets none', async () => {
    const form = { grant_type: 'client_credentials', scope: 'consents' };
    assertRefused(await tokenRequest(at.first, form, { identity: null }), 401, 'invalid_client');
    assert.equal((await tokenRequest(at.first, form)).status, 200);
  });
});

describeModule('fapi1-advanced-final-ensure-authorization-code-is-bound-to-client', (at) => {
  it('when a receiver redeems the code of another one, then it gets nothing, and the other one’s code is as good as before', async () => {
    const { code } = await at.authorise(at.first);
    assertRefused(await redeem(at.second, code), 400, 'invalid_grant');
    const form = { redirect_uri: at.first.redirectUri };
    assertRefused(await redeem(at.second, code, { form }), 400, 'invalid_grant');
    await assertRedeemable(at.first, code);
  });
});

describeModule('fapi1-advanced-final-attempt-reuse-authorisation-code-after-one-second', (at) => {
  it('when a code comes again after a second, then it is refused and the tokens of its first use are revoked', async () => {
    const { code } = await at.authorise();
    const { access_token: token, refresh_token: refreshToken } = await assertRedeemable(at.first, code);
    assert.equal((await readResources(at, token)).status, 200);
    await setTimeout(1_050);
    assertRefused(await redeem(at.first, code), 400, 'invalid_grant');
    assert.equal((await readResources(at, token)).status, 401);
    assertRefused(await refresh(at.first, refreshToken), 400, 'invalid_grant');
  });
});

describeModule('fapi1-advanced-final-ensure-signed-client-assertion-with-RS256-fails', (at) => {
  it('when the assertion is signed with RS256, by the right key, then the client is not believed', () =>
    assertNotBelieved(at, { header: { alg: 'RS256' } }));
});

describeModule('fapi1-advanced-final-ensure-client-assertion-in-token-endpoint', (at) => {
  it('when there is no assertion, then the certificate is not enough', async () => {
    const { code } = await at.authorise();
    const bare = { assertion: { jwt: null } };
    assertRefused(await redeem(at.first, code, bare), 401, 'invalid_client');
    const anonymous = { ...bare, form: { client_id: undefined } };
    assertRefused(await redeem(at.first, code, anonymous), 400, 'invalid_request');
    await assertRedeemable(at.first, code);
  });
});

describeModule('fapi1-advanced-final-ensure-client-assertion-with-exp-is-5-minutes-in-past-fails', (at) => {
  it('when the assertion expired five minutes ago, then the client is not believed', () => {
    const now = Math.floor(Date.now() / 1000);
    return assertNotBelieved(at, { claims: { iat: now - 360, exp: now - 300 } });
  });
});

describeModule('fapi1-advanced-final-ensure-client-assertion-with-wrong-aud-fails', (at) => {
  it('when the assertion is for somebody else, then the client is not believed', async () => {
    await assertNotBelieved(at, { aud: 'https://elsewhere.test/token' }, { aud: ['https://elsewhere.test'] });
  });

  it('when the assertion is for nobody, then the client is not believed', () =>
    assertNotBelieved(at, { aud: undefined }, { aud: '' }));
});

describeModule('fapi1-advanced-final-ensure-client-assertion-with-no-sub-fails', (at) => {
  it('when the assertion has no sub, then the client is not believed', () =>
    assertNotBelieved(at, { claims: { sub: undefined } }));
});

describeModule('fapi1-advanced-final-ensure-client-assertion-with-wrong-iss-fails', (at) => {
  it('when the assertion is by somebody else, or does not say by whom, then the client is not believed', () =>
    assertNotBelieved(
      at,
      { claims: { iss: at.second.clientId } },
      { claims: { iss: 'nobody' } },
      { claims: { iss: undefined } },
    ));
});

describeModule('fapi1-advanced-final-ensure-client-assertion-with-wrong-sub-fails', (at) => {
  it('when the assertion is about somebody else, then the client is not believed', () =>
    assertNotBelieved(
      at,
      { claims: { sub: at.second.clientId } },
      { claims: { sub: at.second.clientId, iss: at.second.clientId } },
      { claims: { sub: 'nobody' } },
    ));

  it('when the form names the client all the same, then the request contradicts itself', async () => {
    const { code } = await at.authorise();
    const answer = await redeem(at.first, code, { assertion: { claims: { sub: at.second.clientId } } });
    assertRefused(answer, 400, 'invalid_request');
    await assertRedeemable(at.first, code);
  });
});

describeModule('fapi1-advanced-final-ensure-client-assertion-with-iss-aud-succeeds', (at) => {
  it('when the assertion is for the issuer, then the client is believed at either endpoint', async () => {
    const pushed = await at.push({ assertion: { aud: at.first.issuer } });
    assert.equal(pushed.answer.status, 201, pushed.answer.text);
    const { code } = await at.authorise();
    await assertRedeemable(at.first, code, { aud: at.first.issuer });
  });
});

describeModule('fapi1-advanced-final-refresh-token', (at) => {
  it('when either receiver refreshes, then it gets a new access token and keeps its refresh token', async () => {
    for (const receiver of [at.first, at.second]) {
      const { code } = await at.authorise(receiver);
      const tokens = await assertRedeemable(receiver, code);
      for (let time = 0; time < 2; time += 1) {
        const answer = await refresh(receiver, tokens.refresh_token);
        assert.equal(answer.status, 200, answer.text);
        const refreshed = answer.json();
        assert.equal(refreshed.refresh_token, tokens.refresh_token);
        assert.notEqual(refreshed.access_token, tokens.access_token);
        assert.ok(refreshed.expires_in >= 300 && refreshed.expires_in <= 900);
        assert.equal((await readResources(at, refreshed.access_token, receiver)).status, 200);
      }
      assert.equal(
        (await readResources(at, tokens.access_token, receiver)).status,
        200,
        'what was issued before lives on',
      );
    }
  });

  it('when it repeats the scope with its consent, then it gets that', async () => {
    const { code, consentId } = await at.authorise();
    const { refresh_token: refreshToken } = await assertRedeemable(at.first, code);
    for (const scope of [
      requestClaims(at.first, consentId).scope,
      `openid consent:${consentId}`,
      `consent:${consentId} resources openid`,
    ]) {
      const answer = await refresh(at.first, refreshToken, { form: { scope } });
      assert.equal(answer.status, 200, answer.text);
      assert.deepEqual(new Set(answer.json().scope.split(' ')), new Set(scope.split(' ')));
    }
  });

  it('when it names another consent, then it gets nothing', async () => {
    const [own, other] = [await at.authorise(), await at.authorise()];
    const { refresh_token: refreshToken } = await assertRedeemable(at.first, own.code);
    const form = { scope: `openid consent:${other.consentId}` };
    assertRefused(await refresh(at.first, refreshToken, { form }), 400, 'invalid_scope');
  });

  it('when it comes without a certificate, or with that of other software, then it gets nothing', async () => {
    const { code } = await at.authorise();
    const { refresh_token: refreshToken } = await assertRedeemable(at.first, code);
    for (const identity of [null, at.second.identity])
      assertRefused(await refresh(at.first, refreshToken, { identity }), 401, 'invalid_client');
    assert.equal((await refresh(at.first, refreshToken)).status, 200);
  });

  it('when another receiver comes with it, then it gets nothing and the token stays good', async () => {
    const { code, consentId } = await at.authorise();
    const { refresh_token: refreshToken } = await assertRedeemable(at.first, code);
    assertRefused(await refresh(at.second, refreshToken), 400, 'invalid_grant');
    assert.equal(await consentStatus(at.running, consentId), 'AUTHORISED');
    assert.equal((await refresh(at.first, refreshToken)).status, 200);
  });
});

describeModule(
  'fapi1-advanced-final-brazil-ensure-bad-payment-signature-fails',
  (at) => {
    it('when a receiver asks for payments, then there are none: the module has nothing to sign badly, and ends', async () => {
      const { scopes_supported: scopes = [] } = at.first.connection.configuration.serverMetadata();
      assert.ok(scopes.includes('consents'));
      assert.deepEqual(
        scopes.filter((scope) => scope.includes('payment')),
        [],
      );
      const form = { grant_type: 'client_credentials', scope: 'payments' };
      assertRefused(await tokenRequest(at.first, form), 400, 'invalid_scope');
      const { answer } = await at.push({ claims: { scope: 'openid payments' } });
      assertRefused(answer, 400, 'invalid_request');
    });
  },
  ['open-finance'],
);

describeModule('fapi1-advanced-final-test-array-as-audience-for-client-JWT-assertion', (at) => {
  it('when the assertion is for several, this endpoint among them, then the client is believed at either endpoint', async () => {
    const { par, token } = at.first.endpoints;
    const pushed = await at.push({ assertion: { aud: [par, 'https://elsewhere.test'] } });
    assert.equal(pushed.answer.status, 201, pushed.answer.text);
    const { code } = await at.authorise();
    await assertRedeemable(at.first, code, { aud: [at.first.issuer, token, par] });
  });
});

describeModule('fapi1-advanced-final-ensure-pkce-code-verifier-required', (at) => {
  it('when there is no verifier, then the code is not redeemed', async () => {
    const { code } = await at.authorise();
    const form = { code_verifier: undefined };
    assertRefused(await redeem(at.first, code, { form }), 400, 'invalid_grant');
    await assertRedeemable(at.first, code);
  });
});

describeModule('fapi1-advanced-final-incorrect-pkce-code-verifier-rejected', (at) => {
  it('when the verifier is another one, or the challenge itself, then the code is not redeemed', async () => {
    const { code } = await at.authorise();
    const challenge = createHash('sha256').update(CODE_VERIFIER).digest('base64url');
    for (const verifier of [`${CODE_VERIFIER}x`, CODE_VERIFIER.toUpperCase(), challenge]) {
      const form = { code_verifier: verifier };
      assertRefused(await redeem(at.first, code, { form }), 400, 'invalid_grant');
    }
    await assertRedeemable(at.first, code);
  });
});

const TLS_1_2 = { minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' } as const;
const TLS_1_3 = { minVersion: 'TLSv1.3', maxVersion: 'TLSv1.3' } as const;

/** Addresses of the listeners that an institution has: for everybody, and for clients with certificates. */
function listeners({ first }: Parties): readonly URL[] {
  return [new URL(first.issuer), new URL(first.endpoints.token)];
}

/** Protocol and suite of a connection, or why there is none. */
function handshake({ hostname, port }: URL, options: ConnectionOptions): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect({ host: hostname, port: Number(port), rejectUnauthorized: false, ...options });
    socket.once('secureConnect', () => {
      resolve(`${socket.getProtocol()} ${socket.getCipher().name}`);
      socket.destroy();
    });
    socket.once('error', ({ code, message }: NodeJS.ErrnoException) => resolve(code ?? message));
  });
}

/** Redeems a code, which must work; answers with the tokens. */
async function assertRedeemable(receiver: TestReceiver, code: string, assertion?: AssertionDeviation) {
  const answer = await redeem(receiver, code, assertion ? { assertion } : {});
  assert.equal(answer.status, 200, answer.text);
  const tokens = answer.json();
  assert.match(tokens.access_token, /^[\w-]{22,}$/);
  assert.match(tokens.refresh_token, /^[\w-]{22,}$/);
  return tokens;
}

/** Each of the assertions is refused where a sound one gets tokens for the same code. */
async function assertNotBelieved(at: Parties, ...assertions: readonly AssertionDeviation[]): Promise<void> {
  const { code } = await at.authorise();
  // The form could contradict the assertion, which would be refused for that.
  const form = { client_id: undefined };
  for (const assertion of assertions)
    assertRefused(await redeem(at.first, code, { assertion, form }), 401, 'invalid_client');
  await assertRedeemable(at.first, code);
}

function refresh(
  receiver: TestReceiver,
  refreshToken: string,
  { form, ...deviation }: NonNullable<Parameters<typeof redeem>[2]> = {},
): Promise<TlsAnswer> {
  return tokenRequest(
    receiver,
    { grant_type: 'refresh_token', refresh_token: refreshToken, ...form },
    deviation,
  );
}

function readResources(at: Parties, token: string, receiver = at.first): Promise<TlsAnswer> {
  return callApi(receiver, at.running.institution(at.ecosystem).resourcesUrl, { token });
}
