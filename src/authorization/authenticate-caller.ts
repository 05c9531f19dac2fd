import { timingSafeEqual } from 'node:crypto';
import type { Consents } from '../consents/consents.ts';
import { type Answer, answerProblem, type Call, type Caller, type Step } from '../contract/call.ts';
import type { CertifiedSoftware, DirectoryTrust } from '../directory/directory-trust.ts';
import type { ClientCertificate } from '../kernel/client-certificate.ts';
import type { Clock } from '../kernel/clock.ts';
import { createProblem, type ProblemCode } from '../kernel/problem.ts';
import type { Artifact, ArtifactStore } from './artifact-store.ts';
import { bearerTokenOf } from './bearer-token.ts';
import { consentIdOf, standsForConsent } from './consent-scope.ts';

export interface AuthenticateCallerSettings {
  readonly artifacts: Pick<ArtifactStore, 'find'>;
  readonly trust: Pick<DirectoryTrust, 'certificate'>;
  readonly consents: Pick<Consents, 'find'>;
  readonly clock: Pick<Clock, 'now'>;
}

/** Why a call is not let in, and what its `www-authenticate` says (RFC 6750, §3). */
interface Rebuff {
  readonly code: ProblemCode;
  readonly challenge: string;
}

const INVALID = 'Bearer error="invalid_token"';
const NO_CERTIFICATE: Rebuff = { code: 'CERTIFICADO_NAO_ACEITO', challenge: INVALID };
const NO_TOKEN: Rebuff = { code: 'TOKEN_AUSENTE', challenge: 'Bearer' };
const BAD_TOKEN: Rebuff = { code: 'TOKEN_INVALIDO', challenge: INVALID };
const NO_CONSENT: Rebuff = { code: 'CONSENTIMENTO_NAO_AUTORIZADO', challenge: INVALID };

/**
 * Makes the step that lets a call in: a certificate the directory vouches for, a bearer token bound to that certificate
 * (RFC 8705, §3), for customer's data a consent that is authorised, and the scopes that the operation's contract names.
 * Sets `call.caller`; answers 401 or 403. Which token an operation takes is in its contract: `openid` stands for one that
 * a customer's consent has given, anything else for one of the receiver's own.
 */
export function createAuthenticateCaller(settings: AuthenticateCallerSettings): Step {
  const { artifacts, trust, consents, clock } = settings;

  async function findToken(call: Call, token: string): Promise<Artifact | undefined> {
    const model = isCustomers(call) ? 'AccessToken' : 'ClientCredentials';
    const found = await artifacts.find(model, token);
    const isAlive = typeof found?.exp === 'number' && found.exp * 1000 > clock.now();
    return isAlive ? found : undefined;
  }

  /** Whether the consent that a customer's token names is its own, authorised, and not over. */
  async function isAuthorised(token: Artifact, consentId: string | undefined): Promise<boolean> {
    const consent = consentId === undefined ? undefined : await consents.find(consentId);
    return (
      consent?.status === 'AUTHORISED' &&
      consent.clientId === token.clientId &&
      consent.grantId === token.grantId &&
      consent.subject === token.accountId
    );
  }

  async function identify(call: Call): Promise<Caller | Rebuff> {
    const verdict = await trust.certificate(call.certificate);
    if (!verdict.isTrusted || !call.certificate) return NO_CERTIFICATE;
    const bearer = bearerTokenOf(call.headers.authorization);
    if (bearer === undefined) return call.headers.authorization === undefined ? NO_TOKEN : BAD_TOKEN;
    const token = await findToken(call, bearer);
    if (!token || !isBoundTo(call.certificate, token)) return BAD_TOKEN;
    const caller = callerOf(token, verdict.software);
    if (isCustomers(call) && !(await isAuthorised(token, caller.consentId))) return NO_CONSENT;
    return caller;
  }

  return async (call) => {
    const found = await identify(call);
    if ('challenge' in found) return rebuff(found);
    const missing = requiredScopes(call).filter((scope) => !found.scopes.has(scope));
    if (missing.length > 0)
      return rebuff({
        code: 'ESCOPO_INSUFICIENTE',
        challenge: `Bearer error="insufficient_scope", scope="${missing.join(' ')}"`,
      });
    call.caller = found;
    return undefined;
  };
}

function isCustomers({ operation }: Call): boolean {
  return operation.scopes.includes('openid');
}

/** Which consent the token is of has been judged by then. */
function requiredScopes({ operation }: Call): readonly string[] {
  return operation.scopes.filter((scope) => !standsForConsent(scope));
}

function isBoundTo({ thumbprint }: ClientCertificate, token: Artifact): boolean {
  const bound = token['x5t#S256'];
  if (typeof bound !== 'string') return false;
  const [expected, presented] = [Buffer.from(bound), Buffer.from(thumbprint)];
  return expected.byteLength === presented.byteLength && timingSafeEqual(expected, presented);
}

function callerOf(token: Artifact, { organisationId }: CertifiedSoftware): Caller {
  const scope = typeof token.scope === 'string' ? token.scope : '';
  const consentId = consentIdOf(scope);
  return {
    clientId: String(token.clientId),
    organisationId,
    scopes: new Set(scope.split(' ')),
    ...(consentId === undefined ? {} : { consentId }),
    ...(typeof token.accountId === 'string' ? { subject: token.accountId } : {}),
  };
}

function rebuff({ code, challenge }: Rebuff): Answer {
  return answerProblem(createProblem(code), { 'www-authenticate': challenge });
}
