import type { IncomingHttpHeaders } from 'node:http';

/**
 * Tells whether a conditional request already has the representation (RFC 9110, 13.2.2): `if-none-match` decides when
 * it is there, by weak comparison, and `if-modified-since` otherwise.
 *
 * Unlike browser-oriented checks it does not look at the request's `cache-control`: HTTP clients add `no-cache` to
 * conditional requests of their own accord.
 *
 * @param etag quoted entity tag
 * @param lastModified milliseconds since the epoch
 */
export function isNotModified(headers: IncomingHttpHeaders, etag: string, lastModified: number): boolean {
  const noneMatch = headers['if-none-match'];
  if (noneMatch !== undefined) {
    return (
      noneMatch.trim() === '*' || noneMatch.split(',').some((tag) => tag.trim().replace(/^W\//, '') === etag)
    );
  }
  const since = headers['if-modified-since'];
  return since !== undefined && Math.floor(lastModified / 1000) * 1000 <= Date.parse(since);
}
