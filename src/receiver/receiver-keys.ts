import { exportJWK, generateKeyPair, type JWK } from 'jose';

/** What a receiver proves itself with. All of it is private. */
export interface ReceiverKeys {
  /** RSA, `PS256`: signs client assertions and request objects. */
  readonly signing: JWK;
  /** RSA, `RSA-OAEP`: ID tokens are encrypted to its public half. */
  readonly encryption: JWK;
  /** PEM chain of the transport certificate. */
  readonly certificate: string;
  /** PEM private key of the transport certificate. */
  readonly certificateKey: string;
  /** PEM certificates of the authorities that servers are believed by. */
  readonly authorities: string;
}

const MODULUS_BITS = 2048;

/** Generates the two JSON Web Keys of a receiver; the public halves belong in its `jwks_uri`. */
export async function generateReceiverKeys(
  name: string,
): Promise<Pick<ReceiverKeys, 'signing' | 'encryption'>> {
  const [signing, encryption] = await Promise.all([generate('PS256'), generate('RSA-OAEP')]);
  return {
    signing: { ...signing, kid: `${name}-sig`, use: 'sig', alg: 'PS256' },
    encryption: { ...encryption, kid: `${name}-enc`, use: 'enc', alg: 'RSA-OAEP' },
  };
}

/** The public half of an RSA key. */
export function publicHalf({ kty, n, e, kid, use, alg }: JWK): JWK {
  return { kty, n, e, kid, use, alg } as JWK;
}

async function generate(algorithm: string): Promise<JWK> {
  const { privateKey } = await generateKeyPair(algorithm, { modulusLength: MODULUS_BITS, extractable: true });
  return exportJWK(privateKey);
}
