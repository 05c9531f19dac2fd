import { decodeProtectedHeader } from 'jose';
import Provider from 'oidc-provider';
import type { DirectoryTrust } from '../directory/directory-trust.ts';

/**
 * Makes the library's `fetch`: it asks the directory for keys of receivers and fetches nothing else whatsoever. A key id
 * that a presented signature names is passed on, so that a key that was added a moment ago is found.
 */
export function createFetchClientKeys(
  trust: Pick<DirectoryTrust, 'keys'>,
): (input: string | URL | Request) => Promise<Response> {
  return async (input) => {
    const uri = input instanceof Request ? input.url : String(input);
    const [first, ...others] = presentedKeyIds();
    let keys = await trust.keys(uri, first);
    for (const kid of others) keys = await trust.keys(uri, kid);
    return Response.json({ keys });
  };
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
