import type { Consent, PickedResource, Rejection, Selection } from './consent.ts';

/** What authorises a consent. */
export interface Authorisation {
  readonly subject: string;
  readonly grantId: string;
  readonly permissions: readonly string[];
  readonly selection: Selection;
}

/** A resource that an approver approves. The reference alone does not tell it: it is the institution's own, by type. */
export type ApprovedResource = Pick<PickedResource, 'type' | 'ref'>;

/** A resource that came to be shared since the consent was given, and the documents of those who have a word in it. */
export interface AskedResource extends ApprovedResource {
  readonly approvers: readonly string[];
}

/**
 * The life of consents of all ecosystems. Every method first applies what time has done to the consent: sixty minutes of
 * waiting, the end date. Changes are compare-and-set and tried again while they still make sense: of approving, deleting
 * and expiring at once, one wins. Methods reject while the database is away.
 */
export interface Consents {
  find(id: string): Promise<Consent | undefined>;
  /** The authorised consent; undefined when it is not awaiting authorisation any more. */
  authorise(id: string, authorisation: Authorisation): Promise<Consent | undefined>;
  /** The ended consent; undefined when it had ended before. Its grant and tokens end with it. */
  reject(id: string, rejection: Rejection, actor: string): Promise<Consent | undefined>;
  /** Marks an authorised consent as used up. */
  consume(id: string): Promise<Consent | undefined>;
  /** A further approver's word on what awaits them. What is not among the approved is refused. */
  approve(
    id: string,
    approverCpf: string,
    approved: readonly ApprovedResource[],
    subject: string,
  ): Promise<Consent | undefined>;
  /**
   * Asks further approvers for their word on resources that came to be shared as a whole since the consent was given.
   * Undefined when it is not authorised, or all of them have been decided on or asked about.
   */
  ask(id: string, resources: readonly AskedResource[]): Promise<Consent | undefined>;
  /** Consents in which a person is the logged user or an approver, newest first. */
  ofPerson(ecosystem: string, cpf: string): Promise<readonly Consent[]>;
  /** Ends what time has ended, for consents that nobody reads. Returns how many. */
  sweep(): Promise<number>;
  /** Makes a person's data unreadable. False when there was none. */
  erasePerson(cpf: string): Promise<boolean>;
}
