import type { CustomFetch } from 'openid-client';

import { Agent, fetch } from 'undici';
import type { ReceiverKeys } from './receiver-keys.ts';

const CONNECT_TIMEOUT_MS = 5_000;
const ANSWER_TIMEOUT_MS = 30_000;

export type { CustomFetch };

/** Requests that present the receiver's certificate and believe only the given authorities. */
export interface MtlsFetch {
  readonly fetch: CustomFetch;
  close(): Promise<void>;
}

/**
 * Creates a fetch of its own connections; without a certificate it speaks plain TLS, without authorities it believes
 * those that Node does.
 */
export function createMtlsFetch(
  keys: Partial<Pick<ReceiverKeys, 'authorities' | 'certificate' | 'certificateKey'>>,
): MtlsFetch {
  const agent = new Agent({
    connect: {
      ca: keys.authorities,
      cert: keys.certificate,
      key: keys.certificateKey,
      timeout: CONNECT_TIMEOUT_MS,
    },
    headersTimeout: ANSWER_TIMEOUT_MS,
    bodyTimeout: ANSWER_TIMEOUT_MS,
  });
  return {
    fetch: (url, options) =>
      fetch(url, { ...(options as object), dispatcher: agent }) as unknown as Promise<Response>,
    close: () => agent.close(),
  };
}
