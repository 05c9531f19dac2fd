import { exportJWK, generateKeyPair, type JWK } from 'jose';
import { type Access, restoreAccess } from '../../src/receiver/access.ts';
import { connectHolder, type HolderConnection } from '../../src/receiver/connect-holder.ts';
import type { Holder } from '../../src/receiver/holder.ts';
import type { CustomFetch } from '../../src/receiver/mtls-fetch.ts';
import { createReceiver, type Receiver, type ReceiverLimits } from '../../src/receiver/receiver.ts';

const ORIGIN = 'https://api.holder.example';

/** A holder that nobody serves: its answers are a function. */
export const MADE_UP_HOLDER: Holder = {
  organisationId: '4b1c3f26-70c1-4d86-9e52-0a9a6a1f7c55',
  authorisationServerId: '4b1c3f26-70c1-4d86-9e52-0a9a6a1f7c56',
  name: 'Banco Araucária',
  issuer: 'https://auth.holder.example',
  apis: [
    [
      'consents',
      '/open-banking/consents/v3',
      ['/consents', '/consents/{consentId}', '/consents/{consentId}/extends'],
    ],
    ['resources', '/open-banking/resources/v3', ['/resources']],
    ['discovery', '/open-banking/discovery/v2', ['/status', '/outages']],
    [
      'accounts',
      '/open-banking/accounts/v2',
      ['/accounts', '/accounts/{accountId}', '/accounts/{accountId}/transactions'],
    ],
  ].map(([family, base, paths]) => ({
    family: family as string,
    version: `${(base as string).at(-1)}.1.0`,
    endpoints: (paths as string[]).map((path) => `${ORIGIN}${base}${path}`),
  })),
};

/** A request as a made-up holder sees it. */
export interface HolderRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers: Headers;
  readonly body: string;
  readonly signal: AbortSignal | undefined;
}

/** What a made-up holder answers: a status with a body, or a whole response. */
export type MadeUpAnswer =
  | Response
  | readonly [status: number, body?: unknown, headers?: Record<string, string>];

export interface MadeUpSettings {
  /** Answers requests of the APIs. Throws, or rejects, for one that nobody answers. */
  readonly answer: (request: HolderRequest) => MadeUpAnswer | Promise<MadeUpAnswer>;
  /** Answers the token endpoint; a token that lasts an hour, another one each time, unless it is said. */
  readonly token?: (request: HolderRequest) => MadeUpAnswer | Promise<MadeUpAnswer>;
  readonly random?: () => number;
  readonly limits?: Partial<ReceiverLimits>;
}

/** A receiver with an access to a made-up holder. Time passes only while it waits. */
export interface MadeUpAccess {
  readonly receiver: Receiver;
  readonly connection: HolderConnection;
  readonly access: Access;
  /** Every request to the APIs, in order. */
  readonly requests: readonly HolderRequest[];
  /** Requests to the token endpoint. */
  readonly grants: readonly HolderRequest[];
  /** How long it waited each time, in milliseconds. */
  readonly waits: readonly number[];
  pass(ms: number): void;
}

const START = Date.parse('2026-03-02T12:00:00Z');
const HOUR_MS = 3_600_000;

/** Connects a receiver to a made-up holder. */
export async function accessMadeUpHolder(settings: MadeUpSettings): Promise<MadeUpAccess> {
  const { answer, random = () => 0.5, limits } = settings;
  const [requests, grants, waits]: [HolderRequest[], HolderRequest[], number[]] = [[], [], []];
  const token = settings.token ?? (() => [200, tokenAnswer(`token-${grants.length}`)] as const);
  let now = START;

  const fetch: CustomFetch = async (url, { method, headers, body, signal }) => {
    const request = {
      method,
      url: new URL(url),
      headers: new Headers(headers),
      body: String(body ?? ''),
      signal,
    };
    if (request.url.pathname.endsWith('/openid-configuration')) return asResponse([200, DISCOVERY]);
    const isGrant = request.url.href === DISCOVERY.token_endpoint;
    (isGrant ? grants : requests).push(request);
    return asResponse(await (isGrant ? token : answer)(request));
  };
  const [signing, encryption] = await madeUpKeys();
  const receiver = createReceiver({
    keys: { signing, encryption },
    fetch,
    random,
    now: () => now,
    sleep: async (ms, signal) => {
      signal?.throwIfAborted();
      waits.push(ms);
      now += ms;
    },
    ...(limits && { limits }),
  });
  const connection = await connectHolder(receiver, { holder: MADE_UP_HOLDER, clientId: 'client-1' });
  const access = restoreAccess(connection, {
    consentId: 'urn:araucaria:1',
    accessToken: 'token-0',
    refreshToken: 'refresh-0',
    expiresAt: now + HOUR_MS,
  });
  return {
    receiver,
    connection,
    access,
    requests,
    grants,
    waits,
    pass: (ms) => {
      now += ms;
    },
  };
}

/** An answer of the token endpoint. */
export function tokenAnswer(accessToken: string): Record<string, unknown> {
  return { access_token: accessToken, token_type: 'Bearer', expires_in: HOUR_MS / 1_000 };
}

/** The URL of an endpoint of the made-up holder, by its path. */
export function madeUpUrl(path: string): string {
  return `${ORIGIN}${path}`;
}

/** A page of an API, with its link to the next one. */
export function page(data: unknown, next?: string, totalPages?: number): Record<string, unknown> {
  return {
    data,
    links: { ...(next !== undefined && { next }) },
    meta: { ...(totalPages && { totalPages }) },
  };
}

/** An error as the contracts have it. */
export function errors(code: string): Record<string, unknown> {
  return { errors: [{ code, title: code, detail: code }], meta: {} };
}

const DISCOVERY = {
  issuer: MADE_UP_HOLDER.issuer,
  token_endpoint: `${MADE_UP_HOLDER.issuer}/token`,
  jwks_uri: `${MADE_UP_HOLDER.issuer}/jwks`,
};

function asResponse(answer: MadeUpAnswer): Response {
  if (answer instanceof Response) return answer;
  const [status, body, headers] = answer;
  const type = { 'content-type': 'application/json' };
  return new Response(body === undefined ? null : JSON.stringify(body), {
    status,
    headers: { ...type, ...headers },
  });
}

/** Made once for a test file: nothing depends on whose they are, and they take long. */
const madeUpKeys = (() => {
  let keys: Promise<[JWK, JWK]> | undefined;
  return () => {
    keys ??= Promise.all([madeUpKey('PS256'), madeUpKey('RSA-OAEP')]);
    return keys;
  };
})();

async function madeUpKey(algorithm: string): Promise<JWK> {
  const { privateKey } = await generateKeyPair(algorithm, { modulusLength: 2_048, extractable: true });
  return { ...(await exportJWK(privateKey)), kid: algorithm };
}
