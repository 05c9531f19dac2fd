import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { createAddressList } from '../../kernel/address-list.ts';
import type { CertificateHeaderFormat } from './certificate-header.ts';
import { presentedCertificate } from './presented-certificate.ts';

/** How the institution's own proxy proves that it is: by its certificate, or by where it is and what it knows. */
export type ProxyAuthentication =
  /** SHA-256 of its certificates in DER, base64url: TLS has proved that it has their keys. */
  | { readonly certificateThumbprints: readonly string[] }
  /** Addresses and ranges, and what it sends in {@link PROXY_SECRET_HEADER}. */
  | { readonly addresses: readonly string[]; readonly secret: string };

/** The institution's own proxy, which ends TLS and passes the client's certificate on in a header. */
export interface TrustedProxy {
  readonly header: string;
  readonly format: CertificateHeaderFormat;
  readonly authenticatedBy: ProxyAuthentication;
}

/** Header in which a proxy without a certificate proves what it knows. */
export const PROXY_SECRET_HEADER = 'x-guiche-proxy-secret';

/** A shorter one could be guessed. */
const SHORTEST_SECRET = 32;

/** Who stands at the other end of a connection. A false proxy is where the proxy should be, and cannot prove that it is. */
export type ProxyStanding = 'proxy' | 'false-proxy' | 'other';

/**
 * Creates what tells the institution's proxy from everybody else.
 *
 * @throws Error for a secret of fewer than 32 characters, a thumbprint of another form, or an address that is none
 */
export function createProxyCheck(
  authentication: ProxyAuthentication,
): (request: IncomingMessage) => ProxyStanding {
  return 'secret' in authentication
    ? createSecretCheck(authentication.addresses, authentication.secret)
    : createThumbprintCheck(authentication.certificateThumbprints);
}

function createThumbprintCheck(thumbprints: readonly string[]): (request: IncomingMessage) => ProxyStanding {
  const wrong = thumbprints.find((thumbprint) => !/^[\w-]{43}$/.test(thumbprint));
  if (wrong !== undefined) throw new Error(`not a SHA-256 thumbprint in base64url: ${wrong}`);
  const known = new Set(thumbprints);
  return ({ socket }) => {
    const own = presentedCertificate(socket);
    return own && known.has(own.thumbprint) ? 'proxy' : 'other';
  };
}

function createSecretCheck(
  addresses: readonly string[],
  secret: string,
): (request: IncomingMessage) => ProxyStanding {
  if (secret.length < SHORTEST_SECRET)
    throw new Error(`the secret of a trusted proxy has at least ${SHORTEST_SECRET} characters`);
  const isProxyAddress = createAddressList(addresses);
  const expected = digest(secret);
  return ({ socket, headers }) => {
    if (!isProxyAddress(socket.remoteAddress ?? '')) return 'other';
    const given = headers[PROXY_SECRET_HEADER];
    // Digests have one length, as a comparison in constant time wants it.
    return typeof given === 'string' && timingSafeEqual(digest(given), expected) ? 'proxy' : 'false-proxy';
  };
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
