import type { Clock } from '../kernel/clock.ts';
import type { ProblemCode } from '../kernel/problem.ts';
import type { Consent, ConsentExtension, Rejection } from './consent.ts';
import {
  approveTransition,
  askTransition,
  authoriseTransition,
  consumeTransition,
  isOpen,
  OWN_WILL,
  rejectTransition,
  renewTransition,
  type Transition,
  timeTransition,
} from './consent-life.ts';
import type { ConsentProfile } from './consent-profile.ts';
import type { ConsentStore, Creation, Idempotency, NewConsent } from './consent-store.ts';
import type { Consents } from './consents.ts';
import { isAcceptableRenewal } from './end-date.ts';

export interface ConsentsSettings {
  readonly store: ConsentStore;
  readonly profiles: readonly ConsentProfile[];
  readonly clock: Clock;
}

/** A renewal as its receiver asks for it. */
export type Renewal = Omit<ConsentExtension, 'requestedAt' | 'previousExpiresAt'>;

export type RenewalOutcome = { readonly renewed: Consent } | { readonly refusal: ProblemCode };

/** What receivers do to consents, besides what everybody does. Persons and clients have been checked before. */
export interface ReceiverConsents extends Consents {
  create(consent: NewConsent, idempotency: Idempotency | undefined): Promise<Creation>;
  /** The consent that its receiver has ended; undefined when it had ended before. */
  revoke(id: string, clientId: string): Promise<Consent | undefined>;
  renew(id: string, renewal: Renewal, clientId: string): Promise<RenewalOutcome>;
  /** Renewals, newest first. */
  renewals: ConsentStore['extensions'];
}

/** Every lost attempt means that somebody else's change took place, and a life has few of them. */
const MOST_ATTEMPTS = 20;
const SWEPT_AT_ONCE = 200;

/** Creates the use-cases of consents over a store. */
export function createConsents({ store, profiles, clock }: ConsentsSettings): ReceiverConsents {
  const profileOf = createProfileFinder(profiles);
  const longestWait = Math.max(...profiles.map(({ awaitingMs }) => awaitingMs));

  /** Tries a transition, decided anew on each newest state, until it takes place or makes no sense any more. */
  async function transit(
    id: string,
    decide: (consent: Consent, now: number) => Transition | undefined,
  ): Promise<Consent | undefined> {
    for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt += 1) {
      const consent = await find(id);
      const transition = consent && decide(consent, clock.now());
      if (!transition) return undefined;
      const changed = await store.change(id, consent.revision, transition.change, transition.act);
      if (changed) return changed;
    }
    throw new Error(`consent ${id} changed ${MOST_ATTEMPTS} times while it was to be changed`);
  }

  async function find(id: string): Promise<Consent | undefined> {
    for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt += 1) {
      const found = await store.find(id);
      if (!found) return undefined;
      const settled = await settle(found);
      if (settled) return settled;
    }
    throw new Error(`consent ${id} changed ${MOST_ATTEMPTS} times while it was read`);
  }

  /** The consent with what time has done to it; undefined when somebody else changed it meanwhile. */
  async function settle(consent: Consent): Promise<Consent | undefined> {
    const transition = timeTransition(consent, profileOf(consent.ecosystem), clock.now());
    if (!transition) return consent;
    return store.change(consent.id, consent.revision, transition.change, transition.act);
  }

  function reject(id: string, rejection: Rejection, actor: string): Promise<Consent | undefined> {
    return transit(id, (consent, now) =>
      rejectTransition(consent, profileOf(consent.ecosystem), rejection, actor, now),
    );
  }

  async function ofPerson(ecosystem: string, cpf: string): Promise<readonly Consent[]> {
    const found = await store.ofPerson(ecosystem, cpf);
    const current = await Promise.all(
      found.map(async (consent) => (await settle(consent)) ?? find(consent.id)),
    );
    return current.filter((consent) => consent !== undefined);
  }

  return {
    find,
    ofPerson,
    renewals: (id, page) => store.extensions(id, page),

    create: (consent, idempotency) =>
      store.create(consent, { event: 'created', actor: `client:${consent.clientId}` }, idempotency),

    authorise: (id, authorisation) =>
      transit(id, (consent, now) => authoriseTransition(consent, authorisation, now)),

    reject,

    revoke: (id, clientId) =>
      transit(id, (consent, now) => {
        const profile = profileOf(consent.ecosystem);
        const rejection = { rejectedBy: profile.deletion.rejectedBy, code: OWN_WILL };
        return rejectTransition(consent, profile, rejection, `client:${clientId}`, now);
      }),

    consume: (id) =>
      transit(id, (consent, now) => consumeTransition(consent, profileOf(consent.ecosystem), now)),

    approve: (id, approverCpf, approved, subject) =>
      transit(id, (consent, now) => approveTransition(consent, approverCpf, approved, subject, now)),

    ask: (id, resources) => transit(id, (consent) => askTransition(consent, resources)),

    async renew(id, renewal, clientId) {
      let refusal: ProblemCode | undefined;
      const renewed = await transit(id, (consent, now) => {
        refusal = renewalRefusal(consent, profileOf(consent.ecosystem), renewal, now);
        return refusal ? undefined : renewTransition(consent, renewal, `client:${clientId}`, now);
      });
      return renewed ? { renewed } : { refusal: refusal ?? 'CONSENTIMENTO_NAO_ENCONTRADO' };
    },

    async sweep() {
      let ended = 0;
      for (;;) {
        const now = clock.now();
        const due = await store.due(now - longestWait, now, SWEPT_AT_ONCE);
        const changes = await Promise.all(due.map(async (consent) => isEnded(await settle(consent))));
        const done = changes.filter(Boolean).length;
        ended += done;
        // Without progress others are at it, and asking again at once would only be in their way.
        if (due.length < SWEPT_AT_ONCE || done === 0) return ended;
      }
    },

    async erasePerson(cpf) {
      for (const { ecosystem } of profiles) {
        for (const consent of await ofPerson(ecosystem, cpf)) {
          if (!isOpen(consent) || consent.loggedUser?.identification !== cpf) continue;
          await reject(consent.id, { rejectedBy: 'USER', code: OWN_WILL }, 'institution');
        }
      }
      // Open ones beyond those that a person is shown end when they are next read: they are of nobody then.
      return store.erasePerson(cpf, { event: 'erased', actor: 'institution' });
    },
  };
}

/** Finds the profile of an ecosystem; throws for one that has none. */
export function createProfileFinder(
  profiles: readonly ConsentProfile[],
): (ecosystem: string) => ConsentProfile {
  const byEcosystem = new Map(profiles.map((profile) => [profile.ecosystem, profile]));
  return (ecosystem) => {
    const profile = byEcosystem.get(ecosystem);
    if (!profile) throw new Error(`the catalog has no consent profile for ${ecosystem}`);
    return profile;
  };
}

/**
 * Why a consent cannot be renewed, in the order in which the contract lists it (Open Finance Consents API 3.3,
 * `POST /consents/{consentId}/extends`); undefined when it can.
 */
function renewalRefusal(
  { status, selection, expiresAt }: Consent,
  { expiry }: ConsentProfile,
  renewal: Renewal,
  now: number,
): ProblemCode | undefined {
  if (selection !== undefined && selection.approvals.length > 0) return 'DEPENDE_MULTIPLA_ALCADA';
  if (status !== 'AUTHORISED') return 'ESTADO_CONSENTIMENTO_INVALIDO';
  if (!isAcceptableRenewal(expiry, renewal.expiresAt, expiresAt, now)) return 'DATA_EXPIRACAO_INVALIDA';
  return undefined;
}

function isEnded(consent: Consent | undefined): boolean {
  return consent !== undefined && !isOpen(consent);
}
