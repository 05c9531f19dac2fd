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
  return (
    since !== undefined &&
    HTTP_DATE.test(since) &&
    Math.floor(lastModified / 1000) * 1000 <= Date.parse(since)
  );
}

/** Any other text is to be ignored, though `Date.parse` would make a date of much of it. */
const HTTP_DATE = /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/;
