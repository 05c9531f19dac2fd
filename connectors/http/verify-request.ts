import { createHash, type KeyObject, timingSafeEqual } from 'node:crypto';
import { jwtVerify } from 'jose';

/** A request as it has arrived. */
export interface ArrivedRequest {
  /** The header `x-guiche-signature`. */
  readonly signature: string;
  readonly method: string;
  /** The URL that guiche is configured with, followed by the path, whatever proxies have made of it. */
  readonly url: string;
  /** As it came, before anything has parsed it. */
  readonly body: Uint8Array;
}

/** What was agreed with guiche's operator. */
export interface SignatureAgreement {
  readonly algorithm: 'ES256' | 'PS256' | 'HS256';
  /** Public key, or the bytes of the secret. */
  readonly key: KeyObject | Uint8Array;
  readonly issuer: string;
  readonly audience: string;
  /** Whether an id was not seen before. It need not be remembered longer than until `exp`, in seconds since the epoch. */
  readonly takeOnce: (jti: string, exp: number) => boolean | Promise<boolean>;
}

const LONGEST_LIFETIME_SECONDS = 300;
const CLOCK_TOLERANCE_SECONDS = 30;

/**
 * The institution's side of a signed request: copy it, or write the same in another language. Rejects unless the
 * signature is guiche's, still good, not seen before, and of exactly this method, URL and body.
 */
export async function verifyRequest(request: ArrivedRequest, agreement: SignatureAgreement): Promise<void> {
  const { payload } = await jwtVerify(request.signature, agreement.key, {
    algorithms: [agreement.algorithm],
    issuer: agreement.issuer,
    audience: agreement.audience,
    clockTolerance: CLOCK_TOLERANCE_SECONDS,
    requiredClaims: ['iat', 'exp', 'jti', 'htm', 'htu', 'bsh'],
  });
  const { iat = 0, exp = 0, jti = '' } = payload;
  if (exp - iat > LONGEST_LIFETIME_SECONDS) throw new Error('the signature is good for too long');
  if (payload.htm !== request.method) throw new Error('the signature is of another method');
  if (payload.htu !== request.url) throw new Error('the signature is of another URL');
  if (!isSame(payload.bsh, createHash('sha256').update(request.body).digest('base64url')))
    throw new Error('the signature is of another body');
  if (!(await agreement.takeOnce(jti, exp + CLOCK_TOLERANCE_SECONDS)))
    throw new Error('the signature was used before');
}

function isSame(claimed: unknown, actual: string): boolean {
  const [one, other] = [Buffer.from(String(claimed)), Buffer.from(actual)];
  return one.length === other.length && timingSafeEqual(one, other);
}
