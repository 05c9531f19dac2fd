import { compactVerify, decodeProtectedHeader, importJWK } from 'jose';
import type { Clock } from '../kernel/clock.ts';
import type { PublicJwk, StatementVerdict } from './directory-trust.ts';
import { readStatementClaims } from './read-statement-claims.ts';
import type { TrustProfile } from './trust-profile.ts';

/** Statements of real participants have a few kilobytes. */
const LONGEST_STATEMENT = 65_536;
const OLDEST_S = 300;
/** How far the directory's clock may run ahead. */
const SKEW_S = 60;

export interface StatementVerifierSettings {
  readonly profile: Pick<TrustProfile, 'authorisationDomain'>;
  /** The `iss` that is expected. */
  readonly issuer: string;
  /** The directory's keys, with that one among them if there is one. Rejects when there are none at all. */
  readonly keys: (kid: string) => Promise<readonly PublicJwk[]>;
  readonly clock: Pick<Clock, 'now'>;
}

/**
 * Creates the check of software statement assertions: PS256 by a key of the directory, expected issuer, at most five
 * minutes old, and of the form that a statement has (DCR profile of Open Finance Brasil, §7.1 items 3 to 6). Rejects
 * only when the directory's keys cannot be had.
 */
export function createStatementVerifier(
  settings: StatementVerifierSettings,
): (jws: string) => Promise<StatementVerdict> {
  const { profile, issuer, keys, clock } = settings;

  function checkEnvelope(claims: Readonly<Record<string, unknown>>): string | undefined {
    const now = clock.now() / 1000;
    const { iss, iat, exp, nbf } = claims;
    if (iss !== issuer) return 'the software statement has another issuer';
    if (typeof iat !== 'number' || !Number.isFinite(iat)) return 'the software statement has no iat';
    if (iat < now - OLDEST_S) return 'the software statement is older than five minutes';
    if (iat > now + SKEW_S) return 'the software statement is of the future';
    if (exp !== undefined && !(typeof exp === 'number' && exp > now))
      return 'the software statement has expired';
    if (nbf !== undefined && !(typeof nbf === 'number' && nbf <= now + SKEW_S))
      return 'the software statement is of the future';
    return undefined;
  }

  return async (jws) => {
    const refuse = (reason: string): StatementVerdict => ({ isValid: false, reason });
    if (jws.length > LONGEST_STATEMENT) return refuse('the software statement is too long');
    const kid = readKid(jws);
    if (kid === undefined) return refuse('the software statement is not a JWS with alg PS256 and a kid');
    const key = (await keys(kid)).find((each) => each.kid === kid && mayVerify(each));
    if (!key) return refuse('the directory has no key with the kid of the software statement');
    const claims = await readVerified(jws, key);
    if (!claims) return refuse('the signature of the software statement is not good');
    const fault = checkEnvelope(claims);
    if (fault !== undefined) return refuse(fault);
    const statement = readStatementClaims(claims, profile.authorisationDomain);
    if (!statement) return refuse('the software statement lacks claims, or they have another form');
    return { isValid: true, statement };
  };
}

function readKid(jws: string): string | undefined {
  try {
    const { alg, kid } = decodeProtectedHeader(jws);
    return alg === 'PS256' && typeof kid === 'string' && kid !== '' ? kid : undefined;
  } catch {
    return undefined;
  }
}

function mayVerify({ kty, use, alg }: PublicJwk): boolean {
  return kty === 'RSA' && (use === undefined || use === 'sig') && (alg === undefined || alg === 'PS256');
}

async function readVerified(
  jws: string,
  jwk: PublicJwk,
): Promise<Readonly<Record<string, unknown>> | undefined> {
  try {
    const { n, e } = jwk as { n: string; e: string };
    const key = await importJWK({ kty: 'RSA', n, e }, 'PS256');
    const { payload } = await compactVerify(jws, key, { algorithms: ['PS256'] });
    const claims: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(payload));
    return typeof claims === 'object' && claims !== null && !Array.isArray(claims)
      ? (claims as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}
