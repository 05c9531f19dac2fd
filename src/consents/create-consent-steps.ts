import { randomUUID } from 'node:crypto';
import { type Answer, answerProblem, type Call, type Caller, type Step } from '../contract/call.ts';
import { type CallNotes, note } from '../contract/call-notes.ts';
import type { Operation } from '../contract/operation.ts';
import type { Clock } from '../kernel/clock.ts';
import { createProblem, type ProblemCode } from '../kernel/problem.ts';
import {
  composeConsentAnswer,
  composeRenewalsAnswer,
  readRenewalsPage,
  renewalsRange,
} from './compose-consent-answer.ts';
import type { Consent } from './consent.ts';
import { wholeSecond } from './consent-life.ts';
import type { ConsentProfile } from './consent-profile.ts';
import type { Idempotency, NewConsent } from './consent-store.ts';
import { createProfileFinder, type ReceiverConsents } from './create-consents.ts';
import { judgeRequest } from './judge-request.ts';
import { type RenewalRequest, readConsentRequest, readRenewalRequest } from './read-request.ts';
import { requestFingerprint } from './request-fingerprint.ts';
import { createSpelling } from './version-spelling.ts';

export interface ConsentStepsSettings {
  readonly consents: ReceiverConsents;
  readonly profiles: readonly ConsentProfile[];
  readonly clock: Clock;
  /** The institution's namespace in consent ids, `urn:<namespace>:…`. */
  readonly namespaceOf: (ecosystem: string) => string;
  /** What the institution offers: resource types, and scopes of what has no resource type; see `products` of the profile. */
  readonly offered: (ecosystem: string) => ReadonlySet<string>;
  /** Origin under which the operations of an ecosystem are reached, without a slash at the end. */
  readonly baseUrlOf: (ecosystem: string) => string;
  /** Keys the fingerprints of repeatable requests; the same on all nodes, and for as long as keys are remembered. */
  readonly fingerprintKey: Uint8Array;
  /**
   * Whether a person may act for a company, as the institution knows it: who may renew the consent of a company that
   * somebody else gave. Without it only that somebody may.
   */
  readonly mayActFor?: (ecosystem: string, cpf: string, cnpj: string) => Promise<boolean>;
}

/** The operations of the Consents APIs, of every version. Each demands that the caller is known. */
export interface ConsentSteps {
  readonly create: Step;
  readonly read: Step;
  readonly revoke: Step;
  readonly renew: Step;
  readonly renewals: Step;
  /** The one of them that an operation asks for, by its method and the form of its path. */
  readonly serve: Step;
}

/** Creates the steps that answer the operations of the Consents APIs. The body has been held to its contract before. */
export function createConsentSteps(settings: ConsentStepsSettings): ConsentSteps {
  const { consents, clock, namespaceOf, offered, baseUrlOf, fingerprintKey, mayActFor } = settings;
  const profileOf = createProfileFinder(settings.profiles);

  async function create(call: Call): Promise<Answer> {
    const { operation, body } = call;
    const { clientId, organisationId } = callerOf(call);
    const profile = profileOf(operation.ecosystem);
    const request = readConsentRequest(profile, createSpelling(profile, operation.version), body);
    const now = clock.now();
    const judgement = judgeRequest(profile, request, { now, offered: offered(operation.ecosystem) });
    if ('refusal' in judgement) return refuse(call, judgement.refusal);

    const createdAt = wholeSecond(now);
    const consent: NewConsent = {
      ...request,
      id: `urn:${namespaceOf(operation.ecosystem)}:${randomUUID()}`,
      ecosystem: operation.ecosystem,
      clientId,
      organisationId,
      status: 'AWAITING_AUTHORISATION',
      createdAt,
      statusUpdatedAt: createdAt,
      permissions: judgement.granted,
    };
    const creation = await consents.create(consent, idempotencyOf(call, profile));
    if (creation.outcome === 'conflict') return refuse(call, 'ERRO_IDEMPOTENCIA');
    noteConsent(call, creation.consent);
    return composeConsentAnswer(call, 201, asFirstAnswered(consent, creation.consent), contextOf(call));
  }

  async function read(call: Call): Promise<Answer> {
    const found = await findOwn(call);
    return 'refusal' in found
      ? refuse(call, found.refusal)
      : composeConsentAnswer(call, 200, found.consent, contextOf(call));
  }

  async function revoke(call: Call): Promise<Answer> {
    const found = await findOwn(call);
    if ('refusal' in found) return refuse(call, found.refusal);
    const revoked = await consents.revoke(found.consent.id, callerOf(call).clientId);
    return revoked ? { kind: 'empty' } : refuse(call, 'CONSENTIMENTO_EM_STATUS_REJEITADO');
  }

  async function renew(call: Call): Promise<Answer> {
    const { clientId, consentId } = callerOf(call);
    if (consentId !== consentIdOf(call)) return refuse(call, 'TOKEN_DE_OUTRO_CONSENTIMENTO');
    const found = await findOwn(call);
    if ('refusal' in found) return refuse(call, found.refusal);
    const request = readRenewalRequest(call.body);
    if (!(await mayRenew(found.consent, request))) return refuse(call, 'TITULAR_DIVERGENTE');

    const renewal = {
      expiresAt: request.expiresAt,
      loggedUser: request.loggedUser,
      customerIpAddress: headerOf(call, 'x-fapi-customer-ip-address') ?? '',
      customerUserAgent: headerOf(call, 'x-customer-user-agent') ?? '',
    };
    const outcome = await consents.renew(found.consent.id, renewal, clientId);
    return 'refusal' in outcome
      ? refuse(call, outcome.refusal)
      : composeConsentAnswer(call, 201, outcome.renewed, contextOf(call));
  }

  async function renewals(call: Call): Promise<Answer> {
    const found = await findOwn(call);
    if ('refusal' in found) return refuse(call, found.refusal);
    const asked = readRenewalsPage(call);
    if ('problem' in asked) return answerProblem(asked.problem);
    const list = await consents.renewals(found.consent.id, renewalsRange(call, asked.page));
    return composeRenewalsAnswer(call, found.consent.id, asked.page, list, contextOf(call));
  }

  /** The consent that the path names, when it is the caller's. */
  async function findOwn(call: Call): Promise<{ consent: Consent } | { refusal: ProblemCode }> {
    const { clientId } = callerOf(call);
    const id = consentIdOf(call);
    const consent = await consents.find(id);
    if (!consent || consent.ecosystem !== call.operation.ecosystem) {
      note(call, { consent: { id, fault: 'unknown' } });
      return { refusal: 'CONSENTIMENTO_NAO_ENCONTRADO' };
    }
    const isOwn = consent.clientId === clientId;
    noteConsent(call, consent, isOwn ? undefined : 'of-another-receiver');
    return isOwn ? { consent } : { refusal: 'CONSENTIMENTO_DE_OUTRO_CLIENTE' };
  }

  /** A natural person renews their own consent; that of a company, whoever may act for it. */
  async function mayRenew(
    consent: Consent,
    { loggedUser, businessEntity }: RenewalRequest,
  ): Promise<boolean> {
    if (businessEntity?.identification !== consent.businessEntity?.identification) return false;
    if (consent.loggedUser === undefined) return false;
    if (loggedUser.identification === consent.loggedUser.identification) return true;
    if (!businessEntity || !mayActFor) return false;
    return mayActFor(consent.ecosystem, loggedUser.identification, businessEntity.identification);
  }

  function idempotencyOf(call: Call, { idempotencyHeader }: ConsentProfile): Idempotency | undefined {
    const given = idempotencyHeader && headerOf(call, idempotencyHeader);
    if (!given) return undefined;
    // The key is the endpoint's: two versions of the API are two endpoints.
    const key = `${call.operation.path} ${given}`;
    return { key, fingerprint: requestFingerprint(fingerprintKey, call.body) };
  }

  function contextOf({ operation: { ecosystem } }: Call) {
    return { profile: profileOf(ecosystem), baseUrl: baseUrlOf(ecosystem), at: clock.now() };
  }

  function refuse({ operation }: Call, code: ProblemCode): Answer {
    return answerProblem(createProblem(code, profileOf(operation.ecosystem).refusals.get(code)));
  }

  const byShape: Readonly<Record<string, Step>> = {
    'POST collection': create,
    'GET item': read,
    'DELETE item': revoke,
    'POST item/extends': renew,
    'GET item/extensions': renewals,
  };
  const serve: Step = (call) =>
    byShape[shapeOf(call.operation)]?.(call) ?? answerProblem(createProblem('OPERACAO_NAO_DISPONIVEL'));

  return { create, read, revoke, renew, renewals, serve };
}

type ConsentFault = NonNullable<CallNotes['consent']>['fault'];

function noteConsent(call: Call, { id, status, revision }: Consent, fault?: ConsentFault): void {
  if (call.notes) note(call, { consent: { id, status, revision, ...(fault && { fault }) } });
}

const ITEM = /\/\{([^}]+)\}(\/[^/{}]+)?$/;

/** Method, and what is left of the path when its beginning is left out: `GET item/extensions`. */
function shapeOf({ method, path }: Operation): string {
  const item = ITEM.exec(path);
  return `${method} ${item ? `item${item[2] ?? ''}` : 'collection'}`;
}

function consentIdOf({ operation, path }: Call): string {
  const [, name = ''] = ITEM.exec(operation.path) ?? [];
  return path[name] ?? '';
}

/** Throws when no step has said who calls: an operation on consents must never be open. */
function callerOf({ caller }: Call): Caller {
  if (!caller) throw new Error('consents are answered only after the caller has been authenticated');
  return caller;
}

function headerOf({ headers }: Call, name: string): string | undefined {
  const value = headers[name];
  return Array.isArray(value) ? value[0] : value;
}

/** A repeated request is answered as the first one was, whatever has become of the consent since. */
function asFirstAnswered(asked: NewConsent, kept: Consent): Consent {
  const { id, createdAt } = kept;
  return { ...kept, ...asked, id, createdAt, statusUpdatedAt: createdAt, rejection: undefined };
}
