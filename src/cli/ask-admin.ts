import type { Configuration } from '../app/configuration/settings.ts';

const PATIENCE_MS = 5_000;

/** What the operational listener of a running service answered. */
export interface AdminReply {
  readonly status: number;
  readonly body: unknown;
}

/**
 * Asks the operational listener of a running service.
 *
 * @throws Error with one line for the operator when nothing answers there
 */
export async function askAdmin(
  { admin }: Configuration,
  method: string,
  path: string,
  body?: unknown,
): Promise<AdminReply> {
  const host = admin.host.includes(':') ? `[${admin.host}]` : admin.host;
  const url = `http://${host}:${admin.port}${path}`;
  try {
    const response = await fetch(url, {
      method,
      signal: AbortSignal.timeout(PATIENCE_MS),
      ...(body === undefined
        ? {}
        : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
    });
    return { status: response.status, body: await response.json() };
  } catch (error) {
    const cause = (error as Error & { cause?: { code?: string } }).cause?.code ?? (error as Error).message;
    throw new Error(
      `no service answers at ${url} (${cause}); is guiche serve running with this configuration?`,
    );
  }
}
