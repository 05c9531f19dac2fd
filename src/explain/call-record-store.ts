import type { CallRecord } from './call-record.ts';

/** Calls that are kept together. A batch never changes: it may be sent again when nobody knows whether it was stored. */
export interface CallBatch {
  /** UUID. */
  readonly id: string;
  /** When the newest of its calls was answered, in milliseconds since the epoch. */
  readonly at: number;
  /** Interaction ids of its calls, each once, in lower case. */
  readonly interactionIds: readonly string[];
  /** JSON: an array of `CallRecord`. */
  readonly calls: string;
}

/** Where calls are kept for `guiche explain`. Every method rejects while the database is away. */
export interface CallRecordStore {
  /** Keeps a batch; once, however often it is sent. A crash of the database may lose what came in the last moments. */
  append(batch: CallBatch): Promise<void>;
  /**
   * The newest calls of an interaction id, newest first: receivers may send the same one again.
   *
   * @param interactionId in lower case
   */
  find(interactionId: string, limit: number): Promise<CallRecord[]>;
  /** Forgets the days (UTC) that were over before the day of an instant began. */
  forgetBefore(at: number): Promise<void>;
}
