import { randomBytes } from 'node:crypto';
import type { Clock } from '../kernel/clock.ts';
import type { Sealer } from '../kernel/sealer.ts';
import {
  AUTHORITY_ALGORITHM,
  type AuthorityKey,
  generateAuthorityPair,
  openAuthorityKey,
  sealAuthorityKey,
} from './authority-key.ts';
import { authoritySubject } from './certificate-subject.ts';
import type { HeldKeyStore } from './held-key-store.ts';
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  CRLDistributionPointsExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectKeyIdentifierExtension,
  type X509Certificate,
  X509CertificateGenerator,
} from './x509.ts';

const YEAR_MS = 365 * 86_400_000;
const ROOT_MS = 20 * YEAR_MS;
const ISSUING_MS = 5 * YEAR_MS;
/** How far other clocks may lag behind before a fresh certificate looks like one of the future. */
export const SKEW_MS = 60_000;

/** The keys of an authority: a root that signs issuing authorities only, and the issuing ones. */
export interface AuthorityKeys {
  /** The one that issues now. No certificate that it issues will outlive it. */
  issuing(): Promise<AuthorityKey>;
  roots(): Promise<readonly AuthorityKey[]>;
  /** Roots and issuing authorities of all generations. */
  all(): Promise<readonly AuthorityKey[]>;
  /** A root or an issuing authority by its key identifier, new ones of other nodes too. */
  find(id: string): Promise<AuthorityKey | undefined>;
}

export interface AuthorityKeysSettings {
  readonly name: string;
  readonly keys: HeldKeyStore;
  readonly sealer: Sealer;
  readonly clock: Pick<Clock, 'now'>;
  readonly crlUrl: string;
  /** Longest life of what the issuing authority issues, in milliseconds. */
  readonly certificateLifeMs: number;
}

type Purpose = 'root' | 'issuing';

/** Opens the keys of an authority. They come into being at first use, once for all nodes, and get successors in time. */
export function createAuthorityKeys(settings: AuthorityKeysSettings): AuthorityKeys {
  const { keys, sealer, clock, certificateLifeMs } = settings;
  const neededLife = { root: ISSUING_MS, issuing: certificateLifeMs };
  const opened = new Map<Purpose, readonly AuthorityKey[]>();
  const opening = new Map<Purpose, Promise<readonly AuthorityKey[]>>();

  /** Every generation of a purpose. The last one lives as long as what it is to sign now. */
  function generations(purpose: Purpose): Promise<readonly AuthorityKey[]> {
    const known = opened.get(purpose) ?? [];
    if (lastsLongEnough(purpose, known)) return Promise.resolve(known);
    const running = opening.get(purpose) ?? open(purpose).finally(() => opening.delete(purpose));
    opening.set(purpose, running);
    return running;
  }

  async function open(purpose: Purpose): Promise<readonly AuthorityKey[]> {
    let known = await read(purpose);
    if (!lastsLongEnough(purpose, known)) {
      await add(purpose, known.length + 1);
      known = await read(purpose);
    }
    return known;
  }

  async function read(purpose: Purpose): Promise<readonly AuthorityKey[]> {
    const held = await keys.list(purpose);
    const known = await Promise.all(held.map((key) => openAuthorityKey(sealer, key)));
    opened.set(purpose, known);
    return known;
  }

  function lastsLongEnough(purpose: Purpose, known: readonly AuthorityKey[]): boolean {
    const end = known.at(-1)?.certificate.notAfter.getTime() ?? 0;
    return end >= clock.now() + neededLife[purpose];
  }

  async function add(purpose: Purpose, generation: number): Promise<void> {
    const pair = await generateAuthorityPair();
    const signer = purpose === 'root' ? undefined : (await generations('root')).at(-1);
    const certificate = await certifyAuthority({ ...settings, purpose, generation, pair, signer });
    const sealed = await sealAuthorityKey(sealer, { purpose, generation }, pair.privateKey);
    await keys.add({
      purpose,
      generation,
      sealed,
      published: certificate.toString('pem'),
      signsFrom: clock.now(),
    });
  }

  async function find(id: string): Promise<AuthorityKey | undefined> {
    const search = () => [...opened.values()].flat().find((key) => key.id === id);
    const known = search();
    if (known) return known;
    await Promise.all([read('root'), read('issuing')]);
    return search();
  }

  return {
    issuing: async () => (await generations('issuing')).at(-1) as AuthorityKey,
    roots: () => generations('root'),
    all: async () => [...(await generations('root')), ...(await generations('issuing'))],
    find,
  };
}

interface NewAuthority extends AuthorityKeysSettings {
  readonly purpose: Purpose;
  readonly generation: number;
  readonly pair: Awaited<ReturnType<typeof generateAuthorityPair>>;
  /** Undefined for a root, which signs itself. */
  readonly signer: AuthorityKey | undefined;
}

async function certifyAuthority(authority: NewAuthority): Promise<X509Certificate> {
  const { name, purpose, generation, pair, signer, clock, crlUrl } = authority;
  const title = purpose === 'root' ? 'Root' : 'Issuing';
  const subject = authoritySubject(name, `${name} ${title} ${generation}`);
  return X509CertificateGenerator.create({
    serialNumber: newSerialNumber(),
    subject,
    issuer: signer?.certificate.subjectName ?? subject,
    notBefore: new Date(clock.now() - SKEW_MS),
    notAfter: new Date(clock.now() + (purpose === 'root' ? ROOT_MS : ISSUING_MS)),
    publicKey: pair.publicKey,
    signingKey: signer?.signingKey ?? pair.privateKey,
    signingAlgorithm: AUTHORITY_ALGORITHM,
    extensions: [
      new BasicConstraintsExtension(true, purpose === 'root' ? 1 : 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      await SubjectKeyIdentifierExtension.create(pair.publicKey),
      await AuthorityKeyIdentifierExtension.create(signer?.certificate.publicKey ?? pair.publicKey),
      ...(signer ? [new CRLDistributionPointsExtension([`${crlUrl}/${signer.id}.crl`])] : []),
    ],
  });
}

/** 127 random bits as lower-case hexadecimal without leading zeros: positive, and longer than anyone can guess (RFC 5280 §4.1.2.2). */
export function newSerialNumber(): string {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] as number) & 0x7f) | 0x40;
  return bytes.toString('hex');
}
