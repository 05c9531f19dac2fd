import type { SoftwareStatement } from './directory-trust.ts';
import { readParticipantId } from './participant-id.ts';

type Claims = Readonly<Record<string, unknown>>;

const MOST_URIS = 200;
const LONGEST_URI = 2048;
const LONGEST_NAME = 512;

/**
 * The claims of a software statement that registration builds upon. Undefined when one that must be there is missing or
 * any has another form. `domain` is the ecosystem's authorisation domain: roles of another one do not count.
 */
export function readStatementClaims(claims: Claims, domain: string): SoftwareStatement | undefined {
  const softwareId = readParticipantId(claims.software_id);
  const organisationId = readParticipantId(claims.org_id);
  const redirectUris = readUris(claims.software_redirect_uris);
  const webhookUris = readUris(claims.software_api_webhook_uris ?? []);
  const jwksUri = claims.software_jwks_uri;
  const roles = readRoles(claims.software_statement_roles, domain);
  const clientName = claims.software_client_name;
  const organisationName = claims.org_name;
  const texts = TEXT_CLAIMS.map((name) => claims[name] || undefined);
  if (softwareId === undefined || organisationId === undefined || !redirectUris || !webhookUris || !roles)
    return undefined;
  if (!isUri(jwksUri) || !isName(clientName) || !isName(organisationName)) return undefined;
  if (!texts.every((text) => text === undefined || isUri(text))) return undefined;
  const [clientUri, logoUri, tosUri, policyUri] = texts as (string | undefined)[];
  return {
    softwareId,
    organisationId,
    isApproved: STATUS_CLAIMS.every((name) => claims[name] === undefined || claims[name] === 'Active'),
    redirectUris,
    webhookUris,
    jwksUri,
    roles,
    clientName,
    organisationName,
    clientUri,
    logoUri,
    tosUri,
    policyUri,
  };
}

const TEXT_CLAIMS = ['software_client_uri', 'software_logo_uri', 'software_tos_uri', 'software_policy_uri'];
/** Whichever of them a directory sends has to say that software and organisation are active. */
const STATUS_CLAIMS = ['org_status', 'software_status', 'status'];

function readUris(value: unknown): readonly string[] | undefined {
  return Array.isArray(value) && value.length <= MOST_URIS && value.every(isUri) ? value : undefined;
}

/** The text is taken as it is: what a redirect is compared with must not be a rewritten form of it. */
function isUri(value: unknown): value is string {
  return typeof value === 'string' && value.length <= LONGEST_URI && URL.canParse(value);
}

function isName(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && value.length <= LONGEST_NAME;
}

function readRoles(value: unknown, domain: string): readonly string[] | undefined {
  if (!Array.isArray(value) || value.length > MOST_URIS) return undefined;
  const entries = value as (Claims | null)[];
  if (
    !entries.every((entry) => typeof entry === 'object' && entry !== null && typeof entry.role === 'string')
  )
    return undefined;
  const active = (entries as Claims[]).filter(
    ({ authorisation_domain, status }) => authorisation_domain === domain && status === 'Active',
  );
  return [...new Set(active.map(({ role }) => role as string))];
}
