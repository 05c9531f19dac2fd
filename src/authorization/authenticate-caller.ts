import { timingSafeEqual } from 'node:crypto';
import { keepCalledConsent } from '../consents/called-consent.ts';
import type { Consent } from '../consents/consent.ts';
import type { Consents } from '../consents/consents.ts';
import { type Answer, answerProblem, type Call, type Caller, type Step } from '../contract/call.ts';
import { type CallNotes, note } from '../contract/call-notes.ts';
import type { CertificateVerdict, DirectoryTrust } from '../directory/directory-trust.ts';
import type { ClientCertificate } from '../kernel/client-certificate.ts';
import type { Clock } from '../kernel/clock.ts';
import { createProblem, type ProblemCode } from '../kernel/problem.ts';
import type { Artifact, ArtifactStore } from './artifact-store.ts';
import { bearerTokenOf } from './bearer-token.ts';
import { consentIdOf, standsForConsent } from './consent-scope.ts';

export interface AuthenticateCallerSettings {
  readonly artifacts: Pick<ArtifactStore, 'present'>;
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

  /** The token, and its consent. What the token was found to be before tells which consent to read beside it. */
  async function read(call: Call, bearer: string): Promise<[Artifact | undefined, Consent | undefined]> {
    const { last, current } = artifacts.present(
      isCustomers(call) ? 'AccessToken' : 'ClientCredentials',
      bearer,
    );
    const expected = callerOf(last).consentId;
    const early = expected === undefined ? undefined : consents.find(expected);
    const [token, consent] = await Promise.all([current, early]);
    const { consentId } = callerOf(token);
    if (consentId === undefined || consentId === expected) return [token, consent];
    return [token, isCustomers(call) ? await consents.find(consentId) : undefined];
  }

  async function identify(call: Call): Promise<Caller | Rebuff> {
    const verdict = await trust.certificate(call.certificate);
    noteCertificate(call, verdict);
    if (!verdict.isTrusted || !call.certificate) return NO_CERTIFICATE;
    const { authorization } = call.headers;
    const bearer = bearerTokenOf(authorization);
    if (bearer === undefined) {
      noteToken(call, undefined, authorization === undefined ? 'absent' : 'malformed');
      return authorization === undefined ? NO_TOKEN : BAD_TOKEN;
    }
    const [token, consent] = await read(call, bearer);
    const fault = token ? tokenFault(token, call.certificate, clock.now()) : 'unknown';
    noteToken(call, token, fault);
    if (!token || fault) return BAD_TOKEN;
    const { organisationId } = verdict.software;
    if (!isCustomers(call)) return { ...callerOf(token), organisationId };
    const wrong = consentFault(token, consent);
    noteConsent(call, callerOf(token).consentId, consent, wrong);
    if (!consent || wrong) return NO_CONSENT;
    keepCalledConsent(call, consent);
    return { ...callerOf(token), organisationId };
  }

  return async (call) => {
    const found = await identify(call);
    if ('challenge' in found) return rebuff(found);
    const missing = requiredScopes(call).filter((scope) => !found.scopes.has(scope));
    if (missing.length > 0) {
      if (call.notes?.token) note(call, { token: { ...call.notes.token, missingScopes: missing } });
      return rebuff({
        code: 'ESCOPO_INSUFICIENTE',
        challenge: `Bearer error="insufficient_scope", scope="${missing.join(' ')}"`,
      });
    }
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

function tokenFault(
  token: Artifact,
  certificate: ClientCertificate,
  now: number,
): 'expired' | 'bound-to-another-certificate' | undefined {
  if (typeof token.exp !== 'number' || token.exp * 1000 <= now) return 'expired';
  return isBoundTo(certificate, token) ? undefined : 'bound-to-another-certificate';
}

function isBoundTo({ thumbprint }: ClientCertificate, token: Artifact): boolean {
  const bound = token['x5t#S256'];
  if (typeof bound !== 'string') return false;
  const [expected, presented] = [Buffer.from(bound), Buffer.from(thumbprint)];
  return expected.byteLength === presented.byteLength && timingSafeEqual(expected, presented);
}

type ConsentFault = NonNullable<CallNotes['consent']>['fault'];

/** What keeps the consent that a customer's token names from being its own, authorised, and not over. */
function consentFault(token: Artifact, consent: Consent | undefined): ConsentFault {
  if (!consent) return 'unknown';
  if (consent.status !== 'AUTHORISED') return 'not-authorised';
  if (consent.clientId !== token.clientId) return 'of-another-receiver';
  if (consent.grantId !== token.grantId) return 'of-another-grant';
  return consent.subject === token.accountId ? undefined : 'of-another-customer';
}

type CallerOfToken = Omit<Caller, 'organisationId'>;

const NOBODY: CallerOfToken = Object.freeze({ clientId: '', scopes: new Set<string>() });
/** What tokens say is read once for each, as long as the store tells them by the same object. */
const callers = new WeakMap<Artifact, CallerOfToken>();

function callerOf(token: Artifact | undefined): CallerOfToken {
  if (!token) return NOBODY;
  const known = callers.get(token) ?? readCaller(token);
  callers.set(token, known);
  return known;
}

function readCaller(token: Artifact): CallerOfToken {
  const scope = typeof token.scope === 'string' ? token.scope : '';
  const consentId = consentIdOf(scope);
  return Object.freeze({
    clientId: String(token.clientId),
    scopes: new Set(scope.split(' ')),
    ...(consentId === undefined ? {} : { consentId }),
    ...(typeof token.accountId === 'string' ? { subject: token.accountId } : {}),
  });
}

function noteCertificate(call: Call, verdict: CertificateVerdict): void {
  if (!call.notes) return;
  const { thumbprint } = call.certificate ?? {};
  note(call, {
    certificate: {
      isTrusted: verdict.isTrusted,
      ...(thumbprint === undefined ? {} : { thumbprint }),
      ...(verdict.isTrusted ? verdict.software : { reason: verdict.fault }),
    },
  });
}

type TokenFault = NonNullable<NonNullable<CallNotes['token']>['fault']>;

function noteToken(call: Call, token: Artifact | undefined, fault: TokenFault | undefined): void {
  if (!call.notes) return;
  note(call, {
    token: {
      kind: isCustomers(call) ? 'customer' : 'own',
      ...(token && { clientId: callerOf(token).clientId }),
      ...(typeof token?.exp === 'number' && { expiresAt: token.exp * 1000 }),
      ...(fault && { fault }),
    },
  });
}

function noteConsent(
  call: Call,
  id: string | undefined,
  consent: Consent | undefined,
  fault: ConsentFault,
): void {
  if (!call.notes || id === undefined) return;
  note(call, {
    consent: {
      id,
      ...(consent && { status: consent.status, revision: consent.revision }),
      ...(fault && { fault }),
    },
  });
}

function rebuff({ code, challenge }: Rebuff): Answer {
  return answerProblem(createProblem(code), { 'www-authenticate': challenge });
}
