import type { PublicJwk } from './directory-trust.ts';

const MOST_KEYS = 500;
const PRIVATE_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'k', 'oth'];
const KEY_TYPES = new Set(['RSA', 'EC', 'OKP']);

/**
 * The public keys of a JWK set (RFC 7517 §5). Keys that are not public, or of a type for which nobody has a public key,
 * are left out. Throws for what is no JWK set, or one of more than 500 keys.
 */
export function readKeySet(body: Buffer): readonly PublicJwk[] {
  const set = JSON.parse(body.toString('utf8')) as { keys?: unknown } | null;
  const keys = set?.keys;
  if (!Array.isArray(keys)) throw new Error('the answer is not a key set');
  if (keys.length > MOST_KEYS) throw new Error(`the key set has more than ${MOST_KEYS} keys`);
  return keys.filter(isPublicKey);
}

function isPublicKey(key: unknown): key is PublicJwk {
  if (typeof key !== 'object' || key === null) return false;
  const { kty, kid, use } = key as Record<string, unknown>;
  const isText = (value: unknown) => value === undefined || typeof value === 'string';
  return (
    KEY_TYPES.has(kty as string) &&
    isText(kid) &&
    isText(use) &&
    PRIVATE_MEMBERS.every((member) => !Object.hasOwn(key, member))
  );
}
