import type { Answered } from '../contract/answered.ts';
import type { CallNotes } from '../contract/call-notes.ts';
import type { OperationKind } from '../contract/operation.ts';
import type { ProblemCode } from '../kernel/problem.ts';

/** What is kept of one answered call, for whoever asks why it was answered so. Nothing in it is personal. */
export interface CallRecord {
  /** `x-fapi-interaction-id` of the answer, as it was sent. */
  readonly interactionId: string;
  /** When the last byte was delivered, in milliseconds since the epoch. */
  readonly at: number;
  /** Key of the operation, such as `GET /open-insurance/channels/v1/branches`. */
  readonly operation: string;
  readonly ecosystem: string;
  readonly kind: OperationKind;
  /** Of the contract. */
  readonly version: string;
  readonly status: number;
  readonly durationMs: number;
  /** True when no customer was waiting for the answer. */
  readonly unattended: boolean;
  /** Why it was refused; undefined when it was not. */
  readonly problem?: ProblemCode;
  /** What the steps found out. */
  readonly notes: CallNotes;
}

/** An answer of which the steps have kept notes. */
export type NotedAnswer = Answered & Required<Pick<Answered, 'interactionId' | 'notes'>>;

/** Whether there is anything to keep of an answer. */
export function isNoted(event: Answered): event is NotedAnswer {
  return event.notes !== undefined && event.interactionId !== undefined;
}

/** What is kept of an answer; times to a tenth of a millisecond. */
export function toCallRecord(event: NotedAnswer): CallRecord {
  const { operation, interactionId, at, status, durationMs, unattended, problem, notes } = event;
  return {
    interactionId,
    at,
    operation: operation.key,
    ecosystem: operation.ecosystem,
    kind: operation.kind,
    version: operation.version,
    status,
    durationMs: Math.round(durationMs * 10) / 10,
    unattended,
    ...(problem === undefined ? {} : { problem }),
    notes,
  };
}
