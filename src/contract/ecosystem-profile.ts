import type { OperationKind, Tier } from './operation.ts';

/** What differs between ecosystems, as data: `catalog/<ecosystem>/profile.yaml`. */
export interface EcosystemProfile {
  readonly ecosystem: string;
  /** First segments of every path of the ecosystem, such as `/open-insurance`; `/` for what belongs to no other. */
  readonly basePath: string;
  /** Rules that name the kind and tier of an operation, first match wins; the rest is open data or customer data. */
  readonly kinds: readonly KindRule[];
  /** Tier of operations that no rule names. */
  readonly tier: Tier;
  /** Parameters matched against a record member of another name: parameter to `/`-separated trailing member names. */
  readonly filters: Readonly<Record<string, string>>;
  readonly headers?: HeaderRules;
  /** What a missing end of a span of dates stands for in reads of customer data; without it the span is open. */
  readonly missingDates?: 'today';
  /** Reads of customer data whose spans of dates may not begin long ago, by their paths; first match wins. */
  readonly recentSpans?: readonly RecentSpanRule[];
  /** Folders of the catalog with APIs that only consents open: of no use where nobody holds any. */
  readonly consented?: readonly string[];
  /** How its regulator words the state of an institution; absent where no operation tells it. */
  readonly status?: StatusRule;
}

export interface StatusRule {
  /** When a failure is called UNAVAILABLE: once everything is down, or once a whole API is. */
  readonly unavailableWhen: 'everything' | 'api';
}

/** What an ecosystem asks of request headers, where that differs from its contracts. */
export interface HeaderRules {
  /** Headers that callers may leave out although the contract requires them. */
  readonly lenient: readonly LenientHeader[];
}

export interface LenientHeader {
  /** Path below the base path, as in {@link KindRule}. */
  readonly path: string;
  /** In lower case. */
  readonly name: string;
}

export interface RecentSpanRule {
  /** Path below the base path, as in {@link KindRule}. */
  readonly path: string;
  /** How many days a span may reach back, today included. */
  readonly days: number;
}

export interface KindRule {
  /** Path below the base path; `*` stands for one segment, a last `**` for any further ones. */
  readonly path: string;
  readonly kind: OperationKind;
  readonly tier: Tier;
}

/** The profile whose base path is the longest that a path starts with. */
export function findProfile(
  profiles: readonly EcosystemProfile[],
  path: string,
): EcosystemProfile | undefined {
  const matches = profiles.filter(
    ({ basePath }) => basePath === '/' || path === basePath || path.startsWith(`${basePath}/`),
  );
  return matches.sort((a, b) => b.basePath.length - a.basePath.length)[0];
}

/** The kind and tier of an operation by its profile's rules and, failing those, by whether it demands a token. */
export function classify(
  profile: EcosystemProfile,
  path: string,
  open: boolean,
): { kind: OperationKind; tier: Tier } {
  const below = pathBelow(profile, path);
  const rule = profile.kinds.find(({ path: pattern }) => matches(pattern, below));
  return rule ?? { kind: open ? 'open-data' : 'customer-data', tier: profile.tier };
}

/** Tells whether callers of a path may leave out a header that its contract requires. */
export function isHeaderLenient(profile: EcosystemProfile, path: string, header: string): boolean {
  const below = pathBelow(profile, path);
  const rules = profile.headers?.lenient ?? [];
  return rules.some(({ path: pattern, name }) => name === header.toLowerCase() && matches(pattern, below));
}

/** How many days, today included, a span of dates may reach back in reads of a path; undefined where nothing limits it. */
export function recentDaysOf(profile: EcosystemProfile, path: string): number | undefined {
  const below = pathBelow(profile, path);
  return profile.recentSpans?.find(({ path: pattern }) => matches(pattern, below))?.days;
}

function pathBelow({ basePath }: EcosystemProfile, path: string): string {
  return basePath === '/' ? path : path.slice(basePath.length);
}

function matches(pattern: string, path: string): boolean {
  const wanted = pattern.split('/');
  const given = path.split('/');
  if (wanted.at(-1) === '**')
    return given.length >= wanted.length - 1 && segmentsMatch(wanted.slice(0, -1), given);
  return wanted.length === given.length && segmentsMatch(wanted, given);
}

function segmentsMatch(wanted: string[], given: string[]): boolean {
  return wanted.every((segment, index) => segment === '*' || segment === given[index]);
}
