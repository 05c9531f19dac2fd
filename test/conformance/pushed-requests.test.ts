import assert from 'node:assert/strict';
import { it } from 'node:test';
import {
  type AssertionDeviation,
  approve,
  assertErrorPage,
  assertRefused,
  authorizationUrl,
  consentStatus,
  isLoginPage,
  type PushDeviation,
  pushRequest,
  redeem,
  refuse,
  requestUriOf,
  visit,
} from '../support/conformance.ts';
import { conformancePlan, type Parties } from '../support/conformance-plan.ts';
import { exchangeTls } from '../support/exchange-tls.ts';
import { createFormBrowser } from '../support/form-browser.ts';
import { clientAssertion } from '../support/receiver-requests.ts';

const REQUEST_URI = 'urn:ietf:params:oauth:request_uri:';
const ELSEWHERE = 'https://elsewhere.test';

const describeModule = conformancePlan();

describeModule(
  'fapi1-advanced-final-par-ensure-reused-request-uri-prior-to-auth-completion-succeeds',
  (at) => {
    it('when the customer reloads before logging in, then they can log in, and the receiver gets its code', async () => {
      const pushed = await at.push();
      const url = pushed.url();
      const browser = createFormBrowser(url.origin, at.running.sandbox.directory.authorities);
      for (let time = 0; time < 3; time += 1)
        assert.ok(isLoginPage(await browser.open(`${url.pathname}${url.search}`)));
      const response = await approve(at.running, at.first, url);
      assert.equal(response.state, pushed.claims.state);
      assert.equal((await redeem(at.first, String(response.code))).status, 200);
    });
  },
);

describeModule('fapi1-advanced-final-par-attempt-reuse-request_uri', (at) => {
  it('when a browser comes again after the customer has approved, then it sees that the request is over', async () => {
    const { url, consentId } = await at.authorise();
    assertErrorPage(await visit(at.running, url()), 'invalid_request_uri');
    assert.equal(await consentStatus(at.running, consentId), 'AUTHORISED');
  });

  it('when a browser comes again after the customer has refused, then it gets nowhere either', async () => {
    const { url, consentId } = await at.push();
    assert.equal((await refuse(at.running, at.first, url())).error, 'access_denied');
    assertErrorPage(await visit(at.running, url()), 'invalid_request');
    assert.equal(await consentStatus(at.running, consentId), 'REJECTED');
  });
});

describeModule('fapi1-advanced-final-par-attempt-to-use-expired-request_uri', (at) => {
  it('when a browser comes after the minute that the address was good for, then it sees that the request is over', async () => {
    const { answer, url, consentId } = await at.push();
    assert.equal(answer.json().expires_in, 60);
    assert.ok(isLoginPage(await visit(at.running, url())));
    await letMinutePass(at, requestUriOf(answer));
    assertErrorPage(await visit(at.running, url()), 'invalid_request_uri');
    assert.equal(await consentStatus(at.running, consentId), 'AWAITING_AUTHORISATION');
  });
});

describeModule(
  'fapi1-advanced-final-par-test-pushed-authorization-url-as-audience-for-client-JWT-assertion',
  (at) => {
    it('when the assertion is for the pushing endpoint, then the client is believed', () =>
      assertPushable(at, { assertion: { aud: at.first.endpoints.par } }));
  },
);

describeModule('fapi1-advanced-final-par-token-endpoint-url-as-audience-for-client-JWT-assertion', (at) => {
  it('when the assertion is for the token endpoint, then the client is believed', () =>
    assertPushable(at, { assertion: { aud: at.first.endpoints.token } }));
});

describeModule('fapi1-advanced-final-par-ensure-client-assertion-with-wrong-aud-fails', (at) => {
  it('when the assertion is for somebody else, then the client is not believed', () =>
    assertNotBelieved(at, { aud: ELSEWHERE }, { aud: [`${ELSEWHERE}/par`] }, { aud: undefined }));
});

describeModule('fapi1-advanced-final-par-ensure-client-assertion-with-wrong-iss-fails', (at) => {
  it('when the assertion is by somebody else, then the client is not believed', () =>
    assertNotBelieved(at, { claims: { iss: at.second.clientId } }, { claims: { iss: undefined } }));
});

describeModule('fapi1-advanced-final-par-ensure-client-assertion-with-wrong-sub-fails', (at) => {
  it('when the assertion is about somebody else, then the client is not believed', () =>
    assertNotBelieved(
      at,
      { claims: { sub: at.second.clientId } },
      { claims: { sub: at.second.clientId, iss: at.second.clientId } },
      { claims: { sub: 'nobody' } },
      { claims: { sub: undefined } },
    ));

  it('when the form names the client all the same, then the request contradicts itself', () =>
    assertNotPushed(at, 'invalid_request', { assertion: { claims: { sub: at.second.clientId } } }));
});

describeModule('fapi1-advanced-final-par-attempt-to-use-request_uri-for-different-client', (at) => {
  it('when another client comes with the address, then it gets nowhere and the request stays good', async () => {
    const { answer, url } = await at.push();
    const foreign = authorizationUrl(at.second, requestUriOf(answer));
    assertErrorPage(await visit(at.running, foreign), 'invalid_request_object');
    assert.ok((await approve(at.running, at.first, url())).code);
  });

  it('when it has pushed the request of another client, then it gets no address', async () => {
    const consentId = await at.awaitingConsent();
    const claims = { client_id: at.first.clientId, iss: at.first.clientId };
    const { answer } = await pushRequest(at.second, consentId, { claims, key: at.first.keys.signing });
    assertRefused(answer, 400, 'invalid_request_object');
  });
});

describeModule('fapi1-advanced-final-par-authorization-request-containing-request_uri-form-param', (at) => {
  it('when a request_uri stands beside the request, then it is refused', () =>
    assertNotPushed(
      at,
      'request_uri_not_supported',
      { form: { request_uri: `${REQUEST_URI}another` } },
      { form: { request_uri: `${ELSEWHERE}/request.jwt` } },
    ));

  it('when a request_uri stands in place of the request, even a good one, then it is refused', async () => {
    const good = requestUriOf((await at.push()).answer);
    for (const request_uri of [good, `${ELSEWHERE}/request.jwt`]) {
      const { answer } = await at.push({ request: null, form: { request_uri } });
      assertRefused(answer, 400, 'request_uri_not_supported');
    }
  });
});

describeModule('fapi1-advanced-final-par-attempt-invalid-http-method', (at) => {
  it('when the method is another one, then it is not allowed', async () => {
    const { par } = at.first.endpoints;
    for (const method of ['GET', 'PUT', 'PATCH', 'DELETE']) {
      const parameters = new URLSearchParams({
        client_id: at.first.clientId,
        client_assertion: await clientAssertion(at.first, par),
      }).toString();
      const answer = await exchangeTls(method === 'GET' ? `${par}?${parameters}` : par, {
        method,
        identity: at.first.identity,
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        ...(method === 'GET' ? {} : { body: parameters }),
      });
      assert.equal(answer.status, 405, method);
      assert.equal(answer.headers.allow, 'POST');
      assert.doesNotMatch(answer.text, /request_uri/);
    }
  });
});

describeModule('fapi1-advanced-final-par-ensure-pkce-required', (at) => {
  it('when there is no code challenge, then the request is refused', () =>
    assertNotPushed(
      at,
      'invalid_request',
      { claims: { code_challenge: undefined, code_challenge_method: undefined } },
      { claims: { code_challenge: undefined } },
    ));
});

describeModule('fapi1-advanced-final-par-plain-pkce-rejected', (at) => {
  it('when the code challenge is the verifier, said or by default, then the request is refused', () =>
    assertNotPushed(
      at,
      'invalid_request',
      { claims: { code_challenge_method: 'plain' } },
      { claims: { code_challenge_method: undefined } },
    ));
});

describeModule('fapi1-advanced-final-par-pushed-authorization-url-as-audience-in-request-object', (at) => {
  it('when the request object is for the pushing endpoint, then it is refused', () =>
    assertNotPushed(
      at,
      'invalid_request_object',
      { claims: { aud: at.first.endpoints.par } },
      { claims: { aud: [at.first.endpoints.par] } },
    ));
});

describeModule('fapi1-advanced-final-par-attempt-invalid-redirect_uri', (at) => {
  it('when the redirect URI is not exactly one that is registered, then the request is refused', () => {
    const { redirectUri } = at.first;
    const wrong = [
      `${ELSEWHERE}/callback`,
      `${redirectUri}/deeper`,
      `${redirectUri}?more=1`,
      redirectUri.replace('https:', 'http:'),
    ];
    return assertNotPushed(
      at,
      'invalid_request',
      ...wrong.map((redirect_uri) => ({ claims: { redirect_uri } })),
    );
  });
});

describeModule('fapi1-advanced-final-par-authorization-request-containing-request_uri', (at) => {
  it('when a request_uri stands in the request object, then it is refused', () =>
    assertNotPushed(
      at,
      'invalid_request_object',
      { claims: { request_uri: `${REQUEST_URI}another` } },
      { claims: { request_uri: `${ELSEWHERE}/request.jwt` } },
    ));
});

describeModule('fapi1-advanced-final-par-without-duplicate-parameters', (at) => {
  it('when the browser brings nothing but client_id and request_uri, then the receiver gets its code', async () => {
    const { url, claims } = await at.push();
    assert.deepEqual([...url().searchParams.keys()], ['client_id', 'request_uri']);
    const response = await approve(at.running, at.first, url());
    assert.equal(response.state, claims.state);
    assert.equal((await redeem(at.first, String(response.code))).status, 200);
  });
});

/** Moves the end of a pushed request into the past, as if its minute were over. */
async function letMinutePass({ running, first }: Parties, requestUri: string): Promise<void> {
  const artifacts = running.sandbox.store.artifacts(first.issuer);
  const id = requestUri.slice(REQUEST_URI.length);
  const kept = await artifacts.find('PushedAuthorizationRequest', id);
  assert.ok(kept, 'the request is kept');
  const exp = Number(kept.exp) - 61;
  await artifacts.upsert('PushedAuthorizationRequest', id, { ...kept, exp }, undefined);
}

/** A request with this deviation gets an address that leads to the login page. */
async function assertPushable(at: Parties, deviation: PushDeviation): Promise<void> {
  const { url } = await at.push(deviation);
  assert.ok(isLoginPage(await visit(at.running, url())));
}

/** Each of the deviations is refused where a sound request for the same consent gets an address. */
async function assertNotPushed(
  at: Parties,
  error: string,
  ...deviations: readonly PushDeviation[]
): Promise<void> {
  const consentId = await at.awaitingConsent();
  for (const deviation of deviations)
    assertRefused((await pushRequest(at.first, consentId, deviation)).answer, 400, error);
  requestUriOf((await pushRequest(at.first, consentId)).answer);
}

/** Each of the assertions is refused where a sound one gets an address for the same request. */
async function assertNotBelieved(at: Parties, ...assertions: readonly AssertionDeviation[]): Promise<void> {
  const consentId = await at.awaitingConsent();
  // The form could contradict the assertion, which would be refused for that.
  const form = { client_id: undefined };
  for (const assertion of assertions)
    assertRefused(
      (await pushRequest(at.first, consentId, { assertion, form })).answer,
      401,
      'invalid_client',
    );
  requestUriOf((await pushRequest(at.first, consentId)).answer);
}
