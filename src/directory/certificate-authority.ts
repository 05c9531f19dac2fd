import { X509Certificate as NodeCertificate } from 'node:crypto';
import type { Clock } from '../kernel/clock.ts';
import type { Sealer } from '../kernel/sealer.ts';
import { AUTHORITY_ALGORITHM, type AuthorityKey } from './authority-key.ts';
import { createAuthorityKeys, newSerialNumber, SKEW_MS } from './authority-keys.ts';
import { hostExtension, usageExtensions } from './certificate-profile.ts';
import type {
  CertificateFilter,
  CertificateStore,
  CertificateUse,
  IssuedCertificate,
  RevocationReason,
} from './certificate-store.ts';
import {
  type ClientSubject,
  clientSubject,
  holderCnpjExtension,
  type SigningSubject,
  serverSubject,
  signingSubject,
} from './certificate-subject.ts';
import { createCrlIssuer } from './crl-issuer.ts';
import type { HeldKeyStore } from './held-key-store.ts';
import type { Crl } from './sign-crl.ts';
import { readSubjectKey, type SubjectKey } from './subject-key.ts';
import {
  AuthorityKeyIdentifierExtension,
  CRLDistributionPointsExtension,
  type Extension,
  type Name,
  type PublicKey,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
} from './x509.ts';

const LEAF_MS = 365 * 86_400_000;
/** A certificate is renewed in the last third of its life. */
const RENEWAL_SHARE = 1 / 3;
const ALTERNATIVE_NAMES = '2.5.29.17';

/** A client certificate (BRCAC) to be issued. */
export interface ClientCertificateRequest extends ClientSubject {
  readonly subjectKey: SubjectKey;
  /** Host names for the extension; the common name when absent. */
  readonly dnsNames?: readonly string[];
}

/** A server certificate to be issued. */
export interface ServerCertificateRequest {
  readonly subjectKey: SubjectKey;
  readonly organisationName: string;
  readonly organisationId?: string;
  /** Host names and IP addresses; the first is the common name too. */
  readonly names: readonly [string, ...string[]];
}

/** A signing certificate (BRSEAL) to be issued. */
export interface SigningCertificateRequest extends SigningSubject {
  readonly subjectKey: SubjectKey;
}

/** A certificate authority: a root that is kept out of daily use, and an issuing authority below it. */
export interface CertificateAuthority {
  /** PEM of the root certificates: what others are to trust. */
  anchors(): Promise<string>;
  /** Rejects with {@link UnfitKey} for a key that no certificate is issued for; so do the next two. */
  issueClient(request: ClientCertificateRequest): Promise<IssuedCertificate>;
  issueServer(request: ServerCertificateRequest): Promise<IssuedCertificate>;
  issueSigning(request: SigningCertificateRequest): Promise<IssuedCertificate>;
  /**
   * Issues a certificate of the same subject, key and use in the place of one. Undefined when there is none with that
   * number, or it was revoked or renewed before, by another node perhaps.
   */
  renew(serialNumber: string): Promise<IssuedCertificate | undefined>;
  /** Whether a certificate has reached the last third of its life. */
  renewalDue(certificate: Pick<IssuedCertificate, 'notBefore' | 'notAfter'>): boolean;
  /** Renews every current certificate that is due and has not expired; answers with the new ones. */
  renewDue(): Promise<readonly IssuedCertificate[]>;
  find(serialNumber: string): Promise<IssuedCertificate | undefined>;
  list(filter: CertificateFilter): Promise<readonly IssuedCertificate[]>;
  /** True when it is revoked by this call. The next revocation list names it. */
  revoke(serialNumber: string, reason: RevocationReason): Promise<boolean>;
  /** Key identifiers of all issuers, the root first: each has a revocation list. */
  issuers(): Promise<readonly string[]>;
  /** The revocation list of an issuer by its key identifier; undefined for an issuer that is not known. */
  crl(issuer: string): Promise<Crl | undefined>;
}

export interface CertificateAuthoritySettings {
  /** Organisation in the subject of the authority's own certificates. */
  readonly name: string;
  readonly certificates: CertificateStore;
  readonly keys: HeldKeyStore;
  readonly sealer: Sealer;
  readonly clock: Pick<Clock, 'now'>;
  /** Where revocation lists are served: `<crlUrl>/<issuer>.crl`. */
  readonly crlUrl: string;
  /** Life of issued certificates, in milliseconds; a year when absent. */
  readonly certificateLifeMs?: number;
}

/** What differs between the certificates that are issued. */
interface Leaf {
  readonly use: CertificateUse;
  readonly subject: Name;
  readonly publicKey: PublicKey;
  readonly alternativeNames: Extension;
  readonly organisationId: string | undefined;
  readonly softwareId: string | undefined;
}

/** Creates the authority over its stores. Nothing is made or read before it is first asked for something. */
export function createCertificateAuthority(settings: CertificateAuthoritySettings): CertificateAuthority {
  const { name, certificates, clock, crlUrl, certificateLifeMs = LEAF_MS } = settings;
  const authorities = createAuthorityKeys({ ...settings, certificateLifeMs });
  const crls = createCrlIssuer({ authorities, certificates, clock });

  async function keep(leaf: Leaf): Promise<IssuedCertificate> {
    const issued = await sign(leaf);
    await certificates.add(issued);
    return issued;
  }

  async function sign(leaf: Leaf): Promise<IssuedCertificate> {
    const issuer = await authorities.issuing();
    const serialNumber = newSerialNumber();
    const certificate = await X509CertificateGenerator.create({
      serialNumber,
      subject: leaf.subject,
      issuer: issuer.certificate.subjectName,
      notBefore: new Date(clock.now() - SKEW_MS),
      notAfter: new Date(clock.now() + certificateLifeMs),
      publicKey: leaf.publicKey,
      signingKey: issuer.signingKey,
      signingAlgorithm: AUTHORITY_ALGORITHM,
      extensions: [
        ...usageExtensions(leaf.use),
        leaf.alternativeNames,
        await SubjectKeyIdentifierExtension.create(leaf.publicKey),
        await AuthorityKeyIdentifierExtension.create(issuer.certificate.publicKey),
        new CRLDistributionPointsExtension([`${crlUrl}/${issuer.id}.crl`]),
      ],
    });
    return describeIssued(leaf, issuer, certificate, serialNumber);
  }

  async function issueClient(request: ClientCertificateRequest): Promise<IssuedCertificate> {
    return keep({
      use: 'client',
      subject: clientSubject(request),
      publicKey: await readSubjectKey(request.subjectKey),
      alternativeNames: hostExtension(request.dnsNames ?? [request.commonName]),
      organisationId: request.organisationId,
      softwareId: request.softwareId,
    });
  }

  async function issueServer(request: ServerCertificateRequest): Promise<IssuedCertificate> {
    return keep({
      use: 'server',
      subject: serverSubject(request.organisationName, request.names[0]),
      publicKey: await readSubjectKey(request.subjectKey),
      alternativeNames: hostExtension(request.names),
      organisationId: request.organisationId,
      softwareId: undefined,
    });
  }

  async function issueSigning(request: SigningCertificateRequest): Promise<IssuedCertificate> {
    return keep({
      use: 'signing',
      subject: signingSubject(name, request),
      publicKey: await readSubjectKey(request.subjectKey),
      alternativeNames: holderCnpjExtension(request.cnpj),
      organisationId: request.organisationId,
      softwareId: undefined,
    });
  }

  async function renew(serialNumber: string): Promise<IssuedCertificate | undefined> {
    const former = await certificates.find(serialNumber);
    if (!former || former.revokedAt !== undefined || former.renewedBy !== undefined) return undefined;
    const { use, organisationId, softwareId } = former;
    const parsed = new X509Certificate(former.certificate);
    const successor = await sign({
      use,
      organisationId,
      softwareId,
      subject: parsed.subjectName,
      publicKey: parsed.publicKey,
      alternativeNames: parsed.getExtension(ALTERNATIVE_NAMES) as Extension,
    });
    return (await certificates.addRenewal(serialNumber, successor)) ? successor : undefined;
  }

  function renewalDue({ notBefore, notAfter }: Pick<IssuedCertificate, 'notBefore' | 'notAfter'>): boolean {
    return clock.now() >= notAfter - (notAfter - notBefore) * RENEWAL_SHARE;
  }

  async function renewDue(): Promise<readonly IssuedCertificate[]> {
    const now = clock.now();
    const ending = await certificates.list({
      isCurrent: true,
      endsFrom: now,
      endsBefore: now + (certificateLifeMs + SKEW_MS) * RENEWAL_SHARE + 1000,
    });
    const renewed: IssuedCertificate[] = [];
    for (const certificate of ending.filter(renewalDue)) {
      const successor = await renew(certificate.serialNumber);
      if (successor) renewed.push(successor);
    }
    return renewed;
  }

  async function revoke(serialNumber: string, reason: RevocationReason): Promise<boolean> {
    const isRevoked = await certificates.revoke(serialNumber, { revokedAt: clock.now(), reason });
    crls.invalidate();
    return isRevoked;
  }

  return {
    anchors: async () =>
      (await authorities.roots()).map(({ certificate }) => `${certificate.toString('pem')}\n`).join(''),
    issueClient,
    issueServer,
    issueSigning,
    renew,
    renewalDue,
    renewDue,
    find: (serialNumber) => certificates.find(serialNumber),
    list: (filter) => certificates.list(filter),
    revoke,
    issuers: async () => (await authorities.all()).map(({ id }) => id),
    crl: (issuer) => crls.crl(issuer),
  };
}

function describeIssued(
  leaf: Leaf,
  issuer: AuthorityKey,
  certificate: X509Certificate,
  serialNumber: string,
): IssuedCertificate {
  const pem = `${certificate.toString('pem')}\n`;
  return {
    serialNumber,
    issuer: issuer.id,
    use: leaf.use,
    organisationId: leaf.organisationId,
    softwareId: leaf.softwareId,
    certificate: pem,
    chain: `${pem}${issuer.certificate.toString('pem')}\n`,
    thumbprint: thumbprintOf(pem),
    notBefore: certificate.notBefore.getTime(),
    notAfter: certificate.notAfter.getTime(),
    revokedAt: undefined,
    revocationReason: undefined,
    renewedBy: undefined,
  };
}

function thumbprintOf(pem: string): string {
  const { fingerprint256 } = new NodeCertificate(pem);
  return Buffer.from(fingerprint256.replaceAll(':', ''), 'hex').toString('base64url');
}
