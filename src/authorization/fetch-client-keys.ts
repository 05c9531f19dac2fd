import { decodeProtectedHeader } from 'jose';
import Provider from 'oidc-provider';
import type { DirectoryTrust, PublicJwk } from '../directory/directory-trust.ts';

/** The public keys at a receiver's `jwks_uri`. Rejects when the directory has none to offer. */
export type ClientKeys = (jwksUri: string) => Promise<readonly PublicJwk[]>;

/**
 * Makes what asks the directory for keys of receivers. A key id that a presented signature names is passed on, so that a
 * key that was added a moment ago is found.
 */
export function createClientKeys(trust: Pick<DirectoryTrust, 'keys'>): ClientKeys {
  return async (jwksUri) => {
    const [first, ...others] = presentedKeyIds();
    let keys = await trust.keys(jwksUri, first);
    for (const kid of others) keys = await trust.keys(jwksUri, kid);
    return keys;
  };
}

/** Makes the library's `fetch`: it gets keys of receivers and fetches nothing else whatsoever. */
export function createFetchClientKeys(
  clientKeys: ClientKeys,
): (input: string | URL | Request) => Promise<Response> {
  return async (input) =>
    Response.json({ keys: await clientKeys(input instanceof Request ? input.url : String(input)) });
}

function presentedKeyIds(): string[] {
  const params = Provider.ctx?.oidc?.params;
  const ids = [params?.client_assertion, params?.request].map(keyIdOf);
  return [...new Set(ids.filter((kid) => kid !== undefined))];
}

function keyIdOf(jws: unknown): string | undefined {
  if (typeof jws !== 'string') return undefined;
  try {
    const { kid } = decodeProtectedHeader(jws);
    return typeof kid === 'string' ? kid : undefined;
  } catch {
    return undefined;
  }
}
