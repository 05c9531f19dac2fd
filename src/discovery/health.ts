/** Something that keeps endpoints from answering as they should. */
export interface Impairment {
  /** Operation keys, or `all` for every endpoint. */
  readonly endpoints: readonly string[] | 'all';
  /** Narrows `all` to one ecosystem. */
  readonly ecosystem?: string;
  /** In Portuguese, for everyone to read: nothing about how the institution works inside. */
  readonly reason: string;
  /** When it was detected, in milliseconds since the epoch. */
  readonly since: number;
  /** When it is expected to be over, if somebody knows. */
  readonly expectedBy?: number;
}

/** One place that knows of impairments. It is asked about once a second and answers at once, from memory. */
export type HealthSource = () => readonly Impairment[];

/** Everything that guiche knows about its own health. */
export interface Health {
  /** Adds a source. */
  add(source: HealthSource): void;
  /** What impairs the institution now, by all sources. */
  impairments(): readonly Impairment[];
  /** For sources that hear of a change: what was computed from the old state is then computed anew at once. */
  changed(): void;
  /** Another number after every change that was told. */
  readonly revision: number;
}

/**
 * Creates the health of an institution from its sources.
 *
 * @param onFault told of a source that threw, once until it works again; the others are heard all the same
 */
export function createHealth(
  sources: readonly HealthSource[] = [],
  onFault: (error: unknown) => void = () => {},
): Health {
  const all = [...sources];
  const faulty = new Set<HealthSource>();
  let revision = 0;

  function ask(source: HealthSource): readonly Impairment[] {
    try {
      const found = source();
      faulty.delete(source);
      return found;
    } catch (error) {
      if (!faulty.has(source)) onFault(error);
      faulty.add(source);
      return [];
    }
  }

  return {
    add(source) {
      all.push(source);
      revision += 1;
    },
    impairments: () => all.flatMap(ask),
    changed() {
      revision += 1;
    },
    get revision() {
      return revision;
    },
  };
}
