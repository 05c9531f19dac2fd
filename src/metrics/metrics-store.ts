/**
 * The figures of one endpoint that add up: two of them, over any nodes, batches, minutes or days, make a third by
 * adding every member (the arrays element by element). All are whole numbers, so the sum never depends on the order.
 */
export interface Counts {
  /** Answers delivered, whatever their status. */
  readonly calls: number;
  /** Those with a token and without a customer waiting. */
  readonly unattendedCalls: number;
  /** Answers 500–599 but 529. */
  readonly errors: number;
  /** Answers 429 and 529. */
  readonly rejections: number;
  /** Calls whose duration counts: all but rejections. */
  readonly timedCalls: number;
  /** Sum of the durations of `timedCalls`, in microseconds. */
  readonly durationMicros: number;
  /** The part of `timedCalls` that is unattended. */
  readonly unattendedTimedCalls: number;
  readonly unattendedDurationMicros: number;
  /** `timedCalls` by duration: one element per bucket of `LATENCY_BOUNDS_MS`, and a last one for what is slower. */
  readonly latency: readonly number[];
}

/** What one node counted for one endpoint in one minute, or in the part of it that one batch holds. */
export interface MinuteCounts extends Counts {
  /** `operation.key`. */
  readonly endpoint: string;
  readonly ecosystem: string;
  /** Start of the minute, in milliseconds since the epoch (UTC). */
  readonly minute: number;
  /** Calls in each of the minute's 60 seconds. It adds up as the rest does; the endpoint's peak is the largest sum. */
  readonly seconds: readonly number[];
}

/** Calls to all endpoints of an ecosystem in each second of a minute: the sum of the endpoints' `seconds`. */
export interface SecondCounts {
  readonly ecosystem: string;
  /** Start of the minute, in milliseconds since the epoch (UTC). */
  readonly minute: number;
  /** 60 elements. */
  readonly seconds: readonly number[];
}

/** Everything that one node counted between two flushes. */
export interface Batch {
  /** UUID of the process; a restarted process has another. */
  readonly node: string;
  /** Grows with every batch of a node, with gaps. A node sends its batches in this order, one at a time. */
  readonly sequence: number;
  /** At most one element per endpoint and minute. */
  readonly minutes: readonly MinuteCounts[];
  /** At most one element per ecosystem and minute. */
  readonly seconds: readonly SecondCounts[];
}

/** What all nodes counted for one endpoint on one calendar day. */
export interface DayCounts extends Counts {
  readonly endpoint: string;
  readonly ecosystem: string;
  /** `YYYY-MM-DD` in the regulatory time zone. */
  readonly day: string;
  /** The most calls of any one second of the day, all nodes together. */
  readonly peak: number;
}

/** The most calls that an ecosystem answered in any one second of a day, all endpoints and nodes together. */
export interface PeakTps {
  readonly ecosystem: string;
  readonly day: string;
  readonly peak: number;
}

/** What a probe of the status endpoint can find, from the least to the most severe. */
export const PROBE_CODES = ['OK', 'SCHEDULED_OUTAGE', 'PARTIAL_FAILURE', 'UNAVAILABLE', 'NO_ANSWER'] as const;
export type ProbeCode = (typeof PROBE_CODES)[number];

/** What a probe found. */
export interface Finding {
  readonly code: ProbeCode;
  /**
   * Full path templates of the endpoints that were down. Empty with OK; empty with any other code when it does not say
   * which: all of them for SCHEDULED_OUTAGE, UNAVAILABLE and NO_ANSWER, unknown ones for PARTIAL_FAILURE.
   */
  readonly unavailableEndpoints: readonly string[];
}

/** The finding of one 30-second slot. */
export interface Probe extends Finding {
  readonly ecosystem: string;
  /** Milliseconds since the epoch divided by 30,000, rounded down. */
  readonly slot: number;
}

/** Slots in a row with the same finding: `fromSlot` to before `toSlot`. */
export interface ProbeRun extends Finding {
  readonly fromSlot: number;
  readonly toSlot: number;
}

/** What is known of an ecosystem's slots. A slot that no run covers has no probe. */
export interface ProbeHistory {
  readonly ecosystem: string;
  /** The first slot ever probed, which may lie before the range that was asked for. */
  readonly firstSlot: number;
  /** Ascending and without overlap, cut to the range that was asked for. */
  readonly runs: readonly ProbeRun[];
}

/**
 * Where counts and probes are kept, for all nodes together. Every method rejects, within two seconds, while the store
 * is away.
 *
 * Minutes are UTC; days are calendar days of the regulatory time zone, which the implementation is created with: a
 * minute belongs to the day in which it begins, found with `createDayOf(timeZone)` or the database's own `at time zone`.
 */
export interface MetricsStore {
  /**
   * Adds a batch, whole or not at all. Exactly once by (`node`, `sequence`): a batch whose sequence is not above the
   * last one added for its node is acknowledged and changes nothing, so that a batch may be sent again after an
   * ambiguous failure, even while the first attempt is still under way. Minutes may be days old, and may lie before
   * what has been rolled up: they are added all the same.
   */
  append(batch: Batch): Promise<void>;

  /**
   * The counts of each endpoint on each day from `fromDay` to `toDay`, both included, whether rolled up or not. A day
   * on which an endpoint had no call has no element. In no order.
   */
  readDays(fromDay: string, toDay: string): Promise<DayCounts[]>;

  /** The peak of each ecosystem on each day from `fromDay` to `toDay`, both included; none for days without calls. */
  readPeaks(fromDay: string, toDay: string): Promise<PeakTps[]>;

  /**
   * Keeps probes, one for each slot and ecosystem over all nodes: of two the less severe stays, by the order of
   * {@link PROBE_CODES}, the earlier one when they are equal. Sending probes again changes nothing.
   */
  appendProbes(probes: readonly Probe[]): Promise<void>;

  /**
   * What is known of each ecosystem's slots from `fromSlot` to before `toSlot`. An ecosystem that was ever probed has
   * an element even when the range holds none of its probes.
   */
  readAvailability(fromSlot: number, toSlot: number): Promise<ProbeHistory[]>;

  /**
   * Folds minutes that began before `before` (milliseconds since the epoch) into their days, and probes of slots that
   * ended before it into runs, and forgets the single ones. What the read methods answer stays the same. Any number of
   * nodes may call it at once. A day's peak is exact over nodes for minutes delivered before they are folded; of one
   * delivered later only its own seconds can raise the peak.
   */
  rollUp(before: number): Promise<void>;
}
