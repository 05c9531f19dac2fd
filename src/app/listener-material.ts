import { readFileSync } from 'node:fs';
import type { TlsMaterial } from '../http/tls/tls-options.ts';
import type { TrustedProxy } from '../http/tls/trusted-proxy.ts';
import type { Configuration } from './configuration/settings.ts';

/** Where a listener's certificate and key are; both or neither. */
export type CertificateFiles = Pick<Configuration['tls'], 'certificate' | 'key'>;

/**
 * Reads what a listener needs to speak TLS; nothing when it is to speak plain HTTP.
 *
 * @throws Error when only one of the two files is named, or one cannot be read
 */
export function readTlsMaterial(
  { certificate, key }: CertificateFiles,
  requestClientCertificate: boolean,
): { readonly tls?: TlsMaterial } {
  if (certificate === undefined && key === undefined) return {};
  if (certificate === undefined || key === undefined)
    throw new Error('a listener needs both a certificate and its key');
  return {
    tls: {
      certificate: readFileSync(certificate, 'utf8'),
      key: readFileSync(key, 'utf8'),
      requestClientCertificate,
    },
  };
}

/** The proxy that may hand on client certificates, where one is configured. */
export function trustedProxyOf({ mtls }: Configuration): { readonly proxy?: TrustedProxy } {
  if (!mtls.proxy) return {};
  const { header, format, thumbprints, addresses, secret } = mtls.proxy;
  return {
    proxy: {
      header,
      format,
      authenticatedBy:
        thumbprints.length > 0
          ? { certificateThumbprints: thumbprints }
          : { addresses, secret: secret ?? '' },
    },
  };
}
