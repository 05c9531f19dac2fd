import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { type Answer, answerProblem, type Call, type Step } from '../../contract/call.ts';
import type { ClientCertificate } from '../../kernel/client-certificate.ts';
import type { Clock } from '../../kernel/clock.ts';
import { createProblem } from '../../kernel/problem.ts';
import type { DirectoryStore, StoredToken } from './directory-store.ts';
import type { Principals } from './principals.ts';

/** The parameters of a token request, as the form has them. */
export type TokenRequest = ReadonlyMap<string, string>;

/** RFC 6749 §5.1 and §5.2: what the token endpoint answers, with its status. */
export interface TokenAnswer {
  readonly status: 200 | 400 | 401;
  readonly body: Readonly<Record<string, unknown>>;
}

/** The directory's own access tokens. */
export interface DirectoryTokens {
  /** Issues a token to the client that presented a certificate (RFC 8705 §2), bound to that certificate (§3). */
  issue(request: TokenRequest, presented: ClientCertificate | undefined): Promise<TokenAnswer>;
  /** The step that demands a good token and its certificate: 401; a scope of the operation: 403. Sets `call.caller`. */
  readonly authenticate: Step;
}

export interface DirectoryTokensSettings {
  readonly store: DirectoryStore;
  readonly principals: Principals;
  readonly clock: Pick<Clock, 'now'>;
}

const TOKEN_LIFE_MS = 600_000;
const LONGEST_TOKEN = 256;

/** Scopes of client credentials: a software's own, and those of a client that acts for a person. */
const SOFTWARE_SCOPES = ['directory:software'];
const PERSONAL_SCOPES = ['directory:admin', 'directory:website'];

/** Creates the token service over a store, which holds digests and no tokens. */
export function createDirectoryTokens({
  store,
  principals,
  clock,
}: DirectoryTokensSettings): DirectoryTokens {
  async function issue(
    request: TokenRequest,
    presented: ClientCertificate | undefined,
  ): Promise<TokenAnswer> {
    if (request.get('grant_type') === undefined) return refuse('invalid_request');
    if (request.get('grant_type') !== 'client_credentials') return refuse('unsupported_grant_type');
    const client = await principals.recognise(presented);
    if (!presented || !client) return refuse('invalid_client');
    const named = request.get('client_id');
    if (named !== undefined && named !== client.clientId) return refuse('invalid_client');
    if (!(await principals.resolve(client.clientId))) return refuse('invalid_client');
    const scopes = chooseScopes(client.isSoftware ? SOFTWARE_SCOPES : PERSONAL_SCOPES, request.get('scope'));
    if (!scopes) return refuse('invalid_scope');

    const token = randomBytes(32).toString('base64url');
    const issuedAt = clock.now();
    await store.addToken({
      hash: digest(token),
      clientId: client.clientId,
      thumbprint: presented.thumbprint,
      scopes,
      issuedAt,
      expiresAt: issuedAt + TOKEN_LIFE_MS,
    });
    return {
      status: 200,
      body: {
        access_token: token,
        token_type: 'Bearer',
        expires_in: TOKEN_LIFE_MS / 1000,
        scope: scopes.join(' '),
      },
    };
  }

  async function authenticate(call: Call): Promise<Answer | undefined> {
    const token = bearerToken(call.headers.authorization);
    if (token === undefined) return answerProblem(createProblem('TOKEN_DO_DIRETORIO_INVALIDO'), CHALLENGE);
    const stored = await store.findToken(digest(token));
    const client = await principals.recognise(call.certificate);
    if (!stored || !client || !isGood(stored, client.clientId, call.certificate?.thumbprint ?? ''))
      return answerProblem(createProblem('TOKEN_DO_DIRETORIO_INVALIDO'), CHALLENGE_TOKEN);
    if (!call.operation.scopes.some((scope) => stored.scopes.includes(scope)))
      return answerProblem(createProblem('ACESSO_AO_DIRETORIO_NEGADO'), CHALLENGE_SCOPE);
    const { clientId, organisationId } = client;
    call.caller = { clientId, organisationId, scopes: new Set(stored.scopes) };
    return undefined;
  }

  function isGood(stored: StoredToken, clientId: string, thumbprint: string): boolean {
    return (
      stored.expiresAt > clock.now() && stored.clientId === clientId && isSame(stored.thumbprint, thumbprint)
    );
  }

  return { issue, authenticate };
}

const CHALLENGE = { 'www-authenticate': 'Bearer' };
const CHALLENGE_TOKEN = { 'www-authenticate': 'Bearer error="invalid_token"' };
const CHALLENGE_SCOPE = { 'www-authenticate': 'Bearer error="insufficient_scope"' };

/** RFC 6750 §2.1; a header that stands more than once is no token. */
function bearerToken(header: string | string[] | undefined): string | undefined {
  if (typeof header !== 'string' || header.length > LONGEST_TOKEN) return undefined;
  return /^bearer +([A-Za-z0-9._~+/-]+=*)$/i.exec(header)?.[1];
}

/** The scopes asked for, or all that there are; undefined when one of them is not among these. */
function chooseScopes(allowed: readonly string[], asked: string | undefined): readonly string[] | undefined {
  if (asked === undefined) return allowed;
  const scopes = [...new Set(asked.split(' ').filter((scope) => scope !== ''))];
  return scopes.length > 0 && scopes.every((scope) => allowed.includes(scope)) ? scopes : undefined;
}

function refuse(error: string): TokenAnswer {
  return { status: error === 'invalid_client' ? 401 : 400, body: { error } };
}

function digest(token: string): string {
  return createHash('sha256').update(token).digest('base64url');
}

function isSame(one: string, other: string): boolean {
  const [left, right] = [one, other].map((text) => createHash('sha256').update(text).digest());
  return timingSafeEqual(left as Buffer, right as Buffer);
}
