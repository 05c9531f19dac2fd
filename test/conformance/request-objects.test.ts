import assert from 'node:assert/strict';
import { it } from 'node:test';
import {
  approve,
  assertErrorPage,
  assertRefused,
  authorizationResponse,
  consentStatus,
  isLoginPage,
  type PushDeviation,
  pushRequest,
  requestClaims,
  visit,
} from '../support/conformance.ts';
import { conformancePlan, type Parties } from '../support/conformance-plan.ts';
import { sign } from '../support/receiver-requests.ts';

const MINUTE_S = 60;
const ELSEWHERE = 'https://other1.example.com';
/** Which of signature and key was wrong is not told. */
const UNVERIFIED = /could not validate/;

const describeModule = conformancePlan();

describeModule('fapi1-advanced-final-ensure-request-object-without-exp-fails', (at) => {
  it('when the request never ends, then it is refused', () =>
    refuseRequest(at, { claims: { exp: undefined } }, 'invalid_request_object', /'exp'/));
});

describeModule('fapi1-advanced-final-ensure-request-object-without-nbf-fails', (at) => {
  it('when the request does not say when it begins, then it is refused', () =>
    refuseRequest(at, { claims: { nbf: undefined } }, 'invalid_request_object', /'nbf'/));
});

describeModule('fapi1-advanced-final-ensure-request-object-without-scope-fails', (at) => {
  it('when the scope stands only outside, then it is not used, and the request is refused', async () => {
    const consentId = await at.awaitingConsent();
    const { scope } = requestClaims(at.first, consentId);
    await refuseRequest(
      at,
      { claims: { scope: undefined }, form: { scope } },
      'invalid_request',
      /scope/,
      consentId,
    );
  });

  it('when another scope stands outside, then the one that is signed is granted', async () => {
    const { url, answer, claims } = await at.push({ form: { scope: 'openid' } });
    assert.equal(answer.status, 201, answer.text);
    const response = await approve(at.running, at.first, url());
    assert.equal(response.state, claims.state);
    assert.ok(response.code);
  });
});

describeModule('fapi1-advanced-final-ensure-request-object-without-nonce-fails', (at) => {
  it('when the nonce is missing, then the request is refused', () =>
    refuseRequest(at, { claims: { nonce: undefined } }, 'invalid_request', /nonce/));

  it('when the nonce stands only outside, then the request is refused', () =>
    refuseRequest(
      at,
      { claims: { nonce: undefined }, form: { nonce: 'the-nonce-outside' } },
      'invalid_request',
      /nonce/,
    ));
});

describeModule('fapi1-advanced-final-ensure-request-object-without-redirect-uri-fails', (at) => {
  it('when the address to return to stands only outside, then the request is refused', () =>
    refuseRequest(
      at,
      { claims: { redirect_uri: undefined }, form: { redirect_uri: at.first.redirectUri } },
      'invalid_request',
      /redirect_uri/,
    ));
});

describeModule('fapi1-advanced-final-ensure-expired-request-object-fails', (at) => {
  it('when the request ended five minutes ago, then it is refused', () =>
    refuseRequest(
      at,
      { claims: { nbf: secondsFromNow(-10 * MINUTE_S), exp: secondsFromNow(-5 * MINUTE_S) } },
      'invalid_request_object',
      /claims are invalid/,
    ));
});

describeModule('fapi1-advanced-final-ensure-request-object-with-bad-aud-fails', (at) => {
  const foreign: Readonly<Record<string, () => unknown>> = {
    'somebody else': () => ELSEWHERE,
    'several others': () => [ELSEWHERE, 'https://other2.example.com'],
    'an address that begins like the issuer': () => `${at.first.issuer}/another`,
    nobody: () => undefined,
  };
  for (const [whom, aud] of Object.entries(foreign))
    it(`when the request is for ${whom}, then it is refused`, () =>
      refuseRequest(at, { claims: { aud: aud() } }, 'invalid_request_object', /claims are invalid/));
});

describeModule('fapi1-advanced-final-ensure-request-object-with-exp-over-60-fails', (at) => {
  it('when the request ends 70 minutes from now, then it is refused', () =>
    refuseRequest(
      at,
      { claims: { exp: secondsFromNow(70 * MINUTE_S) } },
      'invalid_request_object',
      /'exp'.*'nbf'/,
    ));

  it('when the request ends within the hour, then it is accepted', () =>
    acceptRequest(at, { claims: { exp: secondsFromNow(59 * MINUTE_S) } }));
});

describeModule('fapi1-advanced-final-ensure-request-object-with-nbf-over-60-fails', (at) => {
  it('when the request began 70 minutes ago, then it is refused', () =>
    refuseRequest(
      at,
      { claims: { nbf: secondsFromNow(-70 * MINUTE_S) } },
      'invalid_request_object',
      /'exp'.*'nbf'/,
    ));

  it('when the request began within the hour, then it is accepted', () =>
    acceptRequest(at, { claims: { nbf: secondsFromNow(-54 * MINUTE_S) } }));
});

describeModule('fapi1-advanced-final-ensure-signed-request-object-with-RS256-fails', (at) => {
  it('when the request is signed with the right key but RS256, then it is refused', () =>
    refuseRequest(at, { header: { alg: 'RS256' } }, 'invalid_request_object', /alg/));
});

describeModule('fapi1-advanced-final-ensure-request-object-signature-algorithm-is-not-none', (at) => {
  for (const alg of ['none', 'None', 'NONE'])
    it(`when the request is not signed and says ${alg}, then it is refused`, async () => {
      const consentId = await at.awaitingConsent();
      const [, payload] = await partsOf(at, consentId);
      const request = `${encode({ alg })}.${payload}.`;
      await refuseRequest(at, { request }, 'invalid_request_object', /./, consentId);
    });
});

describeModule('fapi1-advanced-final-ensure-request-object-with-invalid-signature-fails', (at) => {
  it('when a bit of the signature is another, then the request is refused', async () => {
    const consentId = await at.awaitingConsent();
    const [header, payload, signature] = await partsOf(at, consentId);
    const bytes = Buffer.from(signature, 'base64url');
    bytes.writeUInt8(bytes.readUInt8(0) ^ 1, 0);
    const request = `${header}.${payload}.${bytes.toString('base64url')}`;
    await refuseRequest(at, { request }, 'invalid_request_object', UNVERIFIED, consentId);
  });

  it('when a claim is another than was signed, then the request is refused', async () => {
    const consentId = await at.awaitingConsent();
    const [header, , signature] = await partsOf(at, consentId);
    const payload = encode(requestClaims(at.first, consentId));
    const request = `${header}.${payload}.${signature}`;
    await refuseRequest(at, { request }, 'invalid_request_object', UNVERIFIED, consentId);
  });

  it('when there is no signature, then the request is refused', async () => {
    const consentId = await at.awaitingConsent();
    const [header, payload] = await partsOf(at, consentId);
    await refuseRequest(at, { request: `${header}.${payload}.` }, 'invalid_request_object', /./, consentId);
  });
});

describeModule('fapi1-advanced-final-ensure-matching-key-in-authorization-request', (at) => {
  it('when the other receiver has signed the request, then it is refused', () =>
    refuseRequest(
      at,
      { key: at.second.keys.signing, header: { kid: at.second.keys.signing.kid as string } },
      'invalid_request_object',
      /./,
    ));

  it('when the other receiver has signed it in the name of the first one’s key, then it is refused', () =>
    refuseRequest(at, { key: at.second.keys.signing }, 'invalid_request_object', UNVERIFIED));
});

describeModule('fapi1-advanced-final-ensure-authorization-request-without-request-object-fails', (at) => {
  it('when plain parameters are pushed, then they are refused', async () => {
    const consentId = await at.awaitingConsent();
    const form = plainParameters(at, consentId);
    await refuseRequest(at, { request: null, form }, 'invalid_request', /request/i, consentId);
  });

  it('when a browser comes with plain parameters, then the receiver hears that they must be pushed', async () => {
    const consentId = await at.awaitingConsent();
    const page = await visit(at.running, authorizationRequest(at, plainParameters(at, consentId)));
    const response = authorizationResponse(at.first, new URL(String(page.headers.location)));
    assert.equal(response.error, 'invalid_request');
    for (const name of ['code', 'id_token']) assert.equal(response[name], undefined);
    assert.equal(await consentStatus(at.running, consentId), 'AWAITING_AUTHORISATION');
  });

  it('when plain parameters bring an address of somebody else, then the browser sees a page', async () => {
    const consentId = await at.awaitingConsent();
    const parameters = { ...plainParameters(at, consentId), redirect_uri: `${ELSEWHERE}/callback` };
    assertErrorPage(await visit(at.running, authorizationRequest(at, parameters)), 'invalid_redirect_uri');
  });

  it('when a browser comes with a signed request that was not pushed, then it sees a page', async () => {
    const consentId = await at.awaitingConsent();
    const request = await sign(at.first, requestClaims(at.first, consentId));
    const url = authorizationRequest(at, { client_id: at.first.clientId, request });
    assertErrorPage(await visit(at.running, url), 'invalid_request');
    assert.equal(await consentStatus(at.running, consentId), 'AWAITING_AUTHORISATION');
  });
});

describeModule('fapi1-advanced-final-ensure-redirect-uri-in-authorization-request', (at) => {
  it('when the request has no address to return to, then it is refused', () =>
    refuseRequest(at, { claims: { redirect_uri: undefined } }, 'invalid_request', /redirect_uri/));
});

describeModule('fapi1-advanced-final-ensure-response-type-code-fails', (at) => {
  for (const type of ['code', 'id_token', 'code token', 'code id_token token'])
    it(`when the request asks for ${type}, even in the fragment, then it is refused`, async () => {
      for (const response_mode of [undefined, 'fragment'])
        await refuseRequest(
          at,
          { claims: { response_type: type, response_mode } },
          ['unsupported_response_type', 'invalid_request', 'unauthorized_client'],
          /response_(type|mode)/,
        );
    });
});

/**
 * A request is refused when it is pushed, for the reason given, and the consent that it is about is as it was: the same
 * request without the deviation is accepted.
 */
async function refuseRequest(
  at: Parties,
  deviation: PushDeviation,
  errors: string | readonly string[],
  reason: RegExp,
  known?: string,
): Promise<void> {
  const consentId = known ?? (await at.awaitingConsent());
  const { answer } = await pushRequest(at.first, consentId, deviation);
  assertRefused(answer, 400, ...[errors].flat());
  assert.match(answer.json().error_description, reason);
  assert.equal(await consentStatus(at.running, consentId), 'AWAITING_AUTHORISATION');
  const sound = await pushRequest(at.first, consentId);
  assert.equal(sound.answer.status, 201, sound.answer.text);
}

async function acceptRequest(at: Parties, deviation: PushDeviation): Promise<void> {
  const { answer, url } = await at.push(deviation);
  assert.equal(answer.status, 201, answer.text);
  assert.ok(isLoginPage(await visit(at.running, url())));
}

/** Where a browser is sent with parameters that were not pushed. */
function authorizationRequest({ first }: Parties, parameters: Readonly<Record<string, string>>): URL {
  const url = new URL(first.endpoints.authorization);
  url.search = new URLSearchParams(parameters).toString();
  return url;
}

/** The request as OAuth had it first: neither signed nor pushed. */
function plainParameters({ first }: Parties, consentId: string): Readonly<Record<string, string>> {
  const {
    client_id,
    scope,
    response_type,
    redirect_uri,
    nonce,
    state,
    code_challenge,
    code_challenge_method,
  } = requestClaims(first, consentId);
  return {
    client_id,
    scope,
    response_type,
    redirect_uri,
    nonce,
    state,
    code_challenge,
    code_challenge_method,
  };
}

/** Header, payload and signature of a sound request object. */
async function partsOf({ first }: Parties, consentId: string): Promise<readonly [string, string, string]> {
  const [header = '', payload = '', signature = ''] = (
    await sign(first, requestClaims(first, consentId))
  ).split('.');
  return [header, payload, signature];
}

function encode(part: object): string {
  return Buffer.from(JSON.stringify(part)).toString('base64url');
}

function secondsFromNow(seconds: number): number {
  return Math.floor(Date.now() / 1000) + seconds;
}
