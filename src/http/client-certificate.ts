import type { IncomingMessage } from 'node:http';
import type { ClientCertificate } from '../kernel/client-certificate.ts';
import { readCertificateHeader } from './tls/certificate-header.ts';
import { presentedCertificate } from './tls/presented-certificate.ts';
import { createProxyCheck, PROXY_SECRET_HEADER, type TrustedProxy } from './tls/trusted-proxy.ts';

/** Tells the certificate that a request came with. Whether it may be believed is the directory's to say. */
export type CertificateOf = (request: IncomingMessage) => ClientCertificate | undefined;

/** Headers in which proxies pass certificates on, and what some of them add. */
const WELL_KNOWN = [
  'client-cert',
  'client-cert-chain',
  'x-client-cert',
  'x-ssl-client-cert',
  'x-forwarded-client-cert',
  'ssl-client-cert',
  'x-amzn-mtls-clientcert',
  'x-amzn-mtls-clientcert-leaf',
  PROXY_SECRET_HEADER,
];

/**
 * Creates what tells the certificate of a request: that of its connection, or the one in a header when the connection
 * is the institution's proxy. The proxy's own certificate is never taken for a client's.
 *
 * Such headers are taken off every request that it is asked about, whoever sent them, so that nothing behind it can
 * believe one. The listener asks first; what stands behind it asks the same instance and is told the same again.
 *
 * @throws Error for a proxy that could not be authenticated soundly
 */
export function createClientCertificate({ proxy }: { readonly proxy?: TrustedProxy } = {}): CertificateOf {
  const header = proxy?.header.toLowerCase();
  const names = header === undefined ? WELL_KNOWN : [...WELL_KNOWN, header, `${header}-chain`];
  const read = proxy
    ? createProxiedReader(proxy)
    : ({ socket }: IncomingMessage) => presentedCertificate(socket);
  return (request) => {
    const certificate = read(request);
    stripHeaders(request, names);
    return certificate;
  };
}

/** Headers are gone after the first look, so what they said is kept as long as the request. */
function createProxiedReader({ header, format, authenticatedBy }: TrustedProxy): CertificateOf {
  const standingOf = createProxyCheck(authenticatedBy);
  const name = header.toLowerCase();
  const known = new WeakMap<IncomingMessage, ClientCertificate | undefined>();

  function read(request: IncomingMessage): ClientCertificate | undefined {
    const standing = standingOf(request);
    if (standing === 'proxy') return readCertificateHeader(request.headers, name, format);
    return standing === 'other' ? presentedCertificate(request.socket) : undefined;
  }

  return (request) => {
    if (known.has(request)) return known.get(request);
    const certificate = read(request);
    known.set(request, certificate);
    return certificate;
  };
}

function stripHeaders(request: IncomingMessage, names: readonly string[]): void {
  const { headers } = request;
  if (!names.some((name) => headers[name] !== undefined)) return;
  for (const name of names) delete headers[name];
  const pairs = request.rawHeaders;
  request.rawHeaders = pairs.filter(
    (_text, index) => !names.includes((pairs[index - (index % 2)] as string).toLowerCase()),
  );
}
