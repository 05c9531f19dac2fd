import type { IncomingMessage } from 'node:http';
import type { Institution } from '../../connectors/institution.ts';
import type { ConsentProfile } from '../../consents/consent-profile.ts';
import type { Consents } from '../../consents/consents.ts';
import type { Clock } from '../../kernel/clock.ts';
import type { Sealer } from '../../kernel/sealer.ts';
import type { ArtifactStore } from '../artifact-store.ts';
import type { AskingReceiver, Interactions } from '../interactions.ts';
import type { LoginAttempts } from './login-attempts.ts';
import type { JourneyWording } from './read-journey-wording.ts';

/** How the institution shows itself. */
export interface Brand {
  readonly name: string;
  /** Colours of buttons and links as `#rrggbb`, on light and on dark pages. Refused when text in them could not be read. */
  readonly accent?: { readonly light: string; readonly dark: string };
  /** Where the customer finds help, such as a telephone number. */
  readonly help?: string;
}

/** What happened, for the audit log. Never personal. */
export interface JourneyEvent {
  readonly kind: 'login' | 'consent' | 'revocation' | 'approval';
  readonly outcome: 'done' | 'refused' | 'mismatch' | 'wrong' | 'limited' | 'late';
  readonly consentId?: string;
  readonly clientId?: string;
}

export interface JourneySettings {
  readonly interactions: Interactions;
  readonly consents: Consents;
  readonly institution: Institution;
  readonly profile: ConsentProfile;
  readonly wording: JourneyWording;
  /** Holds login sessions and decisions that are on their way. */
  readonly artifacts: ArtifactStore;
  readonly sealer: Sealer;
  /** The stable public id of a customer: the `sub` of their tokens. */
  readonly subjectOf: (customerId: string) => string;
  /** Who holds a consent of theirs; undefined for a client that is not registered any more. */
  readonly receiverOf: (clientId: string) => Promise<AskingReceiver | undefined>;
  readonly attempts: LoginAttempts;
  /** The client's address, as far as trusted proxies tell it. */
  readonly addressOf: (request: IncomingMessage) => string;
  readonly clock: Clock;
  readonly brand: Brand;
  /** Path of the issuer, such as `/banco`; empty for an issuer without a path. Requests come with it taken off. */
  readonly basePath: string;
  /** Folders of templates and `style.css`, the institution's own last: what it has replaces what came before. */
  readonly pages: readonly string[];
  /** Longest wait for the institution's systems, in milliseconds. */
  readonly institutionTimeoutMs?: number;
  readonly onEvent: (event: JourneyEvent) => void;
  /** Told what went wrong when a customer is shown that something did. */
  readonly onFault: (fault: unknown) => void;
}
