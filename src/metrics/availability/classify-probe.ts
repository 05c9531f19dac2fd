import { type Finding, PROBE_CODES, type ProbeCode } from '../metrics-store.ts';

/** What a status endpoint answered. */
export interface StatusAnswer {
  readonly status: number;
  /** The parsed body. */
  readonly body: unknown;
}

const NO_ANSWER: Finding = { code: 'NO_ANSWER', unavailableEndpoints: [] };

/**
 * Reads the finding of a probe off the status endpoint's answer. Of several entries the most severe code counts, with
 * the endpoints of all entries: a scheduled outage does not excuse a failure beside it.
 *
 * @param answer undefined when there was none within the time limit
 * @param baseUrl public origin, which the answer's endpoints begin with
 */
export function classifyProbe(answer: StatusAnswer | undefined, baseUrl: string): Finding {
  if (!answer) return NO_ANSWER;
  // 5xx is the holder's failure; 4xx is, by the same rule, the caller's, and no downtime.
  if (answer.status >= 500) return { code: 'UNAVAILABLE', unavailableEndpoints: [] };
  if (answer.status >= 400) return { code: 'OK', unavailableEndpoints: [] };
  const entries = readEntries(answer.body);
  if (!entries) return NO_ANSWER;

  const failures = entries.filter(({ code }) => code !== 'OK');
  const worst = failures.reduce<ProbeCode>(
    (code, entry) => (severity(entry.code) > severity(code) ? entry.code : code),
    'OK',
  );
  // Only a partial failure leaves something up without saying what.
  const isAllDown = failures.some(
    ({ code, endpoints }) => code !== 'PARTIAL_FAILURE' && endpoints.length === 0,
  );
  if (isAllDown)
    return { code: worst === 'PARTIAL_FAILURE' ? 'UNAVAILABLE' : worst, unavailableEndpoints: [] };
  const paths = failures.flatMap(({ endpoints }) => endpoints.map((url) => pathOf(url, baseUrl)));
  return { code: worst, unavailableEndpoints: [...new Set(paths)].sort() };
}

interface Entry {
  readonly code: ProbeCode;
  readonly endpoints: readonly string[];
}

function readEntries(body: unknown): Entry[] | undefined {
  const list = (body as { data?: { status?: unknown } } | null | undefined)?.data?.status;
  if (!Array.isArray(list) || list.length === 0) return undefined;
  const entries = list.map((item: { code?: unknown; unavailableEndpoints?: unknown } | null): Entry => {
    const endpoints = Array.isArray(item?.unavailableEndpoints) ? item.unavailableEndpoints : [];
    return { code: item?.code as ProbeCode, endpoints: endpoints.filter((url) => typeof url === 'string') };
  });
  return entries.every(({ code }) => PROBE_CODES.includes(code)) ? entries : undefined;
}

function severity(code: ProbeCode): number {
  return PROBE_CODES.indexOf(code);
}

function pathOf(url: string, baseUrl: string): string {
  const path = url.startsWith(baseUrl)
    ? url.slice(baseUrl.length)
    : url.replace(/^[a-z][a-z0-9+.-]*:\/\/[^/]*/i, '');
  return path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path;
}
