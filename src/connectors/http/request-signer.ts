import { createHash, createPrivateKey, randomUUID } from 'node:crypto';
import { SignJWT } from 'jose';
import type { Clock } from '../../kernel/clock.ts';

/** How requests are signed. */
export interface RequestSigning {
  /** `ES256` and `PS256` sign with a private key, `HS256` with a secret that both sides have. */
  readonly algorithm: 'ES256' | 'PS256' | 'HS256';
  /** Private key in PEM (PKCS #8), or the secret: at least 32 bytes of UTF-8. */
  readonly key: string;
  /** Names the key in the header, for whoever knows several. */
  readonly keyId?: string;
  /** Who signs. */
  readonly issuer: string;
  /** For whom. */
  readonly audience: string;
}

/** Signs one request: its method, its URL and its body. */
export type SignRequest = (method: string, url: string, body: string) => Promise<string>;

const LIFETIME_SECONDS = 60;
const SHORTEST_SECRET_BYTES = 32;

/** Creates what signs requests as JWS (RFC 7515). Throws when the key is none of the algorithm's. */
export function createRequestSigner(signing: RequestSigning, clock: Pick<Clock, 'now'>): SignRequest {
  const { algorithm, keyId, issuer, audience } = signing;
  const key = readKey(signing);
  return (method, url, body) => {
    const now = Math.floor(clock.now() / 1000);
    return new SignJWT({ htm: method, htu: url, bsh: createHash('sha256').update(body).digest('base64url') })
      .setProtectedHeader({ alg: algorithm, ...(keyId !== undefined && { kid: keyId }) })
      .setIssuer(issuer)
      .setAudience(audience)
      .setIssuedAt(now)
      .setExpirationTime(now + LIFETIME_SECONDS)
      .setJti(randomUUID())
      .sign(key);
  };
}

function readKey({ algorithm, key }: RequestSigning) {
  if (algorithm === 'HS256') {
    const secret = new TextEncoder().encode(key);
    if (secret.length < SHORTEST_SECRET_BYTES)
      throw new Error(`the secret that signs requests is shorter than ${SHORTEST_SECRET_BYTES} bytes`);
    return secret;
  }
  const type = algorithm === 'ES256' ? 'ec' : 'rsa';
  const privateKey = readPrivateKey(key);
  if (privateKey?.asymmetricKeyType !== type)
    throw new Error(
      `the key that signs requests with ${algorithm} is no private ${type.toUpperCase()} key in PEM`,
    );
  return privateKey;
}

function readPrivateKey(pem: string) {
  try {
    return createPrivateKey(pem);
  } catch {
    return undefined;
  }
}
