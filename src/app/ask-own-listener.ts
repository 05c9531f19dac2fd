import { get as getPlain } from 'node:http';
import { get as getSecure } from 'node:https';
import type { AddressInfo } from 'node:net';

/** What the own listener has answered. */
export interface OwnAnswer {
  readonly status: number;
  readonly body: unknown;
}

export interface OwnListener {
  readonly address: AddressInfo;
  readonly isSecure: boolean;
}

const MOST_BYTES = 4 * 1024 * 1024;

/**
 * Asks the service's own listener for JSON. Its certificate names the public host and is not judged: the address is this
 * machine's. Rejects when there is no answer before the signal, or one that is no JSON.
 */
export function askOwnListener(
  { address, isSecure }: OwnListener,
  path: string,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<OwnAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<OwnAnswer>();
  const target = {
    host: reachable(address),
    port: address.port,
    path,
    headers,
    signal,
    agent: false as const,
  };
  const get = isSecure ? getSecure : getPlain;
  const request = get({ ...target, rejectUnauthorized: false }, (response) => {
    const parts: Buffer[] = [];
    let size = 0;
    response.on('data', (part: Buffer) => {
      size += part.length;
      if (size > MOST_BYTES) request.destroy(new Error('the answer is too large'));
      else parts.push(part);
    });
    response.on('error', reject);
    response.on('end', () => {
      try {
        resolve({ status: response.statusCode ?? 0, body: JSON.parse(Buffer.concat(parts).toString()) });
      } catch (error) {
        reject(error);
      }
    });
  });
  request.on('error', reject);
  return promise;
}

/** A listener on every interface is reached by loopback. */
function reachable({ address }: AddressInfo): string {
  if (address === '0.0.0.0') return '127.0.0.1';
  return address === '::' ? '::1' : address;
}
