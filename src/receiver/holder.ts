import { UnusableAnswer } from './receiver-errors.ts';

/** A data holder as the list of participants has it: one of the authorisation servers of an organisation. */
export interface Holder {
  readonly organisationId: string;
  readonly authorisationServerId: string;
  /** The name that customers know. */
  readonly name: string;
  readonly issuer: string;
  readonly apis: readonly HolderApi[];
}

export interface HolderApi {
  /** `ApiFamilyType`, such as `consents`. */
  readonly family: string;
  readonly version: string;
  /** URLs; members of paths stand in braces. */
  readonly endpoints: readonly string[];
}

/** One endpoint of a holder, by the API that it belongs to. */
export interface EndpointName {
  readonly family: string;
  /** What the path of the endpoint ends in, with its braces: `/accounts/{accountId}/balances`. */
  readonly path: string;
  /** What stands for the braces. */
  readonly params?: Readonly<Record<string, string>>;
  /** A version, or the beginning of one, such as `2` or `2.4`; the newest unless it is said. */
  readonly version?: string;
}

/** What to read: an endpoint by its name, or its URL, or the path of its URL. */
export type Target = EndpointName | URL | string;

/** Members of a query; a list is sent as one member for each. */
export type Query = Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>;

/**
 * The URL of a target. Throws {@link UnusableAnswer} `elsewhere` for what is outside the APIs that the holder has in the
 * list of participants: a token never goes anywhere else.
 */
export function targetUrl(holder: Holder, target: Target, query: Query = {}): URL {
  const url = findUrl(holder, target);
  for (const [name, value] of Object.entries(query)) {
    if (value === undefined) continue;
    url.searchParams.delete(name);
    for (const one of Array.isArray(value) ? value : [value]) url.searchParams.append(name, String(one));
  }
  return url;
}

/** Whether two URLs belong to the same version of the same API of a holder. */
export function isSameApi(holder: Holder, one: URL, other: URL): boolean {
  return bases(holder).some((base) => isBelow(base, one) && isBelow(base, other));
}

/** The URL of an endpoint, or undefined when the holder does not have it. */
export function endpointUrl(
  { apis }: Holder,
  { family, path, params = {}, version }: EndpointName,
): URL | undefined {
  const [found] = apis
    .filter((api) => api.family === family && isVersion(api.version, version))
    .toSorted((a, b) => b.version.localeCompare(a.version, 'en', { numeric: true }))
    .flatMap(({ endpoints }) => shortest(endpoints.filter((endpoint) => endpoint.endsWith(path))));
  if (found === undefined) return undefined;
  const filled = found.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
    const value = params[name];
    if (value === undefined || value === '' || /^\.+$/.test(value))
      throw new TypeError(`the path needs a value for ${name}`);
    // Ids of consents are URNs; the colon needs no escape in a path, and not everybody takes one.
    return encodeURIComponent(value).replaceAll('%3A', ':');
  });
  return new URL(filled);
}

function findUrl(holder: Holder, target: Target): URL {
  if (typeof target === 'string' && target.startsWith('/')) return urlOfPath(holder, target);
  if (typeof target === 'string' || target instanceof URL) return admitted(holder, new URL(target));
  const url = endpointUrl(holder, target);
  if (url) return url;
  throw elsewhere(`the data holder has no endpoint ${target.path} of ${target.family}`);
}

function urlOfPath(holder: Holder, path: string): URL {
  const [base] = bases(holder).filter((one) => isBelow(one, new URL(path, one)));
  if (base === undefined) throw elsewhere('the data holder has no API at this path');
  return admitted(holder, new URL(path, base));
}

function admitted(holder: Holder, url: URL): URL {
  url.hash = '';
  if (url.username !== '' || url.password !== '' || !bases(holder).some((base) => isBelow(base, url)))
    throw elsewhere('the URL is outside the APIs that the data holder has in the list of participants');
  return url;
}

function elsewhere(message: string): UnusableAnswer {
  return new UnusableAnswer('elsewhere', message);
}

/** Each API's own part of the holder's URLs: up to the version in the path. */
function bases({ apis }: Holder): string[] {
  const found = apis.flatMap(({ endpoints }) =>
    endpoints.map((endpoint) => endpoint.match(/^https?:\/\/[^?#]*?\/v\d+\//)?.[0]),
  );
  return [...new Set(found.filter((base) => base !== undefined))];
}

function isBelow(base: string, url: URL): boolean {
  const { origin, pathname } = new URL(base);
  return url.origin === origin && url.pathname.startsWith(pathname);
}

/** `/accounts` is the end of `/v2/accounts`, and may be that of something deeper. */
function shortest(endpoints: readonly string[]): readonly string[] {
  return endpoints.toSorted((a, b) => a.length - b.length).slice(0, 1);
}

function isVersion(version: string, wanted: string | undefined): boolean {
  return wanted === undefined || version === wanted || version.startsWith(`${wanted}.`);
}
