export interface BackoffSettings {
  /** Upper end of the first wait, in milliseconds; it doubles with each wait. */
  readonly firstMs: number;
  /** Upper end of the longest wait. */
  readonly longestMs: number;
  /** From 0 to below 1. */
  readonly random: () => number;
}

/** Waits that grow, at random below their upper end, so that receivers do not come back all at once. */
export interface Backoff {
  /** The next wait, in milliseconds; never shorter than what the holder asks for. */
  next(atLeastMs?: number): number;
}

/** Creates a back-off with full jitter. */
export function createBackoff({ firstMs, longestMs, random }: BackoffSettings): Backoff {
  let ceiling = Math.min(firstMs, longestMs);
  return {
    next(atLeastMs = 0) {
      const wait = random() * ceiling;
      ceiling = Math.min(ceiling * 2, longestMs);
      // What is asked for is exceeded by the same share of chance: it was told to everybody.
      return atLeastMs > 0 ? atLeastMs + wait : wait;
    },
  };
}
