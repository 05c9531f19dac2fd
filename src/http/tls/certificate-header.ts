import { X509Certificate } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { ClientCertificate } from '../../kernel/client-certificate.ts';
import { describeCertificate, MOST_INTERMEDIATES } from './describe-certificate.ts';

/**
 * How a proxy writes the certificate: `pem-escaped` is PEM, percent-encoded, as nginx's `$ssl_client_escaped_cert` has
 * it, possibly with the chain behind it; `rfc9440` is a byte sequence in one header and a list of them in another.
 */
export const CERTIFICATE_HEADER_FORMATS = ['pem-escaped', 'rfc9440'] as const;
export type CertificateHeaderFormat = (typeof CERTIFICATE_HEADER_FORMATS)[number];

/** Longest header that is looked at. A certificate of a participant takes a third of it. */
const MOST_CHARACTERS = 12_000;

/**
 * Reads the certificate that a proxy passes on. A header that is missing, malformed, too long or there twice is no
 * certificate.
 *
 * @param name name of the header in lower case; RFC 9440's chain is looked for under the same name with `-chain`
 */
export function readCertificateHeader(
  headers: IncomingHttpHeaders,
  name: string,
  format: CertificateHeaderFormat,
): ClientCertificate | undefined {
  const texts = format === 'rfc9440' ? readByteSequences(headers, name) : readEscapedPem(headers[name]);
  if (!texts || texts.length > 1 + MOST_INTERMEDIATES) return undefined;
  const [leaf, ...intermediates] = texts.map(parseCertificate);
  if (!leaf || !intermediates.every((certificate) => certificate !== undefined)) return undefined;
  return describeCertificate(leaf, intermediates);
}

/** What percent-encoding leaves as it is. A comma would be Node's, between the values of a header that is there twice. */
const ESCAPED = /^[\w%+/=.~-]+$/;
const PEM_BLOCKS = /^(?:\s*-----BEGIN CERTIFICATE-----[\w+/=\s]+-----END CERTIFICATE-----)+\s*$/;
const PEM_BLOCK = /-----BEGIN CERTIFICATE-----([\w+/=\s]+)-----END CERTIFICATE-----/g;

function readEscapedPem(header: string | string[] | undefined): string[] | undefined {
  if (!isBounded(header) || !ESCAPED.test(header)) return undefined;
  const pem = decodePercent(header);
  if (pem === undefined || !PEM_BLOCKS.test(pem)) return undefined;
  return [...pem.matchAll(PEM_BLOCK)].map(([, block = '']) => block.replace(/\s/g, ''));
}

function decodePercent(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

/** A byte sequence of RFC 8941 §3.3.5, without parameters: RFC 9440 defines none. */
const BYTE_SEQUENCE = /^:([A-Za-z0-9+/]+={0,2}):$/;

function readByteSequences(headers: IncomingHttpHeaders, name: string): string[] | undefined {
  const leaf = headers[name];
  if (!isBounded(leaf)) return undefined;
  const chain = headers[`${name}-chain`];
  if (chain !== undefined && !isBounded(chain)) return undefined;
  const items = [leaf, ...(chain?.split(',') ?? [])].map((item) => BYTE_SEQUENCE.exec(item.trim())?.[1]);
  return items.every((item) => item !== undefined) ? items : undefined;
}

function isBounded(header: string | string[] | undefined): header is string {
  return typeof header === 'string' && header.length <= MOST_CHARACTERS;
}

function parseCertificate(base64: string): X509Certificate | undefined {
  const bytes = Buffer.from(base64, 'base64');
  try {
    const certificate = new X509Certificate(bytes);
    // The parser takes PEM too, and ignores what follows a certificate: only DER and nothing else is one.
    return certificate.raw.equals(bytes) ? certificate : undefined;
  } catch {
    return undefined;
  }
}
