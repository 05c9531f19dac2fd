import { readAuthorizationProfiles } from '../../authorization/read-authorization-profiles.ts';
import type { ConsentProfile } from '../../consents/consent-profile.ts';
import { readConsentProfiles } from '../../consents/read-consent-profiles.ts';
import { exchange, refreshAccess, restoreAccess, tokensOf } from '../../receiver/access.ts';
import { authorizationUrl } from '../../receiver/authorization-url.ts';
import { connectHolder, type HolderConnection } from '../../receiver/connect-holder.ts';
import { createConsent } from '../../receiver/consents.ts';
import type { Holder } from '../../receiver/holder.ts';
import { createMtlsFetch } from '../../receiver/mtls-fetch.ts';
import type { Receiver } from '../../receiver/receiver.ts';
import { CATALOG } from '../load-service.ts';
import type { SandboxConsent, SandboxCustomer } from './sandbox-description.ts';
import type { SandboxFiles } from './sandbox-files.ts';
import type { SandboxReceiver } from './sandbox-receiver.ts';
import { approveAsCustomer } from './simulated-customer.ts';

/** Who asks whom for a consent. */
export interface WantedConsent {
  readonly ecosystem: string;
  readonly holder: Holder;
  readonly receiver: SandboxReceiver;
  /** The receiver as the library has it. */
  readonly reader: Receiver;
  readonly clientId: string;
  /** Of all institutions, the one with most to share first. */
  readonly customers: readonly SandboxCustomer[];
}

const CONSENT_DAYS = 180;
const DAY_MS = 86_400_000;

/** The consent of an earlier start while it can be refreshed, else a new one that a simulated customer authorises. */
export async function keepConsent(wanted: WantedConsent, files: SandboxFiles): Promise<SandboxConsent> {
  const { ecosystem, holder, reader, clientId, customers } = wanted;
  const name = `consents/${ecosystem}.json`;
  const connection = await connectHolder(reader, { holder, clientId });
  const known = files.readJson<SandboxConsent & { clientId: string }>(name);
  const refreshed =
    known?.clientId === clientId ? await refresh(connection, known).catch(() => undefined) : undefined;
  if (known && refreshed !== undefined) return { ...known, accessToken: refreshed };
  const customer = customers.find((one) => one.ecosystem === ecosystem);
  if (!customer) throw new Error(`no customer of ${ecosystem}`);
  const made = await authoriseNew(connection, wanted, customer);
  files.writeJson(name, { ...made, clientId });
  return made;
}

/** A new access token. */
async function refresh(connection: HolderConnection, known: SandboxConsent): Promise<string> {
  const access = restoreAccess(connection, { ...known, expiresAt: 0 });
  await refreshAccess(access);
  return tokensOf(access).accessToken;
}

async function authoriseNew(
  connection: HolderConnection,
  { ecosystem, receiver }: WantedConsent,
  customer: SandboxCustomer,
): Promise<SandboxConsent> {
  const profile = readConsentProfiles(CATALOG).find((one) => one.ecosystem === ecosystem) as ConsentProfile;
  const permissions = readablePermissions(profile);
  const { consentId } = await createConsent(connection, {
    permissions,
    loggedUser: { document: { identification: customer.document, rel: 'CPF' } },
    expirationDateTime: new Date(Date.now() + CONSENT_DAYS * DAY_MS).toISOString().replace(/\.\d+/, ''),
  });
  const redirectUri = receiver.redirectUris[0] as string;
  const scopes = apiScopes(profile, permissions);
  const started = await authorizationUrl(connection, { consentId, redirectUri, scopes });
  const browser = createMtlsFetch({ authorities: receiver.keys.authorities });
  try {
    const callback = await approveAsCustomer(started.url, redirectUri, { ...customer, fetch: browser.fetch });
    const { accessToken, refreshToken = '' } = tokensOf(await exchange(connection, callback, started));
    return { ecosystem, receiver: receiver.plan.name, consentId, accessToken, refreshToken };
  } finally {
    await browser.close();
  }
}

/** Everything that a natural person can share. */
function readablePermissions({ groups, permissions, companion }: ConsentProfile): string[] {
  const shared = groups
    .filter(({ rule }) => rule !== 'exclusive')
    .flatMap((group) => group.permissions)
    .filter((name) => permissions.get(name)?.person !== 'legal');
  return [...new Set([...shared, companion])];
}

/** Scopes of the APIs that the permissions open, as far as receivers of data may have them. */
function apiScopes(profile: ConsentProfile, names: readonly string[]): string[] {
  const known = readAuthorizationProfiles(CATALOG).find(({ ecosystem }) => ecosystem === profile.ecosystem);
  const scopes = names.flatMap((name) => profile.permissions.get(name)?.scope ?? []);
  return [...new Set(scopes)].filter((scope) => known?.scopes.includes(scope));
}
