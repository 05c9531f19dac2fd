import type { HolderStatus } from './holder-status.ts';
import { type RefusalReason, reasonOf } from './refusal-reason.ts';

/** What every error of this library is. Messages have no tokens, no documents of persons and no URLs of records. */
export class ReceiverError extends Error {
  override readonly name: string = 'ReceiverError';
}

/** No data holder, or more than one, is what was looked for in the list of participants. */
export class HolderNotFound extends ReceiverError {
  override readonly name = 'HolderNotFound';
  /** How many there are. */
  readonly matches: number;

  constructor(matches: number) {
    super(matches === 0 ? 'no data holder is like this' : `${matches} data holders are like this`);
    this.matches = matches;
  }
}

/** No answer came: no connection, or not all of the answer within the time. `cause` has more. */
export class NoAnswer extends ReceiverError {
  override readonly name = 'NoAnswer';

  constructor(cause: unknown) {
    super('the data holder did not answer', { cause });
  }
}

/** An answer that cannot be used; it is not asked for again. */
export type AnswerFault =
  /** Not JSON, or without what every answer of its kind has. */
  | 'malformed'
  /** More bytes than the receiver takes. */
  | 'too-large'
  /** A page, or what is asked for, is outside the APIs that the list of participants has for this holder. */
  | 'elsewhere'
  /** A page comes again before all records have come. */
  | 'repeated-page'
  /** More pages than the receiver follows. */
  | 'too-many-pages';

/** The holder, or the caller, named what this library does not go on with. */
export class UnusableAnswer extends ReceiverError {
  override readonly name = 'UnusableAnswer';
  readonly fault: AnswerFault;

  constructor(fault: AnswerFault, message: string, options?: ErrorOptions) {
    super(message, options);
    this.fault = fault;
  }
}

/** The consent is over, or its tokens are: reading goes on only after a new authorisation. */
export class AccessEnded extends ReceiverError {
  override readonly name = 'AccessEnded';
  readonly consentId: string;

  constructor(consentId: string, cause?: unknown) {
    super('the data holder gives no more tokens for this consent', { cause });
    this.consentId = consentId;
  }
}

/** What a refusal is made of. */
export interface Refused {
  readonly status: number;
  /** As it came; kept out of messages and of what is printed, because details are free text. */
  readonly body: unknown;
  readonly interactionId?: string | undefined;
  /** What `retry-after` says, in milliseconds. */
  readonly retryAfterMs?: number | undefined;
}

/** Where a resource stands that a read was refused for; `NOT_LISTED` when the list of resources has none of that id. */
export type CurrentState = string;

/** A holder refused: any status of 400 and more. */
export class HolderRefusal extends ReceiverError {
  override readonly name: string = 'HolderRefusal';
  readonly status: number;
  /** `errors[0].code` as it came, or the OAuth error. */
  readonly code: string | undefined;
  readonly reason: RefusalReason;
  readonly interactionId: string | undefined;
  readonly retryAfterMs: number | undefined;
  /** Set where the list of resources was read after the refusal. */
  readonly currentState: CurrentState | undefined;
  readonly #refused: Refused;

  constructor(refused: Refused, currentState?: CurrentState) {
    const code = codeOf(refused.body);
    super(`the data holder answered ${refused.status}${isWord(code) ? ` ${code}` : ''}`);
    this.status = refused.status;
    this.code = code;
    this.reason = reasonOf(refused.status, code);
    this.interactionId = refused.interactionId;
    this.retryAfterMs = refused.retryAfterMs;
    this.currentState = currentState;
    this.#refused = refused;
  }

  /** The body of the answer, parsed where it is JSON. */
  get body(): unknown {
    return this.#refused.body;
  }

  /** The same refusal with where its resource stands now. */
  withState(state: CurrentState): HolderRefusal {
    return new HolderRefusal(this.#refused, state);
  }
}

/** The list of resources was not ready within the time that the holder has for it: asking again is of no use. */
export class RetryExceeded extends HolderRefusal {
  override readonly name = 'RetryExceeded';
}

/** The holder failed again and again. `cause` is the last failure. */
export class HolderUnavailable extends ReceiverError {
  override readonly name = 'HolderUnavailable';
  /** What the holder's own discovery API says of it. */
  readonly discovery: HolderStatus;

  constructor(discovery: HolderStatus, cause: unknown) {
    const says = discovery.isReached
      ? `its discovery API says ${discovery.code}`
      : 'nor does its discovery API';
    super(`the data holder does not serve; ${says}`, { cause });
    this.discovery = discovery;
  }
}

/** The list of resources was still being prepared when the caller's own patience ended. */
export class StillPreparing extends ReceiverError {
  override readonly name = 'StillPreparing';
  readonly waitedMs: number;

  constructor(waitedMs: number, cause?: unknown) {
    super(`the list of resources was not ready after ${Math.round(waitedMs / 1_000)} s`, { cause });
    this.waitedMs = waitedMs;
  }
}

/** A code is told in messages only when it cannot be anything of a person: words without digits. */
function isWord(code: string | undefined): boolean {
  return code !== undefined && /^[a-z][a-z_.-]{0,79}$/i.test(code);
}

function codeOf(body: unknown): string | undefined {
  const { errors, error } = (body ?? {}) as { errors?: unknown; error?: unknown };
  const first = Array.isArray(errors) ? (errors[0] as { code?: unknown } | null | undefined)?.code : error;
  return typeof first === 'string' ? first : undefined;
}
