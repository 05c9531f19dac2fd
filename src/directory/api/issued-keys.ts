import { createHash, createPublicKey, X509Certificate } from 'node:crypto';
import type { CertificateAuthority } from '../certificate-authority.ts';
import type { IssuedCertificate, RevocationReason } from '../certificate-store.ts';
import { type KeyOwner, keySetUrl } from '../key-set-path.ts';
import type { KeyStore } from '../key-store.ts';
import { readSubjectKey, type SubjectKey, UnfitKey } from '../subject-key.ts';
import type { TrustProfile } from '../trust-profile.ts';
import type { DirectoryRecords } from './directory-records.ts';
import type { DirectoryRecord, DirectoryStore, RecordBody, RecordDraft } from './directory-store.ts';

/** What a certificate or key is made for, by the types that the contract names. */
type Making = 'client' | 'server' | 'signing' | 'signing-key' | 'encryption-key';

const SOFTWARE_TYPES: Readonly<Record<string, Making>> = {
  rtstransport: 'client',
  brcac: 'client',
  brcac_ext: 'client',
  brcac_2022: 'client',
  rtssigning: 'signing',
  sigkey: 'signing-key',
  enckey: 'encryption-key',
};

const ORGANISATION_TYPES: Readonly<Record<string, Making>> = {
  qwac: 'server',
  rtswac: 'server',
  rtstransport_rs: 'server',
  qseal: 'signing',
  rtsseal: 'signing',
  brseal: 'signing',
  brseal_ext: 'signing',
};

/** Reasons of the contract, as a revocation list has them. */
const REASONS: Readonly<Record<string, RevocationReason>> = {
  unspecified: 'unspecified',
  keycompromise: 'keyCompromise',
  superseded: 'superseded',
  cessationofoperation: 'cessationOfOperation',
  privilegewithdrawn: 'privilegeWithdrawn',
};

/** Of one owner in all; revoked ones count too. */
const MOST_CERTIFICATES = 200;

/** The kind of records of certificates and keys, of organisations and of their software. */
export const CERTIFICATE = 'certificate';

export type Issued =
  | { readonly isIssued: true; readonly record: DirectoryRecord }
  /** Why not, in Portuguese; `missing` when there is no such owner. */
  | { readonly isIssued: false; readonly reason: 'missing' | 'unfit'; readonly detail: string };

/** Certificates and keys of organisations and software: issued, published in the key store, and taken back. */
export interface IssuedKeys {
  /** `sent` is a PKCS #10 request or a public key, as PEM, or a JWK as JSON. */
  issue(owner: KeyOwner, type: string, sent: string): Promise<Issued>;
  list(owner: KeyOwner, type?: string): Promise<readonly DirectoryRecord[]>;
  /** The record of a certificate or key by its `kid`. */
  find(owner: KeyOwner, kid: string): Promise<DirectoryRecord | undefined>;
  /** Puts it on the revocation list and moves its key to the inactive set. Doing it again changes nothing. */
  revoke(record: DirectoryRecord, reason: string): Promise<void>;
  /** Renews what is due, and publishes every certificate in force that is not listed yet. Answers with how many those are. */
  renew(): Promise<number>;
}

export interface IssuedKeysSettings {
  readonly records: DirectoryRecords;
  readonly store: DirectoryStore;
  readonly authority: CertificateAuthority;
  readonly keyStore: KeyStore;
  /** Ecosystems of which the directory certifies software; a software belongs to the first one it has a role in. */
  readonly profiles: readonly TrustProfile[];
  /** Base URL of the key store, without a slash at the end. */
  readonly keyStoreUrl: string;
  /** Base URL of certificates as PEM: `<certificatesUrl>/<serial number>.pem`. */
  readonly certificatesUrl: string;
  readonly now: () => number;
}

/** Creates the use-cases over authority and key store. */
export function createIssuedKeys(settings: IssuedKeysSettings): IssuedKeys {
  const { records, store, authority, keyStore, profiles, keyStoreUrl, certificatesUrl, now } = settings;

  async function issue(owner: KeyOwner, type: string, sent: string): Promise<Issued> {
    const making = (owner.softwareId === undefined ? ORGANISATION_TYPES : SOFTWARE_TYPES)[type];
    if (!making) return refuse('unfit', 'o tipo de certificado ou chave não é conhecido');
    const organisation = await records.read('organisation', [], owner.organisationId);
    const software = owner.softwareId
      ? await records.read('software-statement', [owner.organisationId], owner.softwareId)
      : undefined;
    if (!organisation || (owner.softwareId !== undefined && !software)) return refuse('missing', '');
    if (organisation.body.Status === 'Withdrawn' || software?.body.Status === 'Inactive')
      return refuse('unfit', 'o titular não está ativo');
    if ((await list(owner)).length >= MOST_CERTIFICATES)
      return refuse('unfit', 'o titular atingiu o número máximo de certificados e chaves');
    const subjectKey = readSent(sent);
    if (!subjectKey) return refuse('unfit', 'o corpo não é um pedido de certificado nem uma chave pública');
    try {
      const record = await make(making, { owner, type, organisation, software, subjectKey });
      if (typeof record === 'string') return refuse('unfit', record);
      await put(record);
      return { isIssued: true, record: { ...record, revision: 1 } };
    } catch (error) {
      if (error instanceof UnfitKey)
        return refuse('unfit', 'a chave não pode ser aceita, ou já foi cadastrada');
      throw error;
    }
  }

  interface Wanted {
    readonly owner: KeyOwner;
    readonly type: string;
    readonly organisation: DirectoryRecord;
    readonly software: DirectoryRecord | undefined;
    readonly subjectKey: SubjectKey;
  }

  /** The record of what was made, or in Portuguese why nothing is. */
  async function make(making: Making, wanted: Wanted): Promise<RecordDraft | string> {
    const { owner, type, subjectKey } = wanted;
    if (making === 'client') return makeClient(wanted);
    if (making === 'server') return makeServer(wanted);
    const use = making === 'encryption-key' ? 'enc' : 'sig';
    const jwk = { ...(await publicJwk(subjectKey)), use };
    if (making !== 'signing') {
      const { kid } = await keyStore.addApplicationKey(owner, jwk);
      return draftOf(owner, kid, { type, use });
    }
    const issued = await authority.issueSigning({
      subjectKey,
      organisationId: owner.organisationId,
      organisationName: String(wanted.organisation.body.LegalEntityName),
      cnpj: String(wanted.organisation.body.RegistrationNumber),
    });
    await undoUnless(issued, () => keyStore.addApplicationKey(owner, { ...jwk, kid: issued.thumbprint }));
    return draftOf(owner, issued.thumbprint, { type, use, issued });
  }

  async function makeClient({ owner, type, organisation, software, subjectKey }: Wanted) {
    const softwareId = owner.softwareId as string;
    const profile = await profileOf(owner);
    if (!profile) return 'o software não tem papel ativo em nenhum ecossistema';
    const { LegalEntityName, City, RegistrationNumber } = organisation.body;
    const issued = await authority.issueClient({
      subjectKey,
      prefix: profile.certificatePrefix,
      organisationId: owner.organisationId,
      softwareId,
      organisationName: String(LegalEntityName),
      cnpj: String(RegistrationNumber),
      // The directory's records have no state; their city stands for both.
      state: String(City),
      city: String(City),
      commonName: hostOf(software?.body.ClientUri) ?? softwareId,
    });
    return publishClient(owner, type, issued);
  }

  async function publishClient(
    owner: KeyOwner,
    type: string,
    issued: IssuedCertificate,
  ): Promise<RecordDraft> {
    await undoUnless(issued, () => keyStore.addTransportCertificate(owner, issued.certificate));
    return draftOf(owner, issued.thumbprint, { type, use: 'sig', issued });
  }

  async function makeServer({ owner, type, organisation, subjectKey }: Wanted) {
    const [name, ...others] = await hostsOf(owner.organisationId);
    if (name === undefined) return 'a organização não tem servidor de autorização nem API com endereço';
    const issued = await authority.issueServer({
      subjectKey,
      organisationId: owner.organisationId,
      organisationName: String(organisation.body.LegalEntityName),
      names: [name, ...others],
    });
    return draftOf(owner, issued.thumbprint, { type, use: 'sig', issued });
  }

  /** What cannot be published must not be used either. */
  async function undoUnless(issued: IssuedCertificate, publish: () => Promise<unknown>): Promise<void> {
    try {
      await publish();
    } catch (error) {
      await authority.revoke(issued.serialNumber, 'cessationOfOperation');
      throw error;
    }
  }

  async function profileOf({ organisationId, softwareId }: KeyOwner): Promise<TrustProfile | undefined> {
    const claims = await store.list({
      kinds: ['software-claim'],
      under: [organisationId, softwareId as string],
      where: { Status: 'Active' },
    });
    const domains = claims.map(({ body }) => body.AuthorisationDomain);
    return profiles.find(({ authorisationDomain }) => domains.includes(authorisationDomain));
  }

  /** Hosts that the organisation has told the directory it serves: a server certificate names no others. */
  async function hostsOf(organisationId: string): Promise<string[]> {
    const kinds = ['authorisation-server', 'api-discovery-endpoint'];
    const found = await store.list({ kinds, under: [organisationId] });
    const uris = found.flatMap(({ body }) => [body.OpenIDDiscoveryDocument, body.ApiEndpoint]);
    return [...new Set(uris.flatMap((uri) => hostOf(uri) ?? []))].slice(0, 100);
  }

  function draftOf(
    owner: KeyOwner,
    kid: string,
    { type, use, issued }: { type: string; use: string; issued?: IssuedCertificate },
  ): RecordDraft {
    const set = use === 'sig' && issued?.use === 'client' ? 'transport' : 'application';
    const pem = issued && `${certificatesUrl}/${issued.serialNumber}.pem`;
    const body: RecordBody = {
      OrganisationId: owner.organisationId,
      SoftwareStatementIds: owner.softwareId === undefined ? [] : [owner.softwareId],
      Status: 'Active',
      kid,
      kty: 'RSA',
      use,
      keyType: type,
      e: 'AQAB',
      JwkPath: keySetUrl(keyStoreUrl, owner, set, 'active'),
      OrgJwkPath: keySetUrl(keyStoreUrl, { organisationId: owner.organisationId }, 'application', 'active'),
      ...(issued && {
        ValidFromDateTime: new Date(issued.notBefore).toISOString(),
        ExpiryDateTime: new Date(issued.notAfter).toISOString(),
        SignedCertPath: pem,
        x5u: pem,
        x5thashS256: issued.thumbprint,
        x5t: createHash('sha1').update(new X509Certificate(issued.certificate).raw).digest('base64url'),
        SerialNumber: issued.serialNumber,
      }),
    };
    const at = now();
    return {
      kind: CERTIFICATE,
      parents: path(owner),
      id: kid,
      body,
      unique: undefined,
      createdAt: at,
      updatedAt: at,
    };
  }

  async function put(draft: RecordDraft): Promise<void> {
    const outcome = await store.write([{ put: draft, expected: 0 }]);
    // The key store has the key once only, so that whoever published it first has the record as well.
    if (outcome !== 'written') throw new UnfitKey('the key has a record already');
  }

  async function list(owner: KeyOwner, type?: string): Promise<readonly DirectoryRecord[]> {
    const where: Record<string, string> = type === undefined ? {} : { keyType: type };
    const found = await store.list({ kinds: [CERTIFICATE], under: path(owner), where });
    // Those of an organisation's software stand below it as well.
    return found.filter(({ parents }) => parents.length === path(owner).length);
  }

  async function revoke(record: DirectoryRecord, reason: string): Promise<void> {
    const [organisationId = '', softwareId] = record.parents;
    const serialNumber = record.body.SerialNumber;
    if (typeof serialNumber === 'string')
      await authority.revoke(serialNumber, REASONS[reason] ?? 'unspecified');
    await keyStore.deactivate({ organisationId, softwareId }, record.id);
    if (record.body.Status === 'Revoked') return;
    const body = { ...record.body, Status: 'Revoked' };
    await store.write([{ put: { ...record, body, updatedAt: now() }, expected: record.revision }]);
  }

  async function renew(): Promise<number> {
    await authority.renewDue();
    let published = 0;
    for (const issued of await authority.list({ use: 'client', isCurrent: true, endsFrom: now() })) {
      const { organisationId, softwareId, thumbprint } = issued;
      if (organisationId === undefined || softwareId === undefined) continue;
      const owner = { organisationId, softwareId };
      if (await store.read({ kind: CERTIFICATE, parents: path(owner), id: thumbprint })) continue;
      const known = (await keyStore.list(owner)).some(({ kid }) => kid === thumbprint);
      if (!known) await keyStore.addTransportCertificate(owner, issued.certificate);
      const draft = draftOf(owner, thumbprint, { type: 'rtstransport', use: 'sig', issued });
      if ((await store.write([{ put: draft, expected: 0 }])) === 'written') published += 1;
    }
    return published;
  }

  return {
    issue,
    list,
    find: (owner, kid) => store.read({ kind: CERTIFICATE, parents: path(owner), id: kid }),
    revoke,
    renew,
  };
}

function path({ organisationId, softwareId }: KeyOwner): string[] {
  return softwareId === undefined ? [organisationId] : [organisationId, softwareId];
}

function refuse(reason: 'missing' | 'unfit', detail: string): Issued {
  return { isIssued: false, reason, detail };
}

function hostOf(uri: unknown): string | undefined {
  const url = typeof uri === 'string' ? URL.parse(uri) : null;
  return url?.hostname ? url.hostname.replace(/^\[|\]$/g, '') : undefined;
}

function readSent(sent: string): SubjectKey | undefined {
  const text = sent.trim();
  if (/^-----BEGIN (NEW )?CERTIFICATE REQUEST-----/.test(text)) return { csr: text };
  try {
    if (text.startsWith('-----BEGIN PUBLIC KEY-----')) return { key: createPublicKey(text) };
    const jwk = text.startsWith('{') ? JSON.parse(text) : undefined;
    return jwk && { jwk };
  } catch {
    return undefined;
  }
}

async function publicJwk(subjectKey: SubjectKey): Promise<Readonly<Record<string, unknown>>> {
  const { rawData } = await readSubjectKey(subjectKey);
  const key = createPublicKey({ key: Buffer.from(rawData), type: 'spki', format: 'der' });
  const kid = 'jwk' in subjectKey ? subjectKey.jwk.kid : undefined;
  return { ...key.export({ format: 'jwk' }), ...(kid !== undefined && { kid }) };
}
