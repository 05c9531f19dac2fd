import { X509Certificate } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { ClientCertificate } from '../kernel/client-certificate.ts';
import type { Clock } from '../kernel/clock.ts';
import { buildPath, type PathMember, toPathMember } from './certificate-path.ts';
import type { CertificateFault, CertificateVerdict } from './directory-trust.ts';
import { readCertifiedSoftware } from './read-certified-software.ts';
import type { RevocationLists } from './revocation-lists.ts';
import { ExtendedKeyUsage, KeyUsageFlags } from './x509.ts';

const MOST_VERDICTS = 10_000;
const VERDICT_LIFE_MS = 60_000;
const SHORTEST_KEY_BITS = 2048;

/**
 * What becomes of a certificate while no signed and current revocation list speaks for it. `hard` does not believe it;
 * `soft` does, and still refuses whatever any list it has had names.
 */
export type RevocationPolicy = 'hard' | 'soft';

/** Judges client certificates. */
export interface CertificateJudge {
  judge(presented: ClientCertificate | undefined): Promise<CertificateVerdict>;
  /** Forgets all verdicts, because a revocation list has changed. */
  forget(): void;
}

export interface CertificateJudgeSettings {
  /** Certificates that are trusted, as PEM. Throws when there are none. */
  readonly anchors: string;
  /** What stands before the organisation's id in the subject. */
  readonly prefix: string;
  readonly revocation: RevocationPolicy;
  readonly lists: Pick<RevocationLists, 'state'>;
  readonly clock: Pick<Clock, 'now'>;
}

interface KnownVerdict {
  readonly verdict: Promise<CertificateVerdict>;
  readonly until: number;
}

/**
 * Creates a judge. Verdicts that hold for the certificate alone are remembered for a minute and not beyond its end;
 * those that other certificates or an absent list might change are made anew each time.
 */
export function createCertificateJudge(settings: CertificateJudgeSettings): CertificateJudge {
  const { prefix, revocation, lists, clock } = settings;
  const anchors = readAnchors(settings.anchors);
  const known = new LRUCache<string, KnownVerdict>({ max: MOST_VERDICTS });
  const running = new Map<string, Promise<CertificateVerdict>>();
  let revision = 0;

  function judge(presented: ClientCertificate | undefined): Promise<CertificateVerdict> {
    if (!presented) return MISSING;
    const remembered = known.get(presented.thumbprint);
    if (remembered && clock.now() < remembered.until) return remembered.verdict;
    return judgeAnew(presented);
  }

  /** Requests at the same time that present the same certificates share one judgement. */
  function judgeAnew(presented: ClientCertificate): Promise<CertificateVerdict> {
    const all = [presented.leaf, ...presented.intermediates]
      .map(({ fingerprint256 }) => fingerprint256)
      .join();
    const begun = running.get(all);
    if (begun) return begun;
    const asked = revision;
    const judging = consider(presented).then((verdict) => {
      if (asked === revision) remember(presented, verdict);
      return verdict;
    });
    running.set(all, judging);
    const end = () => running.delete(all);
    judging.then(end, end);
    return judging;
  }

  function remember({ leaf, thumbprint }: ClientCertificate, verdict: CertificateVerdict): void {
    if (!verdict.isTrusted && !LASTING.has(verdict.fault)) return;
    const until = clock.now() + VERDICT_LIFE_MS;
    const end = verdict.isTrusted ? leaf.validToDate.getTime() : until;
    known.set(thumbprint, { verdict: Promise.resolve(verdict), until: Math.min(until, end) });
  }

  async function consider({ leaf, intermediates }: ClientCertificate): Promise<CertificateVerdict> {
    const now = clock.now();
    const member = toPathMember(leaf);
    const path = member && buildPath(member, intermediates, anchors, now);
    if (!path) return refuse('untrusted-issuer');
    if (now > leaf.validToDate.getTime()) return refuse('expired');
    if (now < leaf.validFromDate.getTime()) return refuse('not-yet-valid');
    if (!isForClients(member)) return refuse('wrong-use');
    const software = readCertifiedSoftware(leaf, prefix);
    if (!software) return refuse('no-participant');
    const state = await worstState(path);
    if (state === 'revoked') return refuse('revoked');
    if (state === 'unknown' && revocation === 'hard') return refuse('unknown-revocation');
    return { isTrusted: true, software };
  }

  /** The anchor at the path's end is trusted whatever lists say. */
  async function worstState(path: readonly PathMember[]) {
    const states = await Promise.all(
      path
        .slice(0, -1)
        .map((member, index) => lists.state(member, (path[index + 1] as PathMember).certificate)),
    );
    if (states.includes('revoked')) return 'revoked';
    return states.includes('unknown') ? 'unknown' : 'good';
  }

  return {
    judge,
    forget() {
      revision += 1;
      known.clear();
    },
  };
}

const MISSING = Promise.resolve<CertificateVerdict>({ isTrusted: false, fault: 'missing' });

/** Faults that neither other intermediates nor a list that arrives could mend. */
const LASTING: ReadonlySet<CertificateFault> = new Set(['expired', 'wrong-use', 'no-participant']);

function refuse(fault: CertificateFault): CertificateVerdict {
  return { isTrusted: false, fault };
}

/** Critical key usage digitalSignature, purpose clientAuth, RSA of 2048 bits (Open Finance Brasil certificate standard, §5.2.2). */
function isForClients({ certificate, constraints }: PathMember): boolean {
  const { keyUsage = 0, extendedKeyUsage = [], isAuthority } = constraints;
  const { asymmetricKeyType, asymmetricKeyDetails } = certificate.publicKey;
  return (
    !isAuthority &&
    (keyUsage & KeyUsageFlags.digitalSignature) !== 0 &&
    extendedKeyUsage.includes(ExtendedKeyUsage.clientAuth) &&
    asymmetricKeyType === 'rsa' &&
    (asymmetricKeyDetails?.modulusLength ?? 0) >= SHORTEST_KEY_BITS
  );
}

function readAnchors(pem: string): readonly PathMember[] {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g) ?? [];
  const anchors = blocks
    .map((block) => toPathMember(new X509Certificate(block)))
    .filter((each) => each !== undefined);
  if (anchors.length === 0) throw new Error('there is no certificate to trust');
  return anchors;
}
