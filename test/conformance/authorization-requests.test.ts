import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { it } from 'node:test';
import {
  assertRefused,
  type CompletedFlow,
  callApi,
  completeFlow,
  consentStatus,
  halfHash,
  isLoginPage,
  openIdToken,
  redeem,
  refuse,
  visit,
} from '../support/conformance.ts';
import { conformancePlan, type Parties } from '../support/conformance-plan.ts';

const describeModule = conformancePlan();

describeModule('fapi1-advanced-final-user-rejects-authentication', (at) => {
  it('when the customer does not want to share, then the receiver hears of it and the consent is rejected', async () => {
    const { consentId, ...pushed } = await at.push();
    const response = await refuse(at.running, at.first, pushed.url());
    assert.equal(response.error, 'access_denied');
    assert.equal(response.state, pushed.claims.state);
    for (const name of ['code', 'id_token', 'access_token']) assert.equal(response[name], undefined);
    if (response.iss !== undefined) assert.equal(response.iss, at.first.issuer);

    const rejected = await at.running.sandbox.store.consents.find(consentId);
    assert.equal(rejected?.status, 'REJECTED');
    assert.deepEqual(
      [rejected.rejection?.rejectedBy, rejected.rejection?.code],
      ['USER', 'CUSTOMER_MANUALLY_REJECTED'],
    );
    assert.equal(isLoginPage(await visit(at.running, pushed.url())), false, 'the request is over');
  });
});

describeModule('fapi1-advanced-final-ensure-request-object-with-multiple-aud-succeeds', (at) => {
  for (const place of ['first', 'last'])
    it(`when the issuer is the ${place} of several audiences, then the flow ends well`, async () => {
      const others = ['https://other1.example.com', 'invalid'];
      const flow = await completeFlow(at.running, at.first, () => ({
        claims: { aud: place === 'first' ? [at.first.issuer, ...others] : [...others, at.first.issuer] },
      }));
      assert.equal((await readResources(at, flow)).status, 200);
    });
});

describeModule('fapi1-advanced-final-ensure-authorization-request-without-state-success', (at) => {
  it('when there is no state, then none comes back and the ID token is bound to none', async () => {
    const flow = await completeFlow(at.running, at.first, () => ({ claims: { state: undefined } }));
    assert.deepEqual(Object.keys(flow.response).sort(), ['code', 'id_token']);
    const claims = await frontChannel(at, flow);
    assert.equal('s_hash' in claims, false);
    assert.equal(claims.c_hash, halfHash(String(flow.response.code)));
  });
});

describeModule('fapi1-advanced-final-ensure-other-scope-order-succeeds', (at) => {
  it('when the scopes come in reverse, then the flow ends well with the same scopes', async () => {
    const flow = await completeFlow(at.running, at.first, (consentId) => ({
      claims: { scope: `consent:${consentId} customers resources openid` },
    }));
    assert.deepEqual(
      new Set(flow.tokens.json().scope.split(' ')),
      new Set(String(flow.asked.scope).split(' ')),
    );
    assert.equal((await readResources(at, flow)).status, 200);
  });
});

describeModule('fapi1-advanced-final-access-token-type-header-case-sensitivity', (at) => {
  it('when the scheme is written in other cases, then the token counts all the same', async () => {
    const flow = await completeFlow(at.running, at.first);
    for (const scheme of ['Bearer', 'bearer', 'BEARER', 'bEaReR']) {
      const authorization = `${scheme} ${flow.accessToken}`;
      const answer = await callApi(at.first, resourcesUrlOf(at), { headers: { authorization } });
      assert.equal(answer.status, 200, scheme);
    }
    const other = await callApi(at.first, resourcesUrlOf(at), {
      headers: { authorization: `Token ${flow.accessToken}` },
    });
    assert.equal(other.status, 401, 'another scheme is none');
  });
});

describeModule('fapi1-advanced-final-ensure-response-mode-query', (at) => {
  it('when the request object asks for the query, then it is refused', async () => {
    const { answer, consentId } = await at.push({ claims: { response_mode: 'query' } });
    assertRefused(answer, 400, 'invalid_request');
    assert.equal(await consentStatus(at.running, consentId), 'AWAITING_AUTHORISATION');
  });

  it('when the query is asked for outside the request object, then the answer is in the fragment', async () => {
    const outside = { response_mode: 'query' };
    const { response } = await completeFlow(at.running, at.first, () => ({ form: outside }), outside);
    assert.ok(response.code && response.id_token);
  });
});

describeModule('fapi1-advanced-final-ensure-different-nonce-inside-and-outside-request-object', (at) => {
  it('when another nonce stands outside, then the one that is signed comes back', async () => {
    const outside = { nonce: 'the-nonce-outside' };
    const flow = await completeFlow(at.running, at.first, () => ({ form: outside }), outside);
    assert.equal((await frontChannel(at, flow)).nonce, flow.asked.nonce);
    assert.equal((await openIdToken(at.first, flow.tokens.json().id_token)).claims.nonce, flow.asked.nonce);
  });
});

describeModule('fapi1-advanced-final-ensure-registered-redirect-uri', (at) => {
  const unregistered: Readonly<Record<string, () => string>> = {
    'of somebody else': () => 'https://attacker.example/callback',
    'below the registered one': () => `${at.first.redirectUri}/${randomUUID()}`,
    'with a query of its own': () => `${at.first.redirectUri}?${randomUUID()}=1`,
    'with a slash more': () => `${at.first.redirectUri}/`,
    'of the other receiver': () => at.second.redirectUri,
    'without TLS': () => at.first.redirectUri.replace('https:', 'http:'),
  };
  for (const [what, uri] of Object.entries(unregistered))
    it(`when the address is one ${what}, then the request is refused when it is pushed`, async () => {
      const { answer, consentId } = await at.push({ claims: { redirect_uri: uri() } });
      assertRefused(answer, 400, 'invalid_request');
      assert.match(answer.json().error_description, /redirect_uri/);
      assert.equal(await consentStatus(at.running, consentId), 'AWAITING_AUTHORISATION');
    });

  it('when a browser brings another address beside the pushed request, then it goes to the registered one', async () => {
    const outside = { redirect_uri: 'https://attacker.example/callback' };
    const { response } = await completeFlow(at.running, at.first, () => ({ form: outside }), outside);
    assert.ok(response.code);
  });
});

for (const [module, length] of [
  ['fapi1-advanced-final-ensure-request-object-with-long-nonce', 384],
  ['fapi1-advanced-final-ensure-request-object-with-64-char-nonce-success', 64],
] as const)
  describeModule(module, (at) => {
    it(`when the nonce has ${length} characters, then every one of them comes back`, async () => {
      const nonce = randomText(length);
      const flow = await completeFlow(at.running, at.first, () => ({ claims: { nonce } }));
      assert.equal((await frontChannel(at, flow)).nonce, nonce);
      assert.equal((await openIdToken(at.first, flow.tokens.json().id_token)).claims.nonce, nonce);
    });
  });

describeModule('fapi1-advanced-final-ensure-request-object-with-long-state', (at) => {
  it('when the state has 384 characters, then every one of them comes back and is what the ID token is bound to', async () => {
    const state = randomText(384);
    const flow = await completeFlow(at.running, at.first, () => ({ claims: { state } }));
    assert.equal(flow.response.state, state);
    assert.equal((await frontChannel(at, flow)).s_hash, halfHash(state));
  });
});

describeModule('fapi1-advanced-final-state-only-outside-request-object-not-used', (at) => {
  it('when the state stands only outside, then none comes back', async () => {
    const outside = { state: 'the-state-outside' };
    const flow = await completeFlow(
      at.running,
      at.first,
      () => ({ claims: { state: undefined }, form: outside }),
      outside,
    );
    assert.equal(flow.response.state, undefined);
    assert.equal('s_hash' in (await frontChannel(at, flow)), false);
  });
});

describeModule('fapi1-advanced-final-ensure-client-id-in-token-endpoint', (at) => {
  it('when the code of one comes with the name or the assertion of the other, then no token is given', async () => {
    const { code } = await at.authorise();
    const form = { redirect_uri: at.first.redirectUri };

    const named = await redeem(at.first, code, { form: { client_id: at.second.clientId } });
    assertRefused(named, 400, 'invalid_request');
    const signed = await redeem(at.second, code, { form, identity: at.first.identity });
    assertRefused(signed, 401, 'invalid_client');
    const both = await redeem(at.second, code, {
      form: { ...form, client_id: at.first.clientId },
      identity: at.first.identity,
    });
    assertRefused(both, 400, 'invalid_request');

    const tokens = await redeem(at.first, code);
    assert.equal(tokens.status, 200, 'whoever is not believed does not use up the code');
  });
});

function resourcesUrlOf({ running, ecosystem }: Parties): string {
  return running.institution(ecosystem).resourcesUrl;
}

function readResources(at: Parties, { accessToken }: CompletedFlow) {
  return callApi(at.first, resourcesUrlOf(at), { token: accessToken });
}

/** Claims of the ID token that came with the code. */
async function frontChannel(at: Parties, { response }: CompletedFlow) {
  return (await openIdToken(at.first, String(response.id_token))).claims;
}

function randomText(length: number): string {
  return randomUUID()
    .repeat(Math.ceil(length / 36))
    .slice(0, length);
}
