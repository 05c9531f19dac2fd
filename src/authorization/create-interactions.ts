import type { IncomingMessage, ServerResponse } from 'node:http';
import Provider, { errors, type InteractionResults } from 'oidc-provider';
import type { Consent } from '../consents/consent.ts';
import type { Consents } from '../consents/consents.ts';
import type { Clock } from '../kernel/clock.ts';
import type { AssuranceLevel, AuthorizationProfile } from './authorization-profile.ts';
import { consentIdOf } from './consent-scope.ts';
import type { AskingReceiver, CustomerApproval, Interactions } from './interactions.ts';

/** A grant of a consent without an end: longer than anybody lives. */
const ENDLESS_SECONDS = 100 * 366 * 86_400;

export interface InteractionSettings {
  /** The library as it is configured at this moment. */
  readonly provider: () => Provider;
  readonly profile: AuthorizationProfile;
  readonly resource: string;
  readonly consents: Pick<Consents, 'find' | 'authorise' | 'reject'>;
  readonly subjectOf: (customerId: string) => string;
  readonly clock: Pick<Clock, 'now'>;
}

type Interaction = Awaited<ReturnType<Provider['interactionDetails']>>;

/** An interaction of the library together with the consent that it is about. */
interface Pending {
  readonly interaction: Interaction;
  readonly clientId: string;
  readonly consent: Consent;
}

/** Creates what the consent journey asks of the authorization server. */
export function createInteractions(settings: InteractionSettings): Interactions {
  const { provider, consents, subjectOf, profile } = settings;

  async function load(request: IncomingMessage, response: ServerResponse): Promise<Pending | undefined> {
    const interaction = await interactionOf(provider(), request, response);
    return interaction && pendingOf(interaction);
  }

  async function pendingOf(interaction: Interaction): Promise<Pending | undefined> {
    const id = consentIdOf(interaction.params.scope);
    const consent = id === undefined ? undefined : await consents.find(id);
    const { client_id: clientId } = interaction.params;
    if (!consent || consent.clientId !== clientId) return undefined;
    return { interaction, clientId: consent.clientId, consent };
  }

  async function receiverOf(clientId: string): Promise<AskingReceiver | undefined> {
    const metadata = (await provider().Client.find(clientId))?.metadata() as
      | Record<string, unknown>
      | undefined;
    if (!metadata) return undefined;
    return { clientId, name: String(metadata.client_name), organisationName: String(metadata.org_name) };
  }

  return {
    async find(request, response) {
      const interaction = await interactionOf(provider(), request, response);
      if (!interaction) return undefined;
      // Every page asks for both, so neither waits for the other.
      const [pending, receiver] = await Promise.all([
        pendingOf(interaction),
        receiverOf(String(interaction.params.client_id)),
      ]);
      if (pending?.consent.status !== 'AWAITING_AUTHORISATION') return undefined;
      return receiver && { uid: interaction.uid, consent: pending.consent, receiver };
    },

    async approve(request, response, approval) {
      const pending = await load(request, response);
      if (pending?.consent.status !== 'AWAITING_AUTHORISATION') return false;
      const { interaction, consent, clientId } = pending;
      const subject = subjectOf(approval.customer.id);
      const acr = chooseAcr(requestedClaims(interaction), approval.assurance, profile);
      if (acr === undefined || !isRequestedSubject(requestedClaims(interaction), subject)) {
        await finish(request, response, denied('the customer could not be authenticated as requested'));
        return true;
      }
      const grant = await grantTo({ clientId, subject, interaction, consent });
      const { permissions, selection } = approval;
      const grantId = grant.jti;
      const authorised = await consents.authorise(consent.id, { subject, grantId, permissions, selection });
      if (!authorised) {
        await grant.destroy();
        return false;
      }
      await finishOrReject(request, response, consent.id, loginResult({ subject, acr, grantId, approval }));
      return true;
    },

    async refuse(request, response, reason, customer) {
      const pending = await load(request, response);
      if (pending && reason === 'refused') {
        const actor = customer ? `customer:${subjectOf(customer.id)}` : 'customer';
        await consents.reject(
          pending.consent.id,
          { rejectedBy: 'USER', code: 'CUSTOMER_MANUALLY_REJECTED' },
          actor,
        );
      }
      const refusal = reason === 'refused' ? 'the customer refused' : 'the consent is not of this customer';
      return finishUnlessGone(request, response, denied(refusal));
    },
  };

  async function finishUnlessGone(
    request: IncomingMessage,
    response: ServerResponse,
    result: InteractionResults,
  ): Promise<boolean> {
    try {
      await finish(request, response, result);
      return true;
    } catch (error) {
      if (error instanceof errors.SessionNotFound) return false;
      throw error;
    }
  }

  /** One grant per consent, which ends with it. */
  async function grantTo(grantee: {
    clientId: string;
    subject: string;
    interaction: Interaction;
    consent: Consent;
  }) {
    const { Grant } = provider();
    const grant = new Grant({ clientId: grantee.clientId, accountId: grantee.subject });
    const scope = String(grantee.interaction.params.scope);
    grant.addOIDCScope(scope.split(' ').filter((each) => profile.scopes.includes(each)));
    grant.addResourceScope(settings.resource, scope);
    const now = Math.floor(settings.clock.now() / 1000);
    const { expiresAt } = grantee.consent;
    grant.exp = expiresAt === undefined ? now + ENDLESS_SECONDS : Math.floor(expiresAt / 1000);
    await grant.save();
    return grant;
  }

  function finish(request: IncomingMessage, response: ServerResponse, result: InteractionResults) {
    return provider().interactionFinished(request, response, result, { mergeWithLastSubmission: false });
  }

  /** An authorised consent whose code cannot be given out is of no use to anybody. */
  async function finishOrReject(
    request: IncomingMessage,
    response: ServerResponse,
    consentId: string,
    result: InteractionResults,
  ): Promise<void> {
    try {
      await finish(request, response, result);
    } catch (error) {
      await consents.reject(
        consentId,
        { rejectedBy: 'ASPSP', code: 'CONSENT_TECHNICAL_ISSUE' },
        'institution',
      );
      throw error;
    }
  }
}

async function interactionOf(
  provider: Provider,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<Interaction | undefined> {
  try {
    return await provider.interactionDetails(request, response);
  } catch (error) {
    if (error instanceof errors.SessionNotFound) return undefined;
    throw error;
  }
}

function loginResult(login: {
  subject: string;
  acr: string;
  grantId: string;
  approval: CustomerApproval;
}): InteractionResults {
  return {
    login: {
      accountId: login.subject,
      acr: login.acr,
      ts: Math.floor(login.approval.authenticatedAt / 1000),
      remember: false,
    },
    consent: { grantId: login.grantId },
  };
}

function denied(description: string): InteractionResults {
  return { error: 'access_denied', error_description: description };
}

type ClaimRequest = Readonly<{ essential?: unknown; value?: unknown; values?: unknown }> | null | undefined;

/** Members of `claims.id_token` of the request (OpenID Connect Core, §5.5). */
function requestedClaims({ params }: Interaction): Readonly<Record<string, ClaimRequest>> {
  if (typeof params.claims !== 'string') return {};
  return JSON.parse(params.claims).id_token ?? {};
}

/**
 * The context class to vouch for: of those that the login reached the highest, or the highest one that an essential
 * request takes; undefined when it takes none of them.
 */
function chooseAcr(
  claims: Readonly<Record<string, ClaimRequest>>,
  assurance: AssuranceLevel,
  profile: AuthorizationProfile,
): string | undefined {
  const reached = ([3, 2] as const).filter((level) => level <= assurance).map((level) => profile.acr[level]);
  const request = claims.acr;
  if (!request?.essential) return reached[0];
  const taken = acceptedValues(request);
  return taken ? reached.find((acr) => taken.includes(acr)) : reached[0];
}

function isRequestedSubject(claims: Readonly<Record<string, ClaimRequest>>, subject: string): boolean {
  const taken = claims.sub && acceptedValues(claims.sub);
  return !taken || taken.includes(subject);
}

function acceptedValues({ value, values }: NonNullable<ClaimRequest>): readonly unknown[] | undefined {
  if (Array.isArray(values)) return values;
  return value === undefined ? undefined : [value];
}
