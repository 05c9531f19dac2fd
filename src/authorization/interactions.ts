import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Customer } from '../connectors/customer.ts';
import type { Consent, Selection } from '../consents/consent.ts';

/** Who asks the customer. */
export interface AskingReceiver {
  readonly clientId: string;
  /** Name of the software, as the directory vouches for it. */
  readonly name: string;
  readonly organisationName: string;
}

/** A browser that has been sent to confirm a consent. */
export interface PendingInteraction {
  readonly uid: string;
  readonly consent: Consent;
  readonly receiver: AskingReceiver;
}

/** What the customer decided. */
export interface CustomerApproval {
  readonly customer: Customer;
  /** CNPJ of the company acted for. */
  readonly company?: string;
  /** What is granted: the consent's permissions or fewer. */
  readonly permissions: readonly string[];
  readonly selection: Selection;
  /** When the customer logged in, in milliseconds since the epoch. */
  readonly authenticatedAt: number;
  /** How many factors they showed: 2 is LoA2, 3 is LoA3 (multi-factor). */
  readonly assurance: 2 | 3;
}

export type RefusalReason =
  /** The customer said no: the consent ends. */
  | 'refused'
  /** Somebody else than the consent names logged in, or a company does not match: the consent goes on waiting. */
  | 'mismatch';

/** What the consent journey asks of the authorization server. The browser is known by its cookie, not by the URL alone. */
export interface Interactions {
  /** Undefined when it has ended, expired, or belongs to another browser. */
  find(request: IncomingMessage, response: ServerResponse): Promise<PendingInteraction | undefined>;
  /** Authorises the consent and sends the browser back to the receiver. False when the consent was not awaiting any more: nothing was sent. */
  approve(request: IncomingMessage, response: ServerResponse, approval: CustomerApproval): Promise<boolean>;
  /** Sends the browser back to the receiver with `access_denied`. False when somebody was faster, in another tab: nothing was sent. */
  refuse(
    request: IncomingMessage,
    response: ServerResponse,
    reason: RefusalReason,
    customer?: Customer,
  ): Promise<boolean>;
}
