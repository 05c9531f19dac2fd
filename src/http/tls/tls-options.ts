import { constants, createPrivateKey, X509Certificate } from 'node:crypto';
import type { ServerOptions } from 'node:https';

/** What a listener needs to speak TLS. */
export interface TlsMaterial {
  /** The server's certificate in PEM, followed by its intermediates. An RSA one: the suites want no other. */
  readonly certificate: string;
  /** Its private key in PEM. */
  readonly key: string;
  /** Whether callers are asked for a certificate. It is only asked for: who judges it is the directory. */
  readonly requestClientCertificate: boolean;
  /** Certificates in PEM of the authorities that callers are told of, so that they can choose the right one of theirs. */
  readonly clientAuthorities?: readonly string[];
}

/** FAPI 1.0 Advanced §8.5 allows these and the two of DHE for TLS 1.2; those of TLS 1.3 are all sound. */
const SUITES = [
  'TLS_AES_128_GCM_SHA256',
  'TLS_AES_256_GCM_SHA384',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES256-GCM-SHA384',
];

/** A caller who has not finished the handshake by then is let go; Node's own patience is two minutes. */
const HANDSHAKE_TIMEOUT_MS = 5_000;

/**
 * The TLS settings of every listener: 1.2 and 1.3, four suites, each connection with a handshake of its own (no
 * resumption, by which an ended certificate would live on), and no renegotiation.
 *
 * @throws Error when the key cannot be read, is not RSA, or is not the certificate's
 */
export function tlsOptions({
  certificate,
  key,
  requestClientCertificate,
  clientAuthorities = [],
}: TlsMaterial): ServerOptions {
  checkPair(certificate, key);
  return {
    cert: certificate,
    key,
    // An empty list too: without one Node would tell callers of, and load, the authorities of the public web.
    ca: [...clientAuthorities],
    requestCert: requestClientCertificate,
    // A certificate that is wrong deserves an answer that says so, which needs a connection.
    rejectUnauthorized: false,
    minVersion: 'TLSv1.2',
    ciphers: SUITES.join(':'),
    honorCipherOrder: true,
    secureOptions: constants.SSL_OP_NO_TICKET | constants.SSL_OP_NO_RENEGOTIATION,
    handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
  };
}

/** Node would take a certificate without its key, and fail every handshake. */
function checkPair(certificate: string, key: string): void {
  const privateKey = createPrivateKey(key);
  if (privateKey.asymmetricKeyType !== 'rsa')
    throw new Error('the key of the TLS certificate is not an RSA key');
  if (!new X509Certificate(certificate).checkPrivateKey(privateKey))
    throw new Error('the key is not that of the TLS certificate');
}
