/** A parameter that filters records, and the member it is compared with. */
export interface RecordFilter {
  readonly parameter: string;
  /** Trailing member names: `['fipeCode']`, or `['services', 'type']` for a `type` inside `services`. */
  readonly members: readonly string[];
}

/**
 * What one record says about the filtering parameters.
 *
 * Values that stand in one object must match together: a product with several car models matches a code and a year
 * only when one model has both.
 */
export interface RecordMatch {
  /** Values listed by the side attribute `x-match`, by parameter. */
  readonly listed: Readonly<Record<string, readonly string[]>>;
  /** By place in the record (array indexes left out): the parameters found there and the combinations it holds. */
  readonly holders: readonly {
    readonly parameters: readonly string[];
    readonly combinations: ReadonlySet<string>;
  }[];
}

export const SIDE_ATTRIBUTE = 'x-match';
const SEPARATOR = '\u0001';
const ABSENT = '\u0000';

/** Combinations kept for one object; lists of values multiply, and a record that needs more is not a sensible one. */
const MAX_COMBINATIONS = 10_000;

/** Reads what a record says about the filters; undefined when it says nothing and so matches every value. */
export function readRecordMatch(record: unknown, filters: readonly RecordFilter[]): RecordMatch | undefined {
  const listed = readListed(record, filters);
  const holders = new Map<string, { parameters: Set<string>; objects: Map<string, string[]>[] }>();

  function visit(value: unknown, place: string, parents: readonly string[]): void {
    if (Array.isArray(value)) {
      for (const item of value) visit(item, place, parents);
      return;
    }
    if (typeof value !== 'object' || value === null) return;
    collect(value as Record<string, unknown>, place, parents);
    for (const [name, member] of Object.entries(value)) {
      if (typeof member === 'object' && member !== null && name !== SIDE_ATTRIBUTE)
        visit(member, `${place}/${name}`, [...parents, name]);
    }
  }

  function collect(members: Record<string, unknown>, place: string, parents: readonly string[]): void {
    const found = new Map<string, string[]>();
    for (const { parameter, members: names } of filters) {
      const name = names.at(-1) as string;
      const inside = names.slice(0, -1);
      const isThere =
        Object.hasOwn(members, name) &&
        inside.every((parent, index) => parents.at(index - inside.length) === parent);
      const values = isThere ? scalarsOf(members[name]) : [];
      if (values.length > 0) found.set(parameter, values);
    }
    if (found.size === 0) return;
    const holder = holders.get(place) ?? { parameters: new Set(), objects: [] };
    for (const parameter of found.keys()) holder.parameters.add(parameter);
    holder.objects.push(found);
    holders.set(place, holder);
  }

  visit(record, '', []);
  if (holders.size === 0 && Object.keys(listed).length === 0) return undefined;
  return {
    listed,
    holders: [...holders.values()].map(({ parameters, objects }) => {
      const names = [...parameters];
      return {
        parameters: names,
        combinations: new Set(objects.flatMap((object) => combine(names, object))),
      };
    }),
  };
}

/**
 * Gives what several records say alike one object. Most datasets say few different things, and what travels between
 * threads and is searched by every filtered request shrinks to those.
 */
export function createRecordMatchPool(): (match: RecordMatch | undefined) => RecordMatch | undefined {
  const known = new Map<string, RecordMatch>();
  return (match) => {
    if (!match) return undefined;
    const text = JSON.stringify([
      match.listed,
      match.holders.map((holder) => [holder.parameters, ...holder.combinations]),
    ]);
    const same = known.get(text);
    if (!same) known.set(text, match);
    return same ?? match;
  };
}

function readListed(record: unknown, filters: readonly RecordFilter[]): Record<string, string[]> {
  const side = (record as Record<string, unknown> | null)?.[SIDE_ATTRIBUTE];
  const listed: Record<string, string[]> = {};
  if (typeof side !== 'object' || side === null) return listed;
  for (const { parameter } of filters) {
    if (Object.hasOwn(side, parameter))
      listed[parameter] = scalarsOf((side as Record<string, unknown>)[parameter]);
  }
  return listed;
}

function scalarsOf(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(scalarsOf);
  return typeof value === 'object' || value === undefined ? [] : [String(value).trim()];
}

function combine(names: readonly string[], object: ReadonlyMap<string, string[]>): string[] {
  let combinations = [''];
  for (const [index, name] of names.entries()) {
    const values = (object.get(name) ?? [ABSENT]).slice(0, MAX_COMBINATIONS);
    const heads = combinations.slice(0, Math.floor(MAX_COMBINATIONS / values.length));
    combinations = heads.flatMap((head) =>
      values.map((value) => (index === 0 ? value : head + SEPARATOR + value)),
    );
  }
  return combinations;
}

/** Tells whether a record matches the given parameter values; a record without match data matches all. */
export function matchesRecord(
  match: RecordMatch | undefined,
  wanted: Readonly<Record<string, string>>,
): boolean {
  if (!match) return true;
  return Object.entries(wanted).every(([parameter, value]) => {
    const listed = match.listed[parameter];
    if (listed?.includes(value.trim())) return true;
    const holders = match.holders.filter(({ parameters }) => parameters.includes(parameter));
    if (holders.length === 0) return listed === undefined;
    return holders.some((holder) => holdsTogether(holder, match, wanted));
  });
}

/** One object of the place has every wanted value that this place knows, or lacks the member. */
function holdsTogether(
  holder: RecordMatch['holders'][number],
  match: RecordMatch,
  wanted: Readonly<Record<string, string>>,
): boolean {
  const choices = holder.parameters.map((parameter) => {
    const value = wanted[parameter]?.trim();
    const settled = value === undefined || match.listed[parameter]?.includes(value);
    return settled ? undefined : value;
  });
  if (choices.every((choice) => choice !== undefined)) {
    return alternatives(choices as string[]).some((combination) => holder.combinations.has(combination));
  }
  return [...holder.combinations].some((combination) => {
    const values = combination.split(SEPARATOR);
    return choices.every(
      (choice, index) => choice === undefined || values[index] === choice || values[index] === ABSENT,
    );
  });
}

function alternatives(values: readonly string[]): string[] {
  return values.reduce<string[]>(
    (heads, value, index) =>
      heads.flatMap((head) =>
        [value, ABSENT].map((choice) => (index === 0 ? choice : head + SEPARATOR + choice)),
      ),
    [''],
  );
}
