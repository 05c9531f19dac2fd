import type { CustomFetch } from './mtls-fetch.ts';
import { UnusableAnswer } from './receiver-errors.ts';

export interface FetchBounds {
  /** Longest time from the request to the end of its answer, in milliseconds. */
  readonly timeoutMs: number;
  /** Largest body, in bytes, after decompression. */
  readonly maxBytes: number;
}

/** Statuses whose answers must not be made with a body. */
const WITHOUT_BODY: ReadonlySet<number> = new Set([204, 205, 304]);

/**
 * Creates a fetch that reads each answer to its end before it resolves, within bounds. Redirects are not followed.
 * Rejects with {@link UnusableAnswer} for a body that is too large, with a `TimeoutError` when the time is over, and with
 * the reason of the caller's signal.
 */
export function createBoundedFetch(fetch: CustomFetch, { timeoutMs, maxBytes }: FetchBounds): CustomFetch {
  return async (url, options) => {
    const given = options.signal;
    given?.throwIfAborted();
    const controller = new AbortController();
    const { signal } = controller;
    const timer = setTimeout(() => {
      controller.abort(new DOMException(`no answer within ${timeoutMs} ms`, 'TimeoutError'));
    }, timeoutMs);
    const onAbort = () => controller.abort(given?.reason);
    given?.addEventListener('abort', onAbort, { once: true });
    // A fetch from outside may not heed its signal.
    const aborted = new Promise<never>((_, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    });
    try {
      const response = await Promise.race([fetch(url, { ...options, redirect: 'manual', signal }), aborted]);
      const body = await readAll(response, maxBytes, aborted);
      return new Response(WITHOUT_BODY.has(response.status) ? null : body, {
        status: response.status,
        headers: response.headers,
      });
    } finally {
      clearTimeout(timer);
      given?.removeEventListener('abort', onAbort);
    }
  };
}

async function readAll(
  { body }: Response,
  maxBytes: number,
  aborted: Promise<never>,
): Promise<Uint8Array<ArrayBuffer>> {
  const parts: Uint8Array[] = [];
  const reader = body?.getReader();
  let size = 0;
  try {
    for (;;) {
      const next = await Promise.race([reader?.read(), aborted]);
      if (!next || next.done) return joined(parts, size);
      size += next.value.byteLength;
      if (size > maxBytes)
        throw new UnusableAnswer('too-large', `the answer has more than ${maxBytes} bytes`);
      parts.push(next.value);
    }
  } catch (error) {
    await reader?.cancel().catch(() => {});
    throw error;
  }
}

function joined(parts: readonly Uint8Array[], size: number): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.byteLength;
  }
  return whole;
}
