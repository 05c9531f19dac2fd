/** An interruption that the holder announced. Instants are milliseconds since the epoch. */
export interface Outage {
  /** Unique; a UUID for what guiche makes itself. */
  readonly id: string;
  /** The ecosystem that it concerns; undefined when it concerns all of them. */
  readonly ecosystem: string | undefined;
  readonly startsAt: number;
  readonly durationMs: number;
  /** The duration as it was announced, ISO 8601, such as `PT2H30M`. */
  readonly duration: string;
  /** True when only the endpoints named are concerned. */
  readonly isPartial: boolean;
  /** Public text, read by other institutions and by the regulator. */
  readonly explanation: string;
  /** Operation keys of what is concerned, such as `GET /open-insurance/channels/v2/branches`; empty when all is. */
  readonly endpoints: readonly string[];
  readonly announcedAt: number;
  readonly cancelledAt: number | undefined;
}

/** Where an outage stands at an instant. It runs from its first millisecond up to, and without, its end. */
export type OutagePhase = 'scheduled' | 'running' | 'past' | 'cancelled';

/** The phase of an outage at an instant, in milliseconds since the epoch. What was cancelled stays cancelled. */
export function outagePhase({ startsAt, durationMs, cancelledAt }: Outage, now: number): OutagePhase {
  if (cancelledAt !== undefined && cancelledAt <= now) return 'cancelled';
  if (now < startsAt) return 'scheduled';
  return now < startsAt + durationMs ? 'running' : 'past';
}
