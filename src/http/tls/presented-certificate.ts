import type { X509Certificate } from 'node:crypto';
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { ClientCertificate } from '../../kernel/client-certificate.ts';
import { describeCertificate, MOST_INTERMEDIATES } from './describe-certificate.ts';

/** A connection has one handshake and so one certificate: it is looked at once. */
const known = new WeakMap<Socket, ClientCertificate | undefined>();

/** The certificate that the other end of a connection presented in its handshake, with proof of having its key. */
export function presentedCertificate(socket: Socket): ClientCertificate | undefined {
  if (!(socket instanceof TLSSocket)) return undefined;
  if (known.has(socket)) return known.get(socket);
  const certificate = readCertificate(socket);
  known.set(socket, certificate);
  return certificate;
}

function readCertificate(socket: TLSSocket): ClientCertificate | undefined {
  const leaf = socket.getPeerX509Certificate();
  if (!leaf) return undefined;
  const intermediates: X509Certificate[] = [];
  let next = leaf.issuerCertificate;
  while (next && intermediates.length < MOST_INTERMEDIATES) {
    intermediates.push(next);
    next = next.issuerCertificate;
  }
  return describeCertificate(leaf, intermediates);
}
