import type { IncomingMessage } from 'node:http';
import { parseJson } from '../../contract/parse-json.ts';

/** The library that takes the metadata over stops at 56 KB, and the statement's members are added to what was sent. */
const MAX_BYTES = 48 * 1024;
const MAX_MS = 10_000;

export type JsonBody =
  | { readonly value: Readonly<Record<string, unknown>> }
  | { readonly status: 400 | 408 | 413 | 415; readonly fault: string };

/** Reads a body of at most 48 KB within ten seconds as a JSON object, strictly. Rejects when the caller hangs up. */
export async function readJsonBody(request: IncomingMessage): Promise<JsonBody> {
  if (!isJson(request.headers['content-type']))
    return { status: 415, fault: 'the body must be application/json' };
  if (Number(request.headers['content-length'] ?? 0) > MAX_BYTES) return tooLarge();
  const bytes = await readBytes(request);
  if (!Buffer.isBuffer(bytes)) return bytes;
  const parsed = parseJson(bytes);
  if ('fault' in parsed) return { status: 400, fault: parsed.fault };
  return isObject(parsed.value)
    ? { value: parsed.value }
    : { status: 400, fault: 'the body must be a JSON object' };
}

async function readBytes(request: IncomingMessage): Promise<Buffer | JsonBody> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<JsonBody>((resolve) => {
    timer = setTimeout(resolve, MAX_MS, { status: 408, fault: 'the body took too long to arrive' });
  });
  try {
    return await Promise.race([collect(request), late]);
  } finally {
    clearTimeout(timer);
  }
}

async function collect(request: IncomingMessage): Promise<Buffer | JsonBody> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    length += (chunk as Buffer).byteLength;
    if (length > MAX_BYTES) return tooLarge();
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks);
}

function tooLarge(): JsonBody {
  return { status: 413, fault: 'the body is too large' };
}

function isJson(contentType: string | undefined): boolean {
  return contentType?.split(';')[0]?.trim().toLowerCase() === 'application/json';
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
