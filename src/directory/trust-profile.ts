/** Which of the two directories an ecosystem runs. */
export type DirectoryEnvironment = 'production' | 'sandbox';

/** What differs in trust between the directories of the ecosystems, as data: `catalog/<ecosystem>/directory.yaml`. */
export interface TrustProfile {
  readonly ecosystem: string;
  /** `iss` of software statement assertions. */
  readonly statementIssuer: Readonly<Record<DirectoryEnvironment, string>>;
  /** File name, in the key store, of the key set that signs software statement assertions. */
  readonly statementKeySet: string;
  /** `authorisation_domain` of the roles that count. */
  readonly authorisationDomain: string;
  /** What stands before the organisation's id in `organizationIdentifier`. */
  readonly certificatePrefix: string;
  /** Base URLs of the key store, without a slash at the end. */
  readonly keyStore: Readonly<Record<DirectoryEnvironment, string>>;
  /** URLs of the list of participants. */
  readonly participants: Readonly<Record<DirectoryEnvironment, string>>;
}
