import type { Clock } from '../kernel/clock.ts';
import type { AuthorityKeys } from './authority-keys.ts';
import type { CertificateStore } from './certificate-store.ts';
import { type Crl, signCrl } from './sign-crl.ts';

const LIFE_MS = 24 * 3_600_000;
/** A list stays as it is while no revocation is added, for half its life. */
const RESIGN_MS = LIFE_MS / 2;
/** How long a list is handed out without asking the store for revocations by other nodes. */
const TRUSTED_MS = 1000;
/** A revoked certificate is named until it has been expired for a day. */
const KEPT_MS = 86_400_000;

/** Signs the revocation lists of an authority, anew only when there is something new to say. */
export interface CrlIssuer {
  /** Undefined for an issuer that is not known. */
  crl(issuer: string): Promise<Crl | undefined>;
  /** Has the store asked at the next call. */
  invalidate(): void;
}

interface Signed {
  readonly crl: Crl;
  /** The serial numbers it names, in that order. */
  readonly named: string;
  readonly checkedAt: number;
  readonly revision: number;
}

export interface CrlIssuerSettings {
  readonly authorities: Pick<AuthorityKeys, 'find'>;
  readonly certificates: Pick<CertificateStore, 'revocations'>;
  readonly clock: Pick<Clock, 'now'>;
}

/** Creates the issuer of revocation lists; nothing is signed before it is asked for. */
export function createCrlIssuer({ authorities, certificates, clock }: CrlIssuerSettings): CrlIssuer {
  const lists = new Map<string, Promise<Signed>>();
  /** How often this node has revoked something. */
  let revision = 0;

  async function crl(id: string): Promise<Crl | undefined> {
    const issuer = await authorities.find(id);
    if (!issuer) return undefined;
    const before = lists.get(id);
    const known = await before?.catch(() => undefined);
    if (known && isFresh(known)) return known.crl;
    // Of the calls that find it stale at the same time, the first one renews it for all.
    if (lists.get(id) === before) lists.set(id, renew(known));
    return (await (lists.get(id) as Promise<Signed>)).crl;

    async function renew(last: Signed | undefined): Promise<Signed> {
      const now = clock.now();
      const checked = { checkedAt: now, revision };
      const revocations = await certificates.revocations(id, now - KEPT_MS);
      const named = revocations.map(({ serialNumber }) => serialNumber).join();
      if (last && last.named === named && now < last.crl.thisUpdate + RESIGN_MS)
        return { ...last, ...checked };
      const signed = await signCrl(issuer as NonNullable<typeof issuer>, revocations, {
        now,
        nextUpdate: now + LIFE_MS,
      });
      return { crl: signed, named, ...checked };
    }
  }

  function isFresh(signed: Signed): boolean {
    const age = clock.now() - signed.checkedAt;
    return signed.revision === revision && age >= 0 && age < TRUSTED_MS;
  }

  return {
    crl,
    invalidate() {
      revision += 1;
    },
  };
}
