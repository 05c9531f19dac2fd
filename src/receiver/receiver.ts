import { setTimeout as pause } from 'node:timers/promises';
import { type CryptoKey, importJWK } from 'jose';
import type { PrivateKey } from 'openid-client';
import { createBoundedFetch } from './bounded-fetch.ts';
import { type CustomFetch, createMtlsFetch } from './mtls-fetch.ts';
import { publicHalf, type ReceiverKeys } from './receiver-keys.ts';

export interface ReceiverLimits {
  /** Longest time of one request with its answer, in milliseconds. 30,000 unless it is said. */
  readonly callMs: number;
  /** Largest answer of a holder, in bytes. 32 MiB unless it is said. */
  readonly answerBytes: number;
  /** Largest list of participants, in bytes. 128 MiB unless it is said. */
  readonly participantsBytes: number;
}

export interface ReceiverSettings {
  /** The certificate and its key may be left out with a `fetch` that presents one by itself. */
  readonly keys: Pick<ReceiverKeys, 'signing' | 'encryption'> & Partial<ReceiverKeys>;
  /** Sends every request; it brings its own mutual TLS. Without it, requests go over connections with `keys`. */
  readonly fetch?: CustomFetch;
  readonly limits?: Partial<ReceiverLimits>;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
  /** Waits; rejects when the signal is aborted. */
  readonly sleep?: (ms: number, signal?: AbortSignal) => Promise<void>;
  /** From 0 to below 1: where in its interval a wait falls. */
  readonly random?: () => number;
}

/** Key of what is inside the objects that this library hands out; not part of what the package exports. */
export const inside: unique symbol = Symbol('inside');

/** A receiver of data, ready to talk to holders. What is inside is the library's. */
export interface Receiver {
  /** Closes its connections, when what is under way has ended. */
  close(): Promise<void>;
  readonly [inside]: ReceiverParts;
}

export interface ReceiverParts {
  readonly fetch: CustomFetch;
  readonly fetchParticipants: CustomFetch;
  readonly signing: () => Promise<PrivateKey>;
  readonly encryption: () => Promise<PrivateKey>;
  readonly now: () => number;
  readonly sleep: (ms: number, signal?: AbortSignal) => Promise<void>;
  readonly random: () => number;
}

const LIMITS: ReceiverLimits = {
  callMs: 30_000,
  answerBytes: 32 * 1024 ** 2,
  participantsBytes: 128 * 1024 ** 2,
};

/** Creates a receiver. Throws a `TypeError` when it has neither a certificate with its key nor a `fetch`. */
export function createReceiver(settings: ReceiverSettings): Receiver {
  const { keys, now = Date.now, random = Math.random, sleep = sleepFor } = settings;
  const { callMs, answerBytes, participantsBytes } = { ...LIMITS, ...settings.limits };
  const own = settings.fetch === undefined ? createMtlsFetch(certified(keys)) : undefined;
  const fetch = settings.fetch ?? (own as { fetch: CustomFetch }).fetch;
  return {
    close: async () => own?.close(),
    [inside]: {
      fetch: createBoundedFetch(fetch, { timeoutMs: callMs, maxBytes: answerBytes }),
      fetchParticipants: createBoundedFetch(fetch, { timeoutMs: callMs, maxBytes: participantsBytes }),
      signing: () => privateKey(keys.signing, 'PS256'),
      encryption: () => privateKey(keys.encryption, 'RSA-OAEP'),
      now,
      sleep,
      random,
    },
  };
}

function certified(keys: ReceiverSettings['keys']): ReceiverSettings['keys'] {
  if (keys.certificate === undefined || keys.certificateKey === undefined)
    throw new TypeError('a receiver needs a certificate with its key, or a fetch that presents one');
  return keys;
}

async function sleepFor(ms: number, signal?: AbortSignal): Promise<void> {
  await pause(ms, undefined, { signal });
}

async function privateKey(jwk: ReceiverKeys['signing'], algorithm: string): Promise<PrivateKey> {
  const key = (await importJWK(jwk, algorithm)) as CryptoKey;
  return { key, kid: jwk.kid ?? String(publicHalf(jwk).n).slice(0, 16) };
}
