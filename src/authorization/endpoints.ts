import type { IncomingMessage, ServerResponse } from 'node:http';
import { writeOAuthError } from './write-oauth-error.ts';

/** The library's routes, as they stand below the issuer's path. */
export const ROUTES = {
  authorization: '/auth',
  token: '/token',
  pushed_authorization_request: '/par',
  userinfo: '/userinfo',
  registration: '/register',
  revocation: '/token/revocation',
  introspection: '/token/introspection',
  jwks: '/jwks',
} as const;

/** One endpoint of one listener. */
export interface Endpoint {
  readonly name:
    | 'discovery'
    | 'jwks'
    | 'authorization'
    | 'resume'
    | 'pushed_authorization_request'
    | 'token'
    | 'userinfo'
    | 'registration'
    | 'client'
    | 'revocation'
    | 'introspection';
  readonly methods: readonly string[];
  /** Of the whole path below the issuer's; its one group, if any, is an id. */
  readonly path: RegExp;
}

const READ = ['GET', 'HEAD'];
const ID = '([\\w-]{1,64})';

/** What a browser, or anybody, may ask for. */
export const PUBLIC_ENDPOINTS: readonly Endpoint[] = [
  { name: 'discovery', methods: READ, path: at('/.well-known/openid-configuration') },
  { name: 'jwks', methods: READ, path: at(ROUTES.jwks) },
  { name: 'authorization', methods: READ, path: at(ROUTES.authorization) },
  { name: 'resume', methods: READ, path: at(`${ROUTES.authorization}/${ID}`) },
];

/** What receivers ask for, with their certificates. */
export const MTLS_ENDPOINTS: readonly Endpoint[] = [
  { name: 'pushed_authorization_request', methods: ['POST'], path: at(ROUTES.pushed_authorization_request) },
  { name: 'token', methods: ['POST'], path: at(ROUTES.token) },
  { name: 'userinfo', methods: ['GET', 'POST'], path: at(ROUTES.userinfo) },
  { name: 'registration', methods: ['POST'], path: at(ROUTES.registration) },
  { name: 'client', methods: ['GET', 'PUT', 'DELETE'], path: at(`${ROUTES.registration}/${ID}`) },
  { name: 'revocation', methods: ['POST'], path: at(ROUTES.revocation) },
  { name: 'introspection', methods: ['POST'], path: at(ROUTES.introspection) },
];

export interface FoundEndpoint {
  readonly name: Endpoint['name'];
  /** The id in the path, of endpoints that have one. */
  readonly id: string;
}

/** The endpoint that a request is for; undefined once it has been answered with 404 or 405. */
export function findEndpoint(
  endpoints: readonly Endpoint[],
  path: string,
  request: IncomingMessage,
  response: ServerResponse,
): FoundEndpoint | undefined {
  const endpoint = endpoints.find((each) => each.path.test(path));
  if (!endpoint) {
    writeOAuthError(response, 404, 'invalid_request', 'unrecognized route');
    return undefined;
  }
  if (!endpoint.methods.includes(request.method ?? '')) {
    const allow = endpoint.methods.join(', ');
    writeOAuthError(response, 405, 'invalid_request', 'method not allowed', { allow });
    return undefined;
  }
  return { name: endpoint.name, id: endpoint.path.exec(path)?.[1] ?? '' };
}

function at(path: string): RegExp {
  return new RegExp(`^${path.replaceAll('.', '\\.')}$`);
}
