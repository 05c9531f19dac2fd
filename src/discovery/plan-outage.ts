import { randomUUID } from 'node:crypto';
import type { Operation } from '../contract/operation.ts';
import { nearMiss } from '../kernel/near-miss.ts';
import type { Outage } from './outage.ts';
import { parseDuration } from './parse-duration.ts';

const MINUTE = 60_000;
const DAY = 86_400_000;

/** Outages announced later than this do not count as announced: seven days, both regulators. */
const NOTICE = 7 * DAY;
/** A start this far in the past is the caller's clock or the time it took to send. */
const TOLERANCE = MINUTE;
/** A start further away is a slip of the pen. */
const FURTHEST = 366 * DAY;
const LONGEST_EXPLANATION = 2000;

/** An outage as somebody asks for it. */
export interface OutageRequest {
  /** The ecosystem that it concerns; all when absent. */
  readonly ecosystem?: string | undefined;
  /** `now`, or ISO 8601 with an offset: `2026-08-01T01:00:00-03:00`. */
  readonly startsAt: string;
  /** ISO 8601: `PT2H30M`. */
  readonly duration: string;
  readonly isPartial: boolean;
  /** In Portuguese: receivers and the regulator read it. */
  readonly explanation: string;
  /** Keys or paths of operations, when partial. */
  readonly endpoints?: readonly string[] | undefined;
}

/** What a request is judged by. */
export interface OutageSurroundings {
  /** All operations of the institution. */
  readonly operations: readonly Operation[];
  /** The outages announced so far. */
  readonly outages: readonly Outage[];
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly newId?: () => string;
}

/** Why an outage cannot be announced: the member of the request, and in English what is wrong with it. */
export interface OutageFault {
  readonly field: keyof OutageRequest;
  readonly message: string;
}

/** What is worth knowing about an outage that can be announced all the same. */
export interface OutageWarning {
  readonly code: 'short-notice' | 'overlap';
  readonly message: string;
}

export type PlannedOutage =
  | { readonly outage: Outage; readonly warnings: readonly OutageWarning[] }
  | { readonly faults: readonly OutageFault[] };

/** Judges a request for an outage: the outage to announce with warnings, or all its faults. */
export function planOutage(request: OutageRequest, surroundings: OutageSurroundings): PlannedOutage {
  const { now, newId = randomUUID } = surroundings;
  const faults: OutageFault[] = [];
  const report = (field: keyof OutageRequest) => (message: string) => {
    faults.push({ field, message });
    return undefined;
  };
  const ecosystem = checkEcosystem(request, surroundings, report('ecosystem'));
  const startsAt = readStart(request.startsAt, now, report('startsAt'));
  const duration = parseDuration(request.duration);
  if ('fault' in duration) report('duration')(duration.fault);
  checkExplanation(request.explanation, report('explanation'));
  const endpoints = readEndpoints({ ...request, ecosystem }, surroundings, report('endpoints'));
  if (faults.length > 0 || startsAt === undefined || 'fault' in duration) return { faults };

  const outage: Outage = Object.freeze({
    id: newId(),
    ecosystem: ecosystem ?? onlyEcosystemOf(endpoints),
    startsAt,
    durationMs: duration.ms,
    duration: request.duration,
    isPartial: request.isPartial,
    explanation: request.explanation,
    endpoints: Object.freeze(endpoints.map(({ key }) => key)),
    announcedAt: now,
    cancelledAt: undefined,
  });
  return { outage, warnings: warningsOf(outage, surroundings) };
}

type Report = (message: string) => undefined;

function checkEcosystem(
  { ecosystem }: OutageRequest,
  { operations }: OutageSurroundings,
  report: Report,
): string | undefined {
  if (ecosystem === undefined) return undefined;
  const known = new Set(operations.map((operation) => operation.ecosystem));
  if (known.has(ecosystem)) return ecosystem;
  return report(`there is no ecosystem "${ecosystem}"; there is ${[...known].sort().join(', ')}`);
}

const INSTANT = /^(\d{4}-\d{2}-\d{2})T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:\d{2})$/;

function readStart(text: string, now: number, report: Report): number | undefined {
  if (text === 'now') return now;
  const date = INSTANT.exec(text)?.[1];
  const at = date === undefined || !isDate(date) ? Number.NaN : Date.parse(text);
  if (Number.isNaN(at))
    return report(`"${text}" is no instant with an offset, such as 2026-08-01T01:00:00-03:00, nor "now"`);
  if (at < now - TOLERANCE)
    return report('the start is in the past: an outage is announced before it begins');
  if (at > now + FURTHEST) return report('the start is more than a year away');
  return Math.max(at, now);
}

/** The calendar has the day; date parsers let the 30th of February pass as the 2nd of March. */
function isDate(date: string): boolean {
  const at = Date.parse(`${date}T00:00:00Z`);
  return !Number.isNaN(at) && new Date(at).toISOString().startsWith(date);
}

function checkExplanation(text: string, report: Report): void {
  if (text.trim() === '') report('the explanation is empty; the regulator and receivers read it');
  else if (text !== text.trim()) report('the explanation begins or ends with a blank');
  // The contracts count characters, not the units that JavaScript stores them in.
  else if ([...text].length > LONGEST_EXPLANATION)
    report(`the explanation is longer than ${LONGEST_EXPLANATION} characters`);
}

function readEndpoints(
  { isPartial, ecosystem, endpoints = [] }: OutageRequest,
  { operations }: OutageSurroundings,
  report: Report,
): Operation[] {
  if (isPartial && endpoints.length === 0) report('a partial outage names the endpoints that it concerns');
  if (!isPartial && endpoints.length > 0)
    report('a total outage concerns every endpoint; make it partial to name some');
  const chosen = new Set<Operation>();
  for (const wanted of endpoints) {
    const name = wanted.length > 1 ? wanted.replace(/\/$/, '') : wanted;
    const found = operations.filter(({ key, path }) => key === name || path === name);
    const inside = found.filter((operation) => ecosystem === undefined || operation.ecosystem === ecosystem);
    if (found.length === 0) report(unknownEndpoint(wanted, operations));
    else if (inside.length === 0) report(`${wanted} does not belong to ${ecosystem}`);
    for (const operation of inside) chosen.add(operation);
  }
  return [...chosen];
}

function unknownEndpoint(wanted: string, operations: readonly Operation[]): string {
  const candidates = operations.map(({ key, path }) => (wanted.startsWith('/') ? path : key));
  const meant = nearMiss(wanted, candidates);
  const hint = meant === undefined ? '`guiche routes` lists them' : `did you mean ${meant}?`;
  return `no endpoint is called "${wanted}"; ${hint}`;
}

/** Naming endpoints of one ecosystem is naming the ecosystem. */
function onlyEcosystemOf(endpoints: readonly Operation[]): string | undefined {
  const [first, ...others] = new Set(endpoints.map(({ ecosystem }) => ecosystem));
  return others.length === 0 ? first : undefined;
}

function warningsOf(outage: Outage, { outages, now }: OutageSurroundings): OutageWarning[] {
  const warnings: OutageWarning[] = [];
  if (outage.startsAt - now < NOTICE) {
    const message = 'announced less than seven days ahead: the regulator counts it as downtime';
    warnings.push({ code: 'short-notice', message });
  }
  for (const other of outages) {
    if (!overlaps(outage, other)) continue;
    const from = new Date(other.startsAt).toISOString();
    const message = `overlaps with outage ${other.id}, from ${from} for ${other.duration}`;
    warnings.push({ code: 'overlap', message });
  }
  return warnings;
}

function overlaps(one: Outage, other: Outage): boolean {
  if (other.cancelledAt !== undefined) return false;
  const isSameTime =
    one.startsAt < other.startsAt + other.durationMs && other.startsAt < one.startsAt + one.durationMs;
  const isSamePlace =
    one.ecosystem === undefined || other.ecosystem === undefined || one.ecosystem === other.ecosystem;
  const isShared =
    !one.isPartial || !other.isPartial || one.endpoints.some((key) => other.endpoints.includes(key));
  return isSameTime && isSamePlace && isShared;
}
