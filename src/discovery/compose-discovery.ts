import type { Answer, Call } from '../contract/call.ts';
import { composeAnswer } from '../contract/compose-answer.ts';
import { projectOnSchema } from '../contract/project-on-schema.ts';

/** What links and pages are made by. */
export interface DiscoverySettings {
  readonly baseUrl: string;
  /** The holder's own cap on page sizes. */
  readonly maxPageSize: number;
  readonly now: () => number;
}

/** The answer with the page of a list that a call asks for, with only what its own contract declares. */
export function composeDiscovery(
  call: Call,
  list: readonly unknown[],
  { baseUrl, maxPageSize, now }: DiscoverySettings,
): Answer {
  const answer = composeAnswer(call, { list }, { baseUrl, maxPageSize, at: now() });
  if (answer.kind !== 'json') return answer;
  const schema = call.operation.answer.schema();
  return schema === undefined ? answer : { ...answer, body: projectOnSchema(schema, answer.body) };
}
