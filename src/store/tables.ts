import type { Generated } from 'kysely';

/** The tables as the newest migration leaves them. Numbers of type bigint are read as JavaScript numbers. */
export interface Tables {
  readonly node_batches: {
    node: string;
    sequence: number;
    stored_at: Generated<Date>;
  };
  readonly endpoints: {
    id: Generated<number>;
    ecosystem: string;
    key: string;
  };
  readonly endpoint_seconds: {
    /** Minutes since the epoch. */
    minute: number;
    endpoint: number;
    calls: number[];
  };
  readonly ecosystem_seconds: {
    minute: number;
    ecosystem: string;
    calls: number[];
  };
  readonly endpoint_days: {
    day: string;
    endpoint: number;
    calls: number;
    unattended_calls: number;
    errors: number;
    rejections: number;
    timed_calls: number;
    duration_micros: number;
    unattended_timed_calls: number;
    unattended_duration_micros: number;
    latency: number[];
    peak: number;
  };
  readonly ecosystem_days: {
    day: string;
    ecosystem: string;
    peak: number;
  };
  readonly probes: {
    ecosystem: string;
    slot: number;
    /** Index in `PROBE_CODES`: the larger, the more severe. */
    severity: number;
    unavailable: string[];
  };
  readonly probe_runs: {
    ecosystem: string;
    from_slot: number;
    to_slot: number;
    severity: number;
    unavailable: string[];
  };
  readonly outages: {
    id: string;
    ecosystem: string | null;
    /** Instants and durations are milliseconds, as in the port. */
    starts_at: number;
    duration_ms: number;
    duration: string;
    is_partial: boolean;
    explanation: string;
    endpoints: string[];
    announced_at: number;
    cancelled_at: number | null;
  };
}
