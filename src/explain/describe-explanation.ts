import type { ExplainedCall, ExplainedResource, Explanation, ResourceChange } from './create-explain.ts';
import type { Finding } from './finding.ts';
import { wordReason } from './word-reason.ts';

/** Words an explanation for a person at a terminal: English, lines of text, a newline at the end. */
export function describeExplanation({ calls, resource }: Explanation): string {
  const parts = [...calls.map(describeCall), ...(resource ? [describeResource(resource)] : [])];
  return `${parts.map((lines) => lines.join('\n')).join('\n\n')}\n`;
}

const MARKS: Readonly<Record<Finding['outcome'], string>> = {
  fine: '+',
  fault: '!',
  unknown: '?',
  'not-reached': '-',
};

function describeCall(call: ExplainedCall): string[] {
  const { operation, version, ecosystem, status, at, durationMs, unattended, interactionId } = call;
  return [
    `${operation} (${ecosystem}, version ${version})`,
    `  ${new Date(at).toISOString()}  ${status} after ${durationMs} ms  ${interactionId}${unattended ? '  no customer was waiting' : ''}`,
    `  ${call.reason}`,
    ...call.findings.map(({ topic, outcome, text }) => `  ${MARKS[outcome]} ${topic.padEnd(11)} ${text}`),
  ];
}

function describeResource({ id, states, history }: ExplainedResource): string[] {
  return [
    `resource ${id} (${states[0]?.type})`,
    ...states.map(
      ({ consentId, to, reason, at }) =>
        `  ${to} in ${consentId} since ${new Date(at).toISOString()}: ${wordReason(reason)}`,
    ),
    '  history, newest first',
    ...history.map(describeChange),
  ];
}

function describeChange({ consentId, from, to, reason, at }: ResourceChange): string {
  const change = from === undefined || from === to ? to : `${from} -> ${to}`;
  return `    ${new Date(at).toISOString()}  ${consentId}  ${change}: ${wordReason(reason)}`;
}
