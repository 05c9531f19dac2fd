import type { ProblemCode } from '../kernel/problem.ts';
import type { CallNotes } from './call-notes.ts';
import type { Operation } from './operation.ts';

/** One answered request of a known operation: what metrics, health and logs hear of it. */
export interface Answered {
  readonly operation: Operation;
  readonly status: number;
  /** From the request's arrival to the delivery of its last byte, in milliseconds. */
  readonly durationMs: number;
  /** When the last byte was delivered, in milliseconds since the epoch. */
  readonly at: number;
  /** A call with a token and without `x-fapi-customer-ip-address`: no customer is waiting for it. */
  readonly unattended: boolean;
  /** Value of the `x-fapi-interaction-id` that the answer carried. */
  readonly interactionId?: string;
  /** Why it was refused; undefined when it was not. */
  readonly problem?: ProblemCode;
  /** What the steps found out, of calls that are kept on record. */
  readonly notes?: CallNotes;
}

/** Hears of every answer. It runs on the way of requests: quick, synchronous, and it never throws. */
export type AnsweredListener = (event: Answered) => void;
