import { createHash, randomUUID } from 'node:crypto';
import { importJWK, type JWK, type JWTHeaderParameters, SignJWT } from 'jose';
import { exchangeTls, type TlsAnswer } from './exchange-tls.ts';
import type { MadeUpReceiver, RunningAuthorizationServer } from './start-authorization-server.ts';
import { statementOf } from './start-authorization-server.ts';

export const REDIRECT_URI = 'https://receiver.test/callback';
export const CODE_VERIFIER = 'a-code-verifier-of-forty-three-characters-or-more';

type Claims = Readonly<Record<string, unknown>>;

/** Whoever signs as a receiver does. */
export interface Signer {
  readonly keys: Pick<MadeUpReceiver['keys'], 'signing'>;
}

/** A receiver with the client that it registered. */
export interface RegisteredReceiver extends MadeUpReceiver {
  readonly clientId: string;
  readonly registrationUri: string;
  readonly registrationToken: string;
}

/** What a test does otherwise than a receiver that does everything right. A claim that is undefined is left out. */
export interface Deviation {
  readonly claims?: Claims;
  readonly header?: Partial<JWTHeaderParameters>;
  readonly key?: JWK;
}

/** Signs claims as a receiver does, but for the deviation. */
export async function sign(receiver: Signer, claims: Claims, deviation: Deviation = {}): Promise<string> {
  const alg = deviation.header?.alg ?? 'PS256';
  const { alg: _alg, ...jwk } = deviation.key ?? receiver.keys.signing;
  const all = Object.entries({ ...claims, ...deviation.claims }).filter(([, value]) => value !== undefined);
  return new SignJWT(Object.fromEntries(all))
    .setProtectedHeader({ alg, kid: receiver.keys.signing.kid as string, ...deviation.header })
    .sign(await importJWK(jwk, alg));
}

/** A client assertion for an audience. */
export function clientAssertion(
  receiver: Signer & { readonly clientId: string },
  aud: unknown,
  deviation?: Deviation,
): Promise<string> {
  const now = Math.floor(Date.now() / 1000);
  const { clientId } = receiver;
  const claims = { iss: clientId, sub: clientId, aud, jti: randomUUID(), iat: now, exp: now + 60 };
  return sign(receiver, claims, deviation);
}

/** A request object for one consent. */
export function requestObject(
  running: RunningAuthorizationServer,
  receiver: MadeUpReceiver & { readonly clientId: string },
  consentId: string,
  deviation?: Deviation,
): Promise<string> {
  const now = Math.floor(Date.now() / 1000);
  const claims = {
    iss: receiver.clientId,
    client_id: receiver.clientId,
    aud: running.issuer,
    iat: now,
    nbf: now,
    exp: now + 300,
    scope: `openid resources consent:${consentId}`,
    response_type: 'code id_token',
    redirect_uri: REDIRECT_URI,
    nonce: randomUUID(),
    state: 'state-of-the-receiver',
    code_challenge: createHash('sha256').update(CODE_VERIFIER).digest('base64url'),
    code_challenge_method: 'S256',
  };
  return sign(receiver, claims, deviation);
}

/** Sends a form to an endpoint of the mTLS listener, authenticated unless the form says otherwise. */
export async function postForm(
  running: RunningAuthorizationServer,
  receiver: MadeUpReceiver & { readonly clientId: string },
  path: string,
  form: Readonly<Record<string, string>>,
  identity: MadeUpReceiver['identity'] | undefined = receiver.identity,
): Promise<TlsAnswer> {
  const authentication = {
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    client_assertion: form.client_assertion ?? (await clientAssertion(receiver, `${running.mtlsBase}/token`)),
  };
  return exchangeTls(`${running.mtlsBase}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({ ...authentication, ...form }).toString(),
    identity,
  });
}

/** Pushes a request object; answers with where the browser is to be sent. */
export async function push(
  running: RunningAuthorizationServer,
  receiver: MadeUpReceiver & { readonly clientId: string },
  request: string,
): Promise<{ readonly answer: TlsAnswer; readonly url: URL }> {
  const answer = await postForm(running, receiver, '/par', { request });
  const url = new URL(`${running.issuer}/auth`);
  url.searchParams.set('client_id', receiver.clientId);
  url.searchParams.set('request_uri', String(answer.json().request_uri));
  return { answer, url };
}

/** Sends JSON to the registration endpoint, or to another one of its kind. */
export function sendJson(
  url: string,
  method: string,
  body: unknown,
  identity: MadeUpReceiver['identity'] | undefined,
  headers: Readonly<Record<string, string>> = {},
): Promise<TlsAnswer> {
  return exchangeTls(url, {
    method,
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
    identity,
  });
}

/** Registers a receiver, which must work. */
export async function registerMadeUp(
  running: RunningAuthorizationServer,
  receiver: MadeUpReceiver,
): Promise<RegisteredReceiver> {
  const body = { redirect_uris: [REDIRECT_URI], software_statement: await statementOf(running, receiver) };
  const answer = await sendJson(`${running.mtlsBase}/register`, 'POST', body, receiver.identity);
  if (answer.status !== 201) throw new Error(`not registered: ${answer.text}`);
  const registered = answer.json();
  return {
    ...receiver,
    clientId: registered.client_id,
    registrationUri: registered.registration_client_uri,
    registrationToken: registered.registration_access_token,
  };
}
