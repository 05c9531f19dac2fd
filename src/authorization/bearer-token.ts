/** RFC 6750, §2.1: the scheme in any case, one space or more, a token68. Longer tokens than 512 characters are none of ours. */
const BEARER = /^bearer +([A-Za-z0-9\-._~+/]{1,512}=*)$/i;

/** The token of an `authorization` header, or undefined when it holds no bearer token. */
export function bearerTokenOf(authorization: string | string[] | undefined): string | undefined {
  return typeof authorization === 'string' ? BEARER.exec(authorization)?.[1] : undefined;
}
