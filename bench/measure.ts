/** What a figure must reach; a figure without a target is told for information. */
export type Target = { readonly atLeast: number } | { readonly atMost: number };

export type Verdict = 'reached' | 'not reached' | 'not measured' | 'for information';

/** One line of the table. */
export interface Figure {
  readonly name: string;
  /** Undefined where it could not be measured; `remark` then says why. */
  readonly value: number | undefined;
  readonly unit: string;
  readonly target?: Target;
  readonly remark?: string;
}

/** What another server was in this run: the version that was measured, or why it was not. */
export interface PeerRecord {
  readonly name: string;
  readonly measured: boolean;
  /** Version and settings, or the reason of its absence. */
  readonly remark: string;
}

/** All that one measure found. */
export interface Findings {
  readonly figures: readonly Figure[];
  readonly peers?: readonly PeerRecord[];
  /** Whatever is needed to judge the figures: single rounds, sizes, settings. Goes to the results file only. */
  readonly details: Readonly<Record<string, unknown>>;
}

/** How a measure is to be run. */
export interface RunSettings {
  /** Fewer and shorter rounds, to see that everything works; the figures are then not worth keeping. */
  readonly quick: boolean;
  /** Tells what is going on, one line at a time. */
  readonly tell: (line: string) => void;
}

/** One of the benchmarks: takes minutes, starts and stops every process that it needs. */
export type Measure = (settings: RunSettings) => Promise<Findings>;

/** Compares a figure with its target. */
export function verdictOf({ value, target }: Figure): Verdict {
  if (value === undefined) return 'not measured';
  if (!target) return 'for information';
  const isReached = 'atLeast' in target ? value >= target.atLeast : value <= target.atMost;
  return isReached ? 'reached' : 'not reached';
}
