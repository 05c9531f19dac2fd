import type { ClientCertificate } from '../kernel/client-certificate.ts';
import type { Problem } from '../kernel/problem.ts';
import type { CallNotes } from './call-notes.ts';
import type { Operation } from './operation.ts';

/** A request after HTTP has been taken off it. */
export interface Call {
  readonly operation: Operation;
  /** Path parameters, decoded. */
  readonly path: Readonly<Record<string, string>>;
  /** Declared query parameters, decoded. */
  readonly query: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** The client's address, as far as trusted proxies tell it. */
  readonly client?: string;
  /** The body as JSON, of operations that take one; undefined when the caller sent none. Set by the step that reads it, and only by it. */
  body?: unknown;
  /** What the caller presented in the TLS handshake, itself or through a trusted proxy; nothing about it is checked yet. */
  readonly certificate?: ClientCertificate | undefined;
  /** Value of the `x-fapi-interaction-id` that the answer carries. */
  readonly interactionId?: string;
  /** Who calls. Set by the step that checks the access token, and only by it. */
  caller?: Caller;
  /** What steps find out on the way, of calls that are kept on record. */
  readonly notes?: CallNotes;
}

/** Who calls, as a checked access token and a checked certificate tell it. */
export interface Caller {
  readonly clientId: string;
  readonly organisationId: string;
  readonly scopes: ReadonlySet<string>;
  /** The consent that the token belongs to; undefined for a token of the client's own. */
  readonly consentId?: string;
  /** The customer who gave the consent, by the stable public id that is the token's `sub`. */
  readonly subject?: string;
}

/** What a use-case answers with. Only `http/` turns it into status, headers and bytes. */
export type Answer =
  | { readonly kind: 'content'; readonly content: Content }
  | {
      readonly kind: 'json';
      readonly status: number;
      readonly body: unknown;
      readonly headers?: Readonly<Record<string, string>>;
    }
  /** Without a body; the status is 204 unless it says otherwise. */
  | { readonly kind: 'empty'; readonly status?: number }
  | {
      readonly kind: 'problem';
      readonly problem: Problem;
      readonly headers?: Readonly<Record<string, string>>;
    };

/** Bytes prepared ahead of the request, which any number of requests share. */
export interface Content {
  readonly etag: string;
  /** Milliseconds since the epoch. */
  readonly lastModified: number;
  readonly version: string;
  /** The body in an encoding; a promise the first time it is compressed. */
  body(encoding: ContentEncoding): Buffer | Promise<Buffer>;
}

export const CONTENT_ENCODINGS = ['br', 'gzip', 'identity'] as const;
export type ContentEncoding = (typeof CONTENT_ENCODINGS)[number];

/** One check or action on the way of a call: an answer ends it, `undefined` lets it go on. */
export type Step = (call: Call) => Answer | undefined | Promise<Answer | undefined>;

/** Wraps a problem as an answer. */
export function answerProblem(problem: Problem, headers: Readonly<Record<string, string>> = {}): Answer {
  return { kind: 'problem', problem, headers };
}
