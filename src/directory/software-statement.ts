import { createPrivateKey, generateKeyPair, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import { calculateJwkThumbprint, exportJWK, SignJWT } from 'jose';
import type { Clock } from '../kernel/clock.ts';
import type { Sealer } from '../kernel/sealer.ts';
import type { PublicJwk } from './directory-trust.ts';
import { type HeldKey, type HeldKeyStore, heldKeyContext } from './held-key-store.ts';
import { type KeyOwner, type KeySetName, type KeyState, keySetUrl } from './key-set-path.ts';
import type { DirectoryEnvironment, TrustProfile } from './trust-profile.ts';

const YEAR_MS = 365 * 86_400_000;
/** A new key is published so long before it signs, and an old one so long after it has signed. */
const OVERLAP_MS = 3_600_000;
/** How long the keys are taken for granted: shorter than the time in which a new one of another node is only published. */
const KNOWN_MS = 60_000;

/** Domain, role and authority of an organisation, as the claims of the statement have them. */
export interface CompetentAuthorityClaim {
  readonly authorisationDomain: string;
  readonly authorisationRole: string;
  readonly authorisations: readonly { readonly memberState: string; readonly status: string }[];
  readonly registrationId: string;
  readonly authorityId: string;
  readonly authorityName: string;
  readonly authorityCode: string;
  readonly status: string;
}

/** What a software statement says. */
export interface StatementSubject {
  readonly organisation: {
    readonly id: string;
    readonly name: string;
    /** Registration number, CNPJ. */
    readonly number: string;
    readonly status: string;
    readonly competentAuthorityClaims: readonly CompetentAuthorityClaim[];
  };
  readonly software: {
    readonly id: string;
    readonly clientId: string;
    readonly clientName: string;
    readonly clientDescription: string;
    readonly version: string;
    readonly environment: string;
    readonly mode: string;
    readonly status: string;
    readonly clientUri?: string | undefined;
    readonly logoUri?: string | undefined;
    readonly tosUri?: string | undefined;
    readonly policyUri?: string | undefined;
    readonly redirectUris: readonly string[];
    readonly webhookUris: readonly string[];
    readonly roles: readonly {
      readonly role: string;
      readonly authorisationDomain: string;
      readonly status: string;
    }[];
  };
}

/** Signs software statement assertions for one ecosystem. */
export interface StatementSigner {
  /** A signed assertion (PS256) that says `iat` now; receivers of it take it for five minutes. */
  sign(subject: StatementSubject): Promise<string>;
  /** The public keys, as `<key store>/<statementKeySet>` serves them. */
  keySet(): Promise<{ readonly keys: readonly PublicJwk[] }>;
}

export interface StatementSignerSettings {
  readonly profile: TrustProfile;
  readonly environment: DirectoryEnvironment;
  /** Base URL of the key store that the statements point to, without a slash at the end. */
  readonly keyStoreUrl: string;
  readonly keys: HeldKeyStore;
  readonly sealer: Sealer;
  readonly clock: Pick<Clock, 'now'>;
}

interface SigningKey {
  readonly privateKey: KeyObject;
  readonly publicJwk: PublicJwk;
  readonly signsFrom: number;
}

/** Creates a signer. Its key comes into being at first use, once for all nodes, and gets a successor every year. */
export function createStatementSigner(settings: StatementSignerSettings): StatementSigner {
  const { profile, environment, keyStoreUrl, keys, sealer, clock } = settings;
  const purpose = `statements:${profile.ecosystem}`;
  let known: { readonly line: Promise<readonly SigningKey[]>; readonly at: number } | undefined;

  function line(): Promise<readonly SigningKey[]> {
    if (known && clock.now() - known.at < KNOWN_MS) return known.line;
    const opening = open();
    const asked = { line: opening, at: clock.now() };
    known = asked;
    opening.catch(() => {
      if (known === asked) known = undefined;
    });
    return opening;
  }

  async function open(): Promise<readonly SigningKey[]> {
    let held = await keys.list(purpose);
    const newest = held.at(-1);
    if (!newest || newest.signsFrom + YEAR_MS < clock.now()) held = await keys.add(await generate(newest));
    return held.map((key) => openKey(key, sealer));
  }

  async function generate(last: HeldKey | undefined): Promise<HeldKey> {
    const pair = await promisify(generateKeyPair)('rsa', { modulusLength: 2048 });
    const place = { purpose, generation: (last?.generation ?? 0) + 1 };
    const pkcs8 = pair.privateKey.export({ type: 'pkcs8', format: 'der' });
    const jwk = await exportJWK(pair.publicKey);
    const published = { ...jwk, kid: await calculateJwkThumbprint(jwk), use: 'sig', alg: 'PS256' };
    return {
      ...place,
      sealed: sealer.seal(pkcs8, heldKeyContext(place)),
      published: JSON.stringify(published),
      signsFrom: last ? clock.now() + OVERLAP_MS : clock.now(),
    };
  }

  async function sign(subject: StatementSubject): Promise<string> {
    const now = clock.now();
    const key = (await line()).findLast(({ signsFrom }) => signsFrom <= now) as SigningKey;
    return new SignJWT(composeClaims(subject, keyStoreUrl))
      .setProtectedHeader({ alg: 'PS256', typ: 'JWT', kid: key.publicJwk.kid as string })
      .setIssuer(profile.statementIssuer[environment])
      .setIssuedAt(Math.floor(now / 1000))
      .sign(key.privateKey);
  }

  async function keySet(): Promise<{ readonly keys: readonly PublicJwk[] }> {
    const now = clock.now();
    const all = await line();
    const isPublished = (_key: SigningKey, index: number) => {
      const successor = all[index + 1];
      return !successor || now < successor.signsFrom + OVERLAP_MS;
    };
    return { keys: all.filter(isPublished).map(({ publicJwk }) => publicJwk) };
  }

  return { sign, keySet };
}

function openKey(held: HeldKey, sealer: Sealer): SigningKey {
  const pkcs8 = Buffer.from(sealer.open(held.sealed, heldKeyContext(held)));
  return {
    privateKey: createPrivateKey({ key: pkcs8, type: 'pkcs8', format: 'der' }),
    publicJwk: JSON.parse(held.published),
    signsFrom: held.signsFrom,
  };
}

/** The claims of an assertion but for `iss` and `iat` (DCR profile of Open Finance Brasil, §4). */
function composeClaims({ organisation, software }: StatementSubject, keyStoreUrl: string) {
  const ofOrganisation = { organisationId: organisation.id };
  const ofSoftware = { organisationId: organisation.id, softwareId: software.id };
  const url = (owner: KeyOwner, name: KeySetName, state: KeyState) =>
    keySetUrl(keyStoreUrl, owner, name, state);
  return {
    software_id: software.id,
    software_client_id: software.clientId,
    software_client_name: software.clientName,
    software_client_description: software.clientDescription,
    software_client_uri: software.clientUri,
    software_version: software.version,
    software_environment: software.environment,
    software_mode: software.mode,
    software_status: software.status,
    software_logo_uri: software.logoUri,
    software_tos_uri: software.tosUri,
    software_policy_uri: software.policyUri,
    software_roles: [...new Set(software.roles.map(({ role }) => role))],
    software_redirect_uris: software.redirectUris,
    software_api_webhook_uris: software.webhookUris,
    software_statement_roles: software.roles.map(({ role, authorisationDomain, status }) => ({
      role,
      authorisation_domain: authorisationDomain,
      status,
    })),
    software_jwks_uri: url(ofSoftware, 'application', 'active'),
    software_jwks_inactive_uri: url(ofSoftware, 'application', 'inactive'),
    software_jwks_transport_uri: url(ofSoftware, 'transport', 'active'),
    software_jwks_transport_inactive_uri: url(ofSoftware, 'transport', 'inactive'),
    org_id: organisation.id,
    org_name: organisation.name,
    org_number: organisation.number,
    org_status: organisation.status,
    org_jwks_uri: url(ofOrganisation, 'application', 'active'),
    org_jwks_inactive_uri: url(ofOrganisation, 'application', 'inactive'),
    org_jwks_transport_uri: url(ofOrganisation, 'transport', 'active'),
    org_jwks_transport_inactive_uri: url(ofOrganisation, 'transport', 'inactive'),
    organisation_competent_authority_claims: organisation.competentAuthorityClaims.map((claim) => ({
      authorisation_domain: claim.authorisationDomain,
      authorisation_role: claim.authorisationRole,
      authorisations: claim.authorisations.map(({ memberState, status }) => ({
        member_state: memberState,
        status,
      })),
      registration_id: claim.registrationId,
      authority_id: claim.authorityId,
      authority_name: claim.authorityName,
      authority_code: claim.authorityCode,
      status: claim.status,
    })),
  };
}
