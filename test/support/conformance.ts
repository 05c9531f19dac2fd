import assert from 'node:assert/strict';
import { createHash, randomUUID } from 'node:crypto';
import { compactDecrypt, createLocalJWKSet, decodeProtectedHeader, importJWK, jwtVerify } from 'jose';
import type { SandboxCustomer } from '../../src/app/sandbox/sandbox-description.ts';
import { approveAsCustomer } from '../../src/app/sandbox/simulated-customer.ts';
import type { HolderConnection } from '../../src/receiver/connect-holder.ts';
import type { ReceiverKeys } from '../../src/receiver/receiver-keys.ts';
import { exchangeTls, type TlsAnswer, type TlsExchange } from './exchange-tls.ts';
import { type BrowserPage, createFormBrowser } from './form-browser.ts';
import { CODE_VERIFIER, clientAssertion, type Deviation, sign } from './receiver-requests.ts';
import type { TestSandbox } from './start-sandbox.ts';

export const ECOSYSTEMS = ['open-finance', 'open-insurance'] as const;
export const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

type Claims = Readonly<Record<string, unknown>>;
type Form = Readonly<Record<string, string | undefined>>;

/**
 * A registered receiver of a sandbox, ready to send requests that its library would never make. The second one comes
 * back to an address that has a query.
 */
export interface TestReceiver {
  readonly ecosystem: string;
  readonly issuer: string;
  readonly clientId: string;
  readonly keys: ReceiverKeys;
  readonly identity: { readonly certificate: string; readonly key: string };
  readonly redirectUri: string;
  readonly connection: HolderConnection;
  /** URLs from the discovery document; those of clients with certificates are the aliases. */
  readonly endpoints: {
    readonly authorization: string;
    readonly par: string;
    readonly token: string;
    readonly userinfo: string;
    readonly jwks: string;
  };
}

/** Connects a receiver (0 or 1) of the sandbox to the institution of an ecosystem. */
export async function testReceiver(
  running: TestSandbox,
  index: 0 | 1,
  ecosystem: string,
): Promise<TestReceiver> {
  const connection = await running.connect(index, ecosystem);
  const metadata = connection.configuration.serverMetadata();
  const aliases = metadata.mtls_endpoint_aliases ?? {};
  const { keys } = running.sandbox.receivers[index] as { keys: ReceiverKeys };
  return {
    ecosystem,
    issuer: metadata.issuer,
    clientId: connection.clientId,
    keys,
    identity: { certificate: keys.certificate, key: keys.certificateKey },
    redirectUri: running.sandbox.description.receivers[index]?.redirectUris[index] as string,
    connection,
    endpoints: {
      authorization: String(metadata.authorization_endpoint),
      par: String(aliases.pushed_authorization_request_endpoint),
      token: String(aliases.token_endpoint),
      userinfo: String(aliases.userinfo_endpoint),
      jwks: String(metadata.jwks_uri),
    },
  };
}

/** Claims of a sound request object for a consent; nonce and state are new each time. */
export function requestClaims(receiver: TestReceiver, consentId: string) {
  const now = Math.floor(Date.now() / 1000);
  return {
    iss: receiver.clientId,
    client_id: receiver.clientId,
    aud: receiver.issuer,
    iat: now,
    nbf: now,
    exp: now + 300,
    scope: `openid resources customers consent:${consentId}`,
    response_type: 'code id_token',
    redirect_uri: receiver.redirectUri,
    nonce: randomUUID(),
    state: randomUUID(),
    claims: { id_token: { acr: { essential: true } } },
    code_challenge: createHash('sha256').update(CODE_VERIFIER).digest('base64url'),
    code_challenge_method: 'S256',
  };
}

/** What a pushed request does otherwise. A claim or a form parameter that is undefined is left out. */
export interface PushDeviation extends Deviation {
  /** Instead of a request object that is made from claims; null pushes none. */
  readonly request?: string | null;
  /** Form parameters beside the request object, or instead of them. */
  readonly form?: Form;
  readonly assertion?: AssertionDeviation;
  /** The certificate of the connection; null for none. */
  readonly identity?: TestReceiver['identity'] | null;
}

/** What a client assertion does otherwise. `aud` is the URL of the endpoint unless it is given. */
export interface AssertionDeviation extends Deviation {
  readonly aud?: unknown;
  /** Instead of one that is made; null sends none. */
  readonly jwt?: string | null;
}

export interface Pushed {
  readonly answer: TlsAnswer;
  /** Claims of the request object, deviation included. */
  readonly claims: Claims;
  /** Where the browser is to be sent; asking for it fails when the push was refused. */
  readonly url: () => URL;
}

/** Pushes a request object for a consent. */
export async function pushRequest(
  receiver: TestReceiver,
  consentId: string,
  deviation: PushDeviation = {},
): Promise<Pushed> {
  const sound = requestClaims(receiver, consentId);
  const request =
    deviation.request === undefined ? await sign(receiver, sound, deviation) : deviation.request;
  const answer = await postAuthenticated(receiver, receiver.endpoints.par, {
    form: { request: request ?? undefined, ...deviation.form },
    assertion: deviation.assertion,
    identity: deviation.identity,
  });
  return {
    answer,
    claims: { ...sound, ...deviation.claims },
    url: () => authorizationUrl(receiver, requestUriOf(answer)),
  };
}

/** The address of a pushed request. Fails when there is none. */
export function requestUriOf(answer: TlsAnswer): string {
  assert.equal(answer.status, 201, answer.text);
  return answer.json().request_uri;
}

/** An authorization request by reference; `parameters` stand beside it. */
export function authorizationUrl(
  receiver: Pick<TestReceiver, 'endpoints' | 'clientId'>,
  requestUri: string,
  parameters: Readonly<Record<string, string>> = {},
): URL {
  const url = new URL(receiver.endpoints.authorization);
  const all = { client_id: receiver.clientId, request_uri: requestUri, ...parameters };
  url.search = new URLSearchParams(all).toString();
  return url;
}

/** Sends a form to the token endpoint. */
export function tokenRequest(
  receiver: TestReceiver,
  form: Form,
  deviation: Pick<PushDeviation, 'assertion' | 'identity'> = {},
): Promise<TlsAnswer> {
  return postAuthenticated(receiver, receiver.endpoints.token, { form, ...deviation });
}

/** Redeems a code; `form` replaces or, where undefined, leaves out parameters. */
export function redeem(
  receiver: TestReceiver,
  code: string,
  { form, ...deviation }: Pick<PushDeviation, 'assertion' | 'identity' | 'form'> = {},
): Promise<TlsAnswer> {
  const sound = {
    grant_type: 'authorization_code',
    code,
    redirect_uri: receiver.redirectUri,
    code_verifier: CODE_VERIFIER,
  };
  return tokenRequest(receiver, { ...sound, ...form }, deviation);
}

/** Sends a form with a client assertion over a connection with the receiver's certificate. */
export async function postAuthenticated(
  receiver: TestReceiver,
  url: string,
  settings: {
    readonly form: Form;
    readonly assertion?: AssertionDeviation | undefined;
    readonly identity?: TestReceiver['identity'] | null | undefined;
  },
): Promise<TlsAnswer> {
  const { assertion = {}, identity = receiver.identity } = settings;
  const jwt =
    assertion.jwt === undefined
      ? await clientAssertion(receiver, Object.hasOwn(assertion, 'aud') ? assertion.aud : url, assertion)
      : assertion.jwt;
  const form = {
    client_id: receiver.clientId,
    ...(jwt === null ? {} : { client_assertion_type: ASSERTION_TYPE, client_assertion: jwt }),
    ...settings.form,
  };
  const sent = Object.entries(form).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return exchangeTls(url, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams(sent).toString(),
    identity: identity ?? undefined,
  });
}

/** Sends one request to an API with the receiver's certificate; a token goes into the `authorization` header. */
export function callApi(
  receiver: Pick<TestReceiver, 'identity'>,
  url: string,
  { token, headers, ...exchange }: TlsExchange & { readonly token?: string } = {},
): Promise<TlsAnswer> {
  return exchangeTls(url, {
    identity: receiver.identity,
    ...exchange,
    headers: {
      accept: 'application/json',
      'x-fapi-interaction-id': randomUUID(),
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...headers,
    },
  });
}

/** What comes back to the receiver: the members of the fragment, none of which may stand in the query. */
export type AuthorizationResponse = Readonly<Partial<Record<string, string>>>;

/** Reads the address by which the browser returns to the receiver. */
export function authorizationResponse(receiver: Pick<TestReceiver, 'redirectUri'>, url: URL) {
  const [address, fragment = ''] = url.href.split('#');
  assert.equal(address, receiver.redirectUri, 'the address is untouched, nothing is in its query');
  return Object.fromEntries(new URLSearchParams(fragment)) as AuthorizationResponse;
}

/** A simulated customer approves. */
export async function approve(
  running: TestSandbox,
  receiver: TestReceiver,
  url: URL,
  customer = running.customers(receiver.ecosystem)[0] as SandboxCustomer,
): Promise<AuthorizationResponse> {
  const back = await approveAsCustomer(url, receiver.redirectUri, {
    ...customer,
    fetch: running.browser.fetch,
  });
  return authorizationResponse(receiver, back);
}

/** What a receiver holds when everything went well. */
export interface CompletedFlow {
  readonly consentId: string;
  /** Claims of the request object. */
  readonly asked: Claims;
  readonly response: AuthorizationResponse;
  /** The answer of the token endpoint. */
  readonly tokens: TlsAnswer;
  readonly accessToken: string;
}

/**
 * The whole way with a new consent: push, journey, token endpoint. `deviate` makes the deviation of the request from the
 * consent's id; `parameters` stand beside the reference at the authorization endpoint. Fails where a step does.
 */
export async function completeFlow(
  running: TestSandbox,
  receiver: TestReceiver,
  deviate: (consentId: string) => PushDeviation = () => ({}),
  parameters: Readonly<Record<string, string>> = {},
): Promise<CompletedFlow> {
  const consentId = await running.awaitingConsent(receiver.connection, receiver.ecosystem);
  const pushed = await pushRequest(receiver, consentId, deviate(consentId));
  const url = authorizationUrl(receiver, requestUriOf(pushed.answer), parameters);
  const response = await approve(running, receiver, url);
  assert.equal(response.error, undefined);
  const tokens = await redeem(receiver, String(response.code));
  assert.equal(tokens.status, 200, tokens.text);
  const accessToken = tokens.json().access_token as string;
  return { consentId, asked: pushed.claims, response, tokens, accessToken };
}

/** A simulated customer logs in and does not want to share. */
export async function refuse(
  running: TestSandbox,
  receiver: TestReceiver,
  url: URL,
): Promise<AuthorizationResponse> {
  const { login, password } = running.customers(receiver.ecosystem)[0] as SandboxCustomer;
  const browser = createFormBrowser(url.origin, running.sandbox.directory.authorities);
  const entrance = await browser.open(`${url.pathname}${url.search}`);
  const review = await browser.press(entrance, 'Entrar', { acesso: login, senha: password });
  const leaving = await browser.refresh(await browser.press(review, 'Não compartilhar'));
  return authorizationResponse(receiver, new URL(String(leaving.headers.location)));
}

/** Opens an address as a new browser does, up to the first page or the first other host. */
export function visit(running: TestSandbox, url: URL): Promise<BrowserPage> {
  const browser = createFormBrowser(url.origin, running.sandbox.directory.authorities);
  return browser.open(`${url.pathname}${url.search}`);
}

/** Whether a page asks the customer to log in: the request was accepted. */
export function isLoginPage(page: BrowserPage): boolean {
  return page.status === 200 && page.root.querySelector('input[type=password]') !== null;
}

/** A page of the authorization server's own that names the error; the browser is sent nowhere. */
export function assertErrorPage(page: BrowserPage, ...errors: readonly string[]): void {
  assert.equal(page.status, 400, page.text);
  assert.equal(page.headers.location, undefined);
  const shown = page.root.querySelector('code')?.textContent ?? '';
  assert.ok(errors.includes(shown), `the page shows ${shown || page.text}`);
}

/** An OAuth error of an endpoint: one of these codes, no token, no address of a request. */
export function assertRefused(answer: TlsAnswer, status: number, ...errors: readonly string[]): void {
  assert.equal(answer.status, status, answer.text);
  const body = answer.json();
  assert.ok(errors.includes(body.error), answer.text);
  for (const name of ['request_uri', 'access_token', 'refresh_token', 'id_token'])
    assert.equal(body[name], undefined);
}

/** The status of a consent, as it is kept. */
export async function consentStatus(running: TestSandbox, consentId: string): Promise<string | undefined> {
  return (await running.sandbox.store.consents.find(consentId))?.status;
}

/** An ID token taken apart, its signature checked with the institution's published keys. */
export interface OpenedIdToken {
  /** Of the JWE. */
  readonly envelope: Claims;
  /** Of the JWS. */
  readonly header: Claims;
  readonly claims: Claims;
}

/** Decrypts an ID token with the receiver's key and verifies it. */
export async function openIdToken(receiver: TestReceiver, token: string): Promise<OpenedIdToken> {
  const envelope = decodeProtectedHeader(token);
  const key = await importJWK(receiver.keys.encryption, 'RSA-OAEP');
  const { plaintext } = await compactDecrypt(token, key);
  const jws = new TextDecoder().decode(plaintext);
  const published = (await exchangeTls(receiver.endpoints.jwks)).json();
  const { payload, protectedHeader } = await jwtVerify(jws, createLocalJWKSet(published), {
    issuer: receiver.issuer,
    audience: receiver.clientId,
    algorithms: ['PS256'],
  });
  return { envelope, header: protectedHeader, claims: payload };
}

/** `c_hash` and `s_hash` of OpenID Connect Core, §3.3.2.11, and FAPI 1.0 Advanced, §5.1.1, for PS256. */
export function halfHash(value: string): string {
  return createHash('sha256').update(value).digest().subarray(0, 16).toString('base64url');
}
