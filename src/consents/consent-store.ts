import type { Consent, ConsentExtension } from './consent.ts';

/** What a consent is when it is asked for. */
export type NewConsent = Omit<
  Consent,
  'revision' | 'resourcesRevision' | 'rejection' | 'selection' | 'subject' | 'grantId'
>;

/** A key by which a caller may repeat a request, and what tells its bodies apart. */
export interface Idempotency {
  /** Unique within client and ecosystem. */
  readonly key: string;
  /** SHA-256 of the request in canonical form. */
  readonly fingerprint: string;
}

export type Creation =
  | { readonly outcome: 'created' | 'repeated'; readonly consent: Consent }
  /** The key has been used with another body. */
  | { readonly outcome: 'conflict' };

/** Members that a change may set; what it does not name stays. */
export type ConsentChange = Partial<
  Pick<
    Consent,
    | 'status'
    | 'statusUpdatedAt'
    | 'expiresAt'
    | 'permissions'
    | 'rejection'
    | 'selection'
    | 'subject'
    | 'grantId'
  >
> & {
  /** Recorded together with the new end date. */
  readonly extension?: ConsentExtension;
};

/** What the ledger says of a change: who did it and what it was. Never personal. */
export interface ConsentAct {
  readonly event: 'created' | 'authorised' | 'rejected' | 'consumed' | 'extended' | 'approval' | 'erased';
  /** `client:<id>`, `customer:<sub>`, `institution`, or `clock`. */
  readonly actor: string;
}

/**
 * Where consents are kept. Every change and its line in the ledger are one transaction; so are the end of a consent and
 * the end of its grant, tokens and codes; so are a new end date and the new end of its grant and refresh tokens.
 * Methods reject while the database is away.
 */
export interface ConsentStore {
  create(consent: NewConsent, act: ConsentAct, idempotency?: Idempotency): Promise<Creation>;
  find(id: string): Promise<Consent | undefined>;
  /** Compare-and-set: the changed consent, or undefined when `revision` is not the newest any more. */
  change(id: string, revision: number, change: ConsentChange, act: ConsentAct): Promise<Consent | undefined>;
  /** Renewals, newest first. */
  extensions(
    id: string,
    page: { readonly offset: number; readonly limit: number },
  ): Promise<{ readonly items: readonly ConsentExtension[]; readonly total: number }>;
  /** Consents whose time has come: awaiting ones created up to `awaitingSince`, authorised ones that end by `now`. */
  due(awaitingSince: number, now: number, limit: number): Promise<readonly Consent[]>;
  /** Consents in which a person is the logged user or an approver, newest first, at most 200. */
  ofPerson(ecosystem: string, cpf: string): Promise<readonly Consent[]>;
  /** Deletes the key of a person's data: what was personal in their consents and in the ledger cannot be read any more. */
  erasePerson(cpf: string, act: ConsentAct): Promise<boolean>;
}
