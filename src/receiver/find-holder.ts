import { readParticipants } from '../directory/read-participants.ts';
import type { Holder, HolderApi } from './holder.ts';
import { inside, type Receiver } from './receiver.ts';
import { HolderNotFound, HolderRefusal, NoAnswer, UnusableAnswer } from './receiver-errors.ts';

/** What is known of a data holder. All that is said must be so. */
export interface HolderQuery {
  readonly organisationId?: string;
  readonly authorisationServerId?: string;
  /** Name of the organisation, registered or not, or the one that customers know; capitals and accents do not count. */
  readonly name?: string;
  /** CNPJ; only its letters and digits count. */
  readonly cnpj?: string;
  /** Where the organisation has a role, as the directory names it: `Open Banking`, `Open Insurance`. */
  readonly authorisationDomain?: string;
}

/** The list of participants: where it is, or what was read there. */
export type Participants = URL | string | readonly unknown[];

const DISCOVERY_PATH = '/.well-known/openid-configuration';

/**
 * Finds the one data holder that is like this. Rejects with {@link HolderNotFound} when none is, or several are, and
 * with {@link NoAnswer} or {@link HolderRefusal} when the list cannot be had.
 */
export async function findHolder(
  receiver: Receiver,
  participants: Participants,
  query: HolderQuery,
  options: { readonly signal?: AbortSignal } = {},
): Promise<Holder> {
  const found = await findHolders(receiver, participants, query, options);
  if (found.length !== 1) throw new HolderNotFound(found.length);
  return found[0] as Holder;
}

/** All data holders that are like this; an organisation has as many as it has authorisation servers. */
export async function findHolders(
  receiver: Receiver,
  participants: Participants,
  query: HolderQuery = {},
  { signal }: { readonly signal?: AbortSignal } = {},
): Promise<readonly Holder[]> {
  const list = isList(participants) ? participants : await fetchList(receiver, participants, signal);
  return (list as readonly ListedOrganisation[]).flatMap((organisation) =>
    isLike(organisation, query)
      ? listOf<ListedServer>(organisation?.AuthorisationServers)
          .map((server) => describe(organisation, server))
          .filter((holder) => holder !== undefined)
          .filter((holder) => isServerLike(holder, organisation, query))
      : [],
  );
}

/** As much of the list as is read here. It comes from outside, so each member may be missing. */
interface ListedOrganisation {
  readonly OrganisationId?: unknown;
  readonly OrganisationName?: unknown;
  readonly LegalEntityName?: unknown;
  readonly RegisteredName?: unknown;
  readonly RegistrationNumber?: unknown;
  readonly Status?: unknown;
  readonly OrgDomainRoleClaims?: unknown;
  readonly AuthorisationServers?: unknown;
}

interface ListedServer {
  readonly AuthorisationServerId?: unknown;
  readonly CustomerFriendlyName?: unknown;
  readonly OpenIDDiscoveryDocument?: unknown;
  readonly ApiResources?: unknown;
}

interface ListedApi {
  readonly ApiFamilyType?: unknown;
  readonly ApiVersion?: unknown;
  readonly ApiDiscoveryEndpoints?: unknown;
}

function isList(participants: Participants): participants is readonly unknown[] {
  return Array.isArray(participants);
}

async function fetchList(receiver: Receiver, url: URL | string, signal: AbortSignal | undefined) {
  const request = { method: 'GET', headers: { accept: 'application/json' }, body: null } as const;
  const response = await receiver[inside]
    .fetchParticipants(String(url), { ...request, redirect: 'manual', ...(signal && { signal }) })
    .catch((error: unknown) => {
      signal?.throwIfAborted();
      throw error instanceof UnusableAnswer ? error : new NoAnswer(error);
    });
  if (!response.ok) throw new HolderRefusal({ status: response.status, body: undefined });
  try {
    return readParticipants(Buffer.from(await response.arrayBuffer()));
  } catch (cause) {
    throw new UnusableAnswer('malformed', 'the answer is no list of participants', { cause });
  }
}

function isLike(organisation: ListedOrganisation, query: HolderQuery): boolean {
  const { organisationId, cnpj, authorisationDomain } = query;
  return (
    typeof organisation?.OrganisationId === 'string' &&
    organisation.Status !== 'Inactive' &&
    (organisationId === undefined || organisation.OrganisationId === organisationId) &&
    (cnpj === undefined || letters(organisation.RegistrationNumber) === letters(cnpj)) &&
    (authorisationDomain === undefined || hasRoleIn(organisation, authorisationDomain))
  );
}

function isServerLike(holder: Holder, organisation: ListedOrganisation, query: HolderQuery): boolean {
  const { authorisationServerId, name } = query;
  const names = [
    holder.name,
    organisation.OrganisationName,
    organisation.LegalEntityName,
    organisation.RegisteredName,
  ];
  return (
    (authorisationServerId === undefined || holder.authorisationServerId === authorisationServerId) &&
    (name === undefined || names.some((one) => plain(one) === plain(name)))
  );
}

function hasRoleIn({ OrgDomainRoleClaims }: ListedOrganisation, domain: string): boolean {
  return listOf<{ AuthorisationDomain?: unknown; Status?: unknown }>(OrgDomainRoleClaims).some(
    (claim) => claim?.AuthorisationDomain === domain && claim.Status === 'Active',
  );
}

/** Undefined for a server whose discovery document is not where the specification has it (OpenID Discovery 1.0, §4). */
function describe(organisation: ListedOrganisation, server: ListedServer): Holder | undefined {
  const document = server?.OpenIDDiscoveryDocument;
  if (typeof document !== 'string' || !isSecure(document) || !document.endsWith(DISCOVERY_PATH))
    return undefined;
  return {
    organisationId: String(organisation.OrganisationId),
    authorisationServerId: text(server.AuthorisationServerId),
    name: text(server.CustomerFriendlyName) || text(organisation.OrganisationName),
    issuer: document.slice(0, -DISCOVERY_PATH.length),
    apis: listOf<ListedApi>(server.ApiResources).flatMap(describeApi),
  };
}

function describeApi(api: ListedApi): HolderApi[] {
  const [family, version] = [text(api?.ApiFamilyType), text(api?.ApiVersion)];
  const endpoints = listOf<{ ApiEndpoint?: unknown }>(api?.ApiDiscoveryEndpoints)
    .map((endpoint) => text(endpoint?.ApiEndpoint))
    .filter(isSecure);
  return family === '' || endpoints.length === 0 ? [] : [{ family, version, endpoints }];
}

function isSecure(url: string): boolean {
  return url.startsWith('https://') && URL.canParse(url);
}

function listOf<T>(value: unknown): readonly T[] {
  return Array.isArray(value) ? value : [];
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function letters(value: unknown): string {
  return text(value)
    .toUpperCase()
    .replaceAll(/[^0-9A-Z]/g, '');
}

function plain(value: unknown): string {
  return text(value).normalize('NFD').replaceAll(/\p{M}/gu, '').trim().toLowerCase();
}
