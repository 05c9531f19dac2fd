import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import { createAddressList } from '../kernel/address-list.ts';

/** Longest chain of proxies that is followed. */
const MOST_HOPS = 20;

/**
 * Creates what reads the client's address off a request: that of the socket, or, when the socket is a trusted proxy's,
 * the last address of `x-forwarded-for` that is not a trusted proxy's. Anyone else's header is not believed.
 *
 * @param trusted addresses and CIDR ranges of the institution's own proxies
 */
export function createClientAddress(trusted: readonly string[]): (request: IncomingMessage) => string {
  if (trusted.length === 0) return (request) => plainAddress(request.socket.remoteAddress);
  const proxies = createAddressList(trusted);
  return (request) => {
    const socket = plainAddress(request.socket.remoteAddress);
    if (!proxies(socket)) return socket;
    const header = request.headers['x-forwarded-for'];
    const hops = (Array.isArray(header) ? header.join(',') : (header ?? '')).split(',').slice(-MOST_HOPS);
    for (const hop of hops.reverse()) {
      const address = plainAddress(withoutPort(hop.trim()));
      if (isIP(address) === 0) return socket;
      if (!proxies(address)) return address;
    }
    return socket;
  };
}

/** Some proxies write the port too: `192.0.2.1:5000`, `[2001:db8::1]:5000`. */
function withoutPort(hop: string): string {
  const [, bracketed, plain] = /^\[([^\]]*)\](?::\d+)?$|^([\d.]+):\d+$/.exec(hop) ?? [];
  return bracketed ?? plain ?? hop;
}

/** IPv4 addresses on an IPv6 socket are written as IPv4. */
function plainAddress(address: string | undefined): string {
  if (address === undefined) return '';
  return /^::ffff:[\d.]+$/i.test(address) ? address.slice('::ffff:'.length) : address;
}
