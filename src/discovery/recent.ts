/** Values that may be given again for a short while. */
export interface Recent<T> {
  /** The value of a key, made anew when none is recent. */
  get(key: string, make: () => T): T;
}

/** Keys come from callers; what goes beyond is made each time, and all of it is forgotten soon anyway. */
const MOST_KEPT = 500;
const LONGEST_KEY = 256;

/**
 * Creates a memory of computed values. All are forgotten together: `keepMs` after the first of them was made, and
 * whenever the revision is another.
 */
export function createRecent<T>(settings: {
  readonly now: () => number;
  readonly keepMs: number;
  readonly revision: () => string;
}): Recent<T> {
  const { now, keepMs, revision } = settings;
  const kept = new Map<string, T>();
  let madeAt = Number.NaN;
  let madeOf = '';

  return {
    get(key, make) {
      const at = now();
      const current = revision();
      // A clock that was set back must not keep them for longer.
      const isFresh = at - madeAt < keepMs && at >= madeAt && current === madeOf;
      if (!isFresh) {
        kept.clear();
        madeAt = at;
        madeOf = current;
      }
      const known = kept.get(key);
      if (known !== undefined) return known;
      const made = make();
      if (kept.size < MOST_KEPT && key.length <= LONGEST_KEY) kept.set(key, made);
      return made;
    },
  };
}
