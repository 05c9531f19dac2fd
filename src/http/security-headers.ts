/**
 * The protections that both ecosystems' contracts describe as headers of every answer.
 * `cache-control` is the value for what must not be kept; open data has its own.
 */
export const SECURITY_HEADERS: readonly (readonly [string, string])[] = [
  ['content-type', 'application/json; charset=utf-8'],
  ['content-security-policy', "frame-ancestors 'none'"],
  ['strict-transport-security', 'max-age=31536000; includeSubDomains'],
  ['x-content-type-options', 'nosniff'],
  ['x-frame-options', 'DENY'],
];

/** For answers that nobody may keep. */
export const NO_STORE = ['cache-control', 'no-store'] as const;

/**
 * For open data: anyone may keep it and must ask before using it again, which a 304 answers without the body. Data
 * changes within seconds of its file, and so do answers.
 */
export const REVALIDATE = ['cache-control', 'public, no-cache'] as const;
