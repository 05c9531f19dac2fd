import type { Asking, Connector, Found } from '../connectors/connector.ts';
import type { CustomerDocuments, OfferedResource } from '../connectors/customer.ts';
import type { Consent } from '../consents/consent.ts';
import type { ConsentProfile } from '../consents/consent-profile.ts';
import type { Clock } from '../kernel/clock.ts';
import { InstitutionAway } from './institution-away.ts';
import type { KnownStates } from './known-states.ts';
import { createPreparations, untilAborted } from './preparations.ts';

/** What the institution says that a customer has. */
export type Discovered = Found<readonly OfferedResource[]>;

/** Asks the institution what customers have. */
export interface Discovery {
  /**
   * What the customer of a consent has of some types. The list of all that the consent opens may take longer than a
   * receiver can wait, as long as it was never ready: it is `notReady` then, and the question goes on while there is time.
   * Rejects with {@link InstitutionAway} when the institution's systems fail, and while the database is away.
   */
  ask(consent: Consent, types: readonly string[], asking: Asking, isWhole: boolean): Promise<Discovered>;
  /** Whether a list that is not ready may be so, at this moment. */
  isInTime(consent: Consent): Promise<boolean>;
}

export interface DiscoverySettings {
  readonly profile: Pick<ConsentProfile, 'resources'>;
  readonly connector: Pick<Connector, 'discover'>;
  readonly states: Pick<KnownStates, 'of'>;
  readonly clock: Pick<Clock, 'now'>;
}

const MOST_PREPARATIONS = 200;
/** What is found, or that nothing is, has to be looked up and put on record before the receiver's time is over. */
const SETTLING_MS = 50;
/** Timers run out at once when they are given more. */
const LONGEST_MS = 2 ** 31 - 1;

/** Creates what asks a connector, with patience for lists that are being prepared. */
export function createDiscovery({ profile, connector, states, clock }: DiscoverySettings): Discovery {
  const { preparationMs } = profile.resources;
  const preparations = createPreparations({ clock, most: MOST_PREPARATIONS });

  async function isFirstList(consent: Consent): Promise<boolean> {
    return (await states.of(consent)).readyAt === undefined;
  }

  return {
    async ask(consent, types, asking, isWhole) {
      const documents = documentsOf(consent);
      if (!documents) return { status: 'notFound' };
      const isPolled = isWhole && preparationMs !== undefined && (await isFirstList(consent));
      const question = (inTime: Asking) => connector.discover(documents, types, inTime);
      try {
        if (!isPolled) return await question(asking);
        const endsAt = preparationEnd(consent, preparationMs);
        const earlier = giveUpEarlier(asking, clock);
        if (clock.now() > endsAt) return await untilAborted(question(asking), earlier.signal);
        return await preparations.ask(consent.id, earlier, endsAt, question);
      } catch (error) {
        throw asking.signal.aborted ? error : new InstitutionAway(error);
      }
    },

    async isInTime(consent) {
      if (preparationMs === undefined) return true;
      return clock.now() <= preparationEnd(consent, preparationMs) && isFirstList(consent);
    },
  };
}

function giveUpEarlier(asking: Asking, clock: Pick<Clock, 'now'>): Asking {
  const leftMs = asking.deadline - clock.now();
  const waitMs = Math.min(leftMs - Math.min(SETTLING_MS, leftMs / 10), LONGEST_MS);
  const earlier = AbortSignal.timeout(Math.max(0, Math.floor(waitMs)));
  return { ...asking, signal: AbortSignal.any([asking.signal, earlier]) };
}

function documentsOf({ loggedUser, businessEntity }: Consent): CustomerDocuments | undefined {
  if (!loggedUser) return undefined;
  const cpf = loggedUser.identification;
  return businessEntity ? { cpf, cnpj: businessEntity.identification } : { cpf };
}

/**
 * When the time for preparing a list is over. The guide to the Resources API counts it from the consent's creation;
 * nothing can be prepared before the consent is authorised, which may be an hour later, so it is counted from then. While
 * a consent is authorised nothing else moves its `statusUpdatedAt`: neither approvals nor renewals do.
 */
function preparationEnd({ statusUpdatedAt }: Consent, preparationMs: number): number {
  return statusUpdatedAt + preparationMs;
}
