import type {
  CertifiedSoftware,
  DirectoryTrust,
  SoftwareStatement,
} from '../../directory/directory-trust.ts';
import { type AuthorizationProfile, entitledScopes } from '../authorization-profile.ts';
import { FIXED_METADATA, GRANT_TYPES, RESPONSE_TYPES } from './client-metadata.ts';
import { isRegistrableRedirectUri } from './redirect-uri.ts';

/** Error codes of RFC 7591, §3.2.2, and of the DCR profile, §7.1. */
export type RegistrationError =
  | 'invalid_software_statement'
  | 'unapproved_software_statement'
  | 'invalid_client_metadata'
  | 'invalid_redirect_uri'
  | 'invalid_webhook_uris';

export interface RegistrationRefusal {
  readonly error: RegistrationError;
  readonly description: string;
}

/** What a receiver asks to be registered with, and what it is registered with. Members are those of RFC 7591. */
export type ClientMetadata = Readonly<Record<string, unknown>>;

export type RegistrationVerdict =
  | { readonly isAccepted: true; readonly metadata: ClientMetadata; readonly softwareId: string }
  | { readonly isAccepted: false; readonly refusal: RegistrationRefusal };

export interface RegistrationRules {
  readonly profile: AuthorizationProfile;
  readonly trust: Pick<DirectoryTrust, 'statement' | 'keys'>;
}

/** A request whose statement is good, on its way through the checks. */
interface Candidate {
  readonly asked: ClientMetadata;
  readonly jws: string;
  readonly statement: SoftwareStatement;
  /** Whom the presented certificate belongs to. */
  readonly software: CertifiedSoftware;
}

type Check = (
  candidate: Candidate,
  rules: RegistrationRules,
) => RegistrationRefusal | undefined | Promise<RegistrationRefusal | undefined>;

/** In the order in which they answer; DCR profile, §7.1. */
const CHECKS: readonly Check[] = [
  checkApproval,
  checkCertificate,
  checkNoKeysByValue,
  checkKeys,
  checkRedirectUris,
  checkFixedMetadata,
  checkTypes,
  checkScope,
  checkWebhooks,
];

/**
 * Judges a registration or its update by the software statement in it. The first check that fails answers; what passes
 * all of them becomes metadata in which the statement has the last word. Rejects when the directory's word cannot be had.
 */
export async function checkRegistration(
  asked: ClientMetadata,
  software: CertifiedSoftware,
  rules: RegistrationRules,
): Promise<RegistrationVerdict> {
  const jws = asked.software_statement;
  if (typeof jws !== 'string' || jws === '') return refuse(badStatement('software_statement is missing'));
  const verdict = await rules.trust.statement(jws);
  if (!verdict.isValid) return refuse(badStatement(verdict.reason));
  const candidate = { asked, jws, statement: verdict.statement, software };
  for (const check of CHECKS) {
    const refusal = await check(candidate, rules);
    if (refusal) return refuse(refusal);
  }
  const metadata = composeMetadata(candidate, rules.profile);
  return { isAccepted: true, metadata, softwareId: verdict.statement.softwareId };
}

function checkApproval({ statement }: Candidate): RegistrationRefusal | undefined {
  if (statement.isApproved) return undefined;
  return {
    error: 'unapproved_software_statement',
    description: 'the directory does not approve the software or its organisation',
  };
}

function checkCertificate({ statement, software }: Candidate): RegistrationRefusal | undefined {
  if (statement.softwareId !== software.softwareId)
    return badStatement('the client certificate belongs to other software than the statement');
  if (statement.organisationId !== software.organisationId)
    return badStatement('the client certificate belongs to another organisation than the statement');
  return undefined;
}

function checkNoKeysByValue({ asked }: Candidate): RegistrationRefusal | undefined {
  return asked.jwks === undefined ? undefined : badMetadata('jwks must not be given by value');
}

async function checkKeys(
  { asked, statement }: Candidate,
  { trust }: RegistrationRules,
): Promise<RegistrationRefusal | undefined> {
  if (asked.jwks_uri !== undefined && asked.jwks_uri !== statement.jwksUri)
    return badMetadata('jwks_uri must be the one in the software statement');
  const keys = await trust.keys(statement.jwksUri).catch(() => []);
  if (keys.some(({ use }) => use === 'enc')) return undefined;
  return badMetadata('jwks_uri has no encryption key (use "enc")');
}

function checkRedirectUris({ asked, statement }: Candidate): RegistrationRefusal | undefined {
  const uris = asked.redirect_uris;
  if (!isTextList(uris) || uris.length === 0) return badRedirect('redirect_uris must be a list of URIs');
  if (!uris.every((uri) => statement.redirectUris.includes(uri)))
    return badRedirect('redirect_uris must be among those of the software statement');
  if (!uris.every(isRegistrableRedirectUri))
    return badRedirect('redirect_uris must be https URIs in their normal form, without fragments');
  return undefined;
}

function checkFixedMetadata({ asked }: Candidate): RegistrationRefusal | undefined {
  const differing = Object.entries(FIXED_METADATA).find(
    ([name, value]) => asked[name] !== undefined && asked[name] !== value,
  );
  return differing && badMetadata(`${differing[0]} must be ${differing[1]}`);
}

function checkTypes({ asked }: Candidate): RegistrationRefusal | undefined {
  const { response_types: responses, grant_types: grants, application_type: application } = asked;
  if (responses !== undefined && !isListOf(responses, RESPONSE_TYPES, RESPONSE_TYPES))
    return badMetadata(`response_types must be ${JSON.stringify(RESPONSE_TYPES)}`);
  if (grants !== undefined && !isListOf(grants, GRANT_TYPES, ['authorization_code']))
    return badMetadata(`grant_types must be authorization_code and any of ${GRANT_TYPES.join(', ')}`);
  if (application !== undefined && application !== 'web' && application !== 'native')
    return badMetadata('application_type must be web or native');
  return undefined;
}

function checkScope(
  { asked, statement }: Candidate,
  { profile }: RegistrationRules,
): RegistrationRefusal | undefined {
  if (asked.scope === undefined) return undefined;
  if (typeof asked.scope !== 'string') return badMetadata('scope must be a text');
  const entitled = entitledScopes(profile, statement.roles);
  if (scopesOf(asked.scope).every((scope) => entitled.has(scope))) return undefined;
  return badMetadata("scope goes beyond the software's active regulatory roles");
}

function checkWebhooks({ asked, statement }: Candidate): RegistrationRefusal | undefined {
  const uris = asked.webhook_uris;
  if (uris === undefined) return undefined;
  const known = statement.webhookUris;
  if (isTextList(uris) && uris.length === known.length && uris.every((uri, at) => uri === known[at]))
    return undefined;
  return {
    error: 'invalid_webhook_uris',
    description: 'webhook_uris must equal software_api_webhook_uris of the software statement',
  };
}

function composeMetadata(
  { asked, jws, statement }: Candidate,
  profile: AuthorizationProfile,
): ClientMetadata {
  return {
    ...FIXED_METADATA,
    redirect_uris: asked.redirect_uris,
    jwks_uri: statement.jwksUri,
    response_types: RESPONSE_TYPES,
    grant_types: asked.grant_types ?? GRANT_TYPES,
    application_type: asked.application_type ?? 'web',
    scope: grantedScope(asked.scope, statement, profile),
    software_statement: jws,
    software_id: statement.softwareId,
    org_id: statement.organisationId,
    org_name: statement.organisationName,
    client_name: statement.clientName,
    ...definedOnly({
      client_uri: statement.clientUri,
      logo_uri: statement.logoUri,
      tos_uri: statement.tosUri,
      policy_uri: statement.policyUri,
      webhook_uris: asked.webhook_uris,
    }),
  };
}

/** What was asked for, or all that the roles entitle to; of that, what this server publishes. */
function grantedScope(asked: unknown, statement: SoftwareStatement, profile: AuthorizationProfile): string {
  const wanted =
    typeof asked === 'string' ? new Set(scopesOf(asked)) : entitledScopes(profile, statement.roles);
  return profile.scopes.filter((scope) => wanted.has(scope)).join(' ');
}

function scopesOf(scope: string): string[] {
  return scope.split(' ').filter((token) => token !== '');
}

function definedOnly(members: ClientMetadata): ClientMetadata {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined));
}

function isTextList(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}

function isListOf(value: unknown, allowed: readonly string[], required: readonly string[]): boolean {
  return (
    isTextList(value) &&
    value.every((item) => allowed.includes(item)) &&
    required.every((item) => value.includes(item))
  );
}

function refuse(refusal: RegistrationRefusal): RegistrationVerdict {
  return { isAccepted: false, refusal };
}

function badStatement(description: string): RegistrationRefusal {
  return { error: 'invalid_software_statement', description };
}

function badMetadata(description: string): RegistrationRefusal {
  return { error: 'invalid_client_metadata', description };
}

function badRedirect(description: string): RegistrationRefusal {
  return { error: 'invalid_redirect_uri', description };
}
