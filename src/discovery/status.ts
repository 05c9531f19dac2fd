import type { StatusRule } from '../contract/ecosystem-profile.ts';
import { formatDateTime } from '../contract/error-shape.ts';
import type { Operation } from '../contract/operation.ts';
import { endpointUrl } from './endpoint-url.ts';
import type { Impairment } from './health.ts';
import type { Outage } from './outage.ts';
import { outageConcerns } from './outage-concerns.ts';

const HOUR = 3_600_000;
const LAST_INSTANT = Date.UTC(9999, 11, 31, 23, 59, 59);

/** The strictest contract's limits on an entry. */
const LONGEST_EXPLANATION = 2000;
const MOST_ENDPOINTS = 1000;
const LONGEST_ENDPOINT = 2000;

const EXPLANATIONS = {
  ok: 'Todas as APIs operam normalmente.',
  everything: 'Nenhuma API está atendendo no momento.',
  api: 'Há APIs que não estão atendendo no momento.',
  endpoints: 'Há endpoints que não estão atendendo no momento.',
  outage: 'Interrupção programada em andamento.',
};

/** One entry of the answer of status, with every member that some version of it declares. */
export interface StatusEntry {
  readonly code: 'OK' | 'PARTIAL_FAILURE' | 'UNAVAILABLE' | 'SCHEDULED_OUTAGE';
  readonly explanation: string;
  readonly detectionTime?: string;
  readonly expectedResolutionTime?: string;
  readonly updateTime: string;
  readonly unavailableEndpoints?: readonly string[];
}

/** What the state of an institution in one ecosystem follows from. */
export interface StatusFacts {
  readonly ecosystem: string;
  readonly rule: StatusRule;
  /** Every operation of the ecosystem. */
  readonly operations: readonly Operation[];
  /** Tells whether the institution offers an operation: what it does not offer cannot be down. */
  readonly isOffered: (operation: Operation) => boolean;
  readonly impairments: readonly Impairment[];
  /** The outages that are running now, of whatever ecosystem. */
  readonly outages: readonly Outage[];
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly baseUrl: string;
}

/**
 * Computes the state of an institution as its regulator words it: one entry OK, or the entries that apply, in order
 * UNAVAILABLE, PARTIAL_FAILURE and one SCHEDULED_OUTAGE for each outage that is running, by start.
 *
 * An endpoint that fails while an outage covers it is explained by the outage, unless it failed before that began.
 * `docs/status.md` states every rule.
 */
export function computeStatus(facts: StatusFacts): readonly StatusEntry[] {
  const keys = new Set(facts.operations.map(({ key }) => key));
  const outages = facts.outages
    .filter((outage) => outageConcerns(outage, facts.ecosystem, keys))
    .sort((a, b) => a.startsAt - b.startsAt);
  const down = failuresOf(facts, outages);
  const entries = [
    ...failureEntries(facts, down, blanketsOf(facts, outages)),
    ...outages.map((outage) => outageEntry(facts, outage)),
  ];
  if (entries.length > 0) return entries;
  return [{ code: 'OK', explanation: EXPLANATIONS.ok, updateTime: formatDateTime(facts.now) }];
}

/** The operations that are down for another reason than an outage, each with what impairs it. */
type Failures = ReadonlyMap<Operation, readonly Impairment[]>;

function failuresOf(facts: StatusFacts, outages: readonly Outage[]): Failures {
  const named = new Map<string, Impairment[]>();
  for (const impairment of facts.impairments) {
    if (impairment.endpoints === 'all') continue;
    for (const key of impairment.endpoints) named.set(key, [...(named.get(key) ?? []), impairment]);
  }
  const blankets = blanketsOf(facts, []);
  const down = new Map<Operation, readonly Impairment[]>();
  for (const operation of facts.operations) {
    // Whoever reads the answer of status knows that it works.
    if (operation.kind === 'status') continue;
    const offered = operation.kind !== 'outages' && facts.isOffered(operation) ? blankets : [];
    const causes = [...(named.get(operation.key) ?? []), ...offered].filter(
      ({ since }) => !outages.some((outage) => covers(outage, operation.key) && since >= outage.startsAt),
    );
    if (causes.length > 0) down.set(operation, causes);
  }
  return down;
}

/** The impairments of the whole ecosystem that no total outage explains. */
function blanketsOf({ impairments, ecosystem }: StatusFacts, outages: readonly Outage[]): Impairment[] {
  return impairments.filter(
    (impairment) =>
      impairment.endpoints === 'all' &&
      (impairment.ecosystem ?? ecosystem) === ecosystem &&
      !outages.some((outage) => !outage.isPartial && impairment.since >= outage.startsAt),
  );
}

function covers(outage: Outage, key: string): boolean {
  return !outage.isPartial || outage.endpoints.includes(key);
}

function failureEntries(facts: StatusFacts, down: Failures, blankets: readonly Impairment[]): StatusEntry[] {
  const unavailable = blankets.length > 0 ? new Set(down.keys()) : unavailableOf(facts, down);
  const isEverything = blankets.length > 0 || facts.rule.unavailableWhen === 'everything';
  const partial = [...down.keys()].filter((operation) => !unavailable.has(operation));
  const entries: StatusEntry[] = [];
  if (unavailable.size > 0 || blankets.length > 0) {
    const explanation = isEverything ? EXPLANATIONS.everything : EXPLANATIONS.api;
    entries.push(failureEntry(facts, 'UNAVAILABLE', explanation, down, unavailable, blankets));
  }
  if (partial.length > 0)
    entries.push(failureEntry(facts, 'PARTIAL_FAILURE', EXPLANATIONS.endpoints, down, new Set(partial), []));
  return entries;
}

/** The operations that are down together with all that the rule asks for. */
function unavailableOf(facts: StatusFacts, down: Failures): ReadonlySet<Operation> {
  const offered = facts.operations.filter(
    (operation) => !isDiscovery(operation) && (down.has(operation) || facts.isOffered(operation)),
  );
  const isDown = (operation: Operation) => down.has(operation);
  if (facts.rule.unavailableWhen === 'everything')
    return new Set(offered.length > 0 && offered.every(isDown) ? down.keys() : []);
  const apis = Map.groupBy(offered, apiOf);
  return new Set([...apis.values()].filter((operations) => operations.every(isDown)).flat());
}

function isDiscovery({ kind }: Operation): boolean {
  return kind === 'status' || kind === 'outages';
}

/** Versions of an API are registered, called and lost each for itself. */
function apiOf({ path, api }: Operation): string {
  return /^.*?\/v\d+(?=\/|$)/.exec(path)?.[0] ?? api;
}

function failureEntry(
  facts: StatusFacts,
  code: StatusEntry['code'],
  explanation: string,
  down: Failures,
  operations: ReadonlySet<Operation>,
  blankets: readonly Impairment[],
): StatusEntry {
  const causes = new Set([...blankets, ...[...operations].flatMap((operation) => down.get(operation) ?? [])]);
  const reasons = new Set([...causes].map(({ reason }) => reason.trim()));
  const keys = [...operations].map(({ key }) => key);
  return {
    code,
    explanation: wording([explanation, ...reasons].filter(Boolean).join(' ')),
    detectionTime: formatDateTime(Math.min(...[...causes].map(({ since }) => detected(since, facts.now)))),
    expectedResolutionTime: formatDateTime(
      Math.max(...[...causes].map((cause) => expected(cause, facts.now))),
    ),
    updateTime: formatDateTime(facts.now),
    ...unavailableEndpoints(facts.baseUrl, keys),
  };
}

function outageEntry({ now, baseUrl, operations, isOffered }: StatusFacts, outage: Outage): StatusEntry {
  const offered = operations.filter((operation) => !isDiscovery(operation) && isOffered(operation));
  const keys = outage.isPartial ? outage.endpoints : offered.map(({ key }) => key);
  return {
    code: 'SCHEDULED_OUTAGE',
    explanation: wording(outage.explanation) || EXPLANATIONS.outage,
    detectionTime: formatDateTime(outage.startsAt),
    expectedResolutionTime: formatDateTime(outage.startsAt + outage.durationMs),
    updateTime: formatDateTime(now),
    ...unavailableEndpoints(baseUrl, keys),
  };
}

/** Detection is never in the future, whatever a source's clock says. */
function detected(since: number, now: number): number {
  return since >= 0 && since <= now ? since : now;
}

/** What somebody expects, while that is still to come; else the next full hour since detection, again and again. */
function expected({ since, expectedBy }: Impairment, now: number): number {
  if (expectedBy !== undefined && expectedBy > now && expectedBy <= LAST_INSTANT) return expectedBy;
  const from = detected(since, now);
  return from + (Math.floor((now - from) / HOUR) + 1) * HOUR;
}

function wording(text: string): string {
  const trimmed = text.trim();
  // The contracts count characters, not the units that JavaScript stores them in.
  return trimmed.length <= LONGEST_EXPLANATION
    ? trimmed
    : [...trimmed].slice(0, LONGEST_EXPLANATION).join('').trimEnd();
}

function unavailableEndpoints(
  baseUrl: string,
  keys: readonly string[],
): Pick<StatusEntry, 'unavailableEndpoints'> {
  const urls = [...new Set(keys.map((key) => endpointUrl(baseUrl, key)))]
    .filter((url) => url.length <= LONGEST_ENDPOINT)
    .sort()
    .slice(0, MOST_ENDPOINTS);
  return urls.length > 0 ? { unavailableEndpoints: urls } : {};
}
