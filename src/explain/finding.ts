/** What is looked at on the way of a call, in that order. `service` is what is nobody's fault but guiche's. */
export const TOPICS = [
  'limits',
  'certificate',
  'token',
  'consent',
  'request',
  'permission',
  'resource',
  'connector',
  'validation',
  'service',
] as const;
export type Topic = (typeof TOPICS)[number];

/** What one look found. */
export interface Finding {
  readonly topic: Topic;
  /** `unknown`: nobody has noted anything. `not-reached`: the call was answered before. */
  readonly outcome: 'fine' | 'fault' | 'unknown' | 'not-reached';
  /** English, without a full stop at its end. */
  readonly text: string;
}
