import type { JourneyWording } from './read-journey-wording.ts';

/** A particular of what is asked for, such as the policy that is to be changed. */
export interface ShownDetail {
  readonly label: string;
  readonly value: string;
}

type Details = Readonly<Record<string, unknown>>;

/**
 * Words the particulars of a request, in the order of the wording. Throws when one has no label: nobody may be asked to
 * agree to what is not shown.
 */
export function describeDetails(
  details: Details | undefined,
  { details: labels, words }: JourneyWording,
): ShownDetail[] {
  if (details === undefined) return [];
  const unworded = leavesOf(details, []).find((path) => !path.some((_, end) => labels.has(join(path, end))));
  if (unworded) throw new Error('the wording has no label for a particular of the request');
  return [...labels].flatMap(([path, label]) => {
    const value = valueAt(details, path.split('.'));
    return value === undefined || value === null ? [] : [{ label, value: describeValue(value, words) }];
  });
}

function leavesOf(content: unknown, path: readonly string[]): string[][] {
  if (content === undefined || content === null) return [];
  if (typeof content !== 'object' || Array.isArray(content)) return [[...path]];
  return Object.entries(content).flatMap(([name, inner]) => leavesOf(inner, [...path, name]));
}

function join(path: readonly string[], end: number): string {
  return path.slice(0, end + 1).join('.');
}

function valueAt(content: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (inner, name) =>
      typeof inner === 'object' && inner !== null && Object.hasOwn(inner, name)
        ? (inner as Details)[name]
        : undefined,
    content,
  );
}

function describeValue(value: unknown, words: JourneyWording['words']): string {
  if (Array.isArray(value)) return value.map((item) => describeValue(item, words)).join(', ');
  if (typeof value !== 'object' || value === null) return words.get(String(value)) ?? String(value);
  return Object.values(value)
    .map((inner) => describeValue(inner, words))
    .join(' ');
}
