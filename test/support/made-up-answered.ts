import { randomUUID } from 'node:crypto';
import type { NotedAnswer } from '../../src/explain/call-record.ts';
import { madeUpOperation } from './start-listener.ts';

const OPERATION = madeUpOperation({ path: '/open-insurance/made-up/v1/things/{thingId}' });

/** An answered call of which the steps kept notes: 200 after 5 ms, unless the test says otherwise. */
export function madeUpAnswered(change: Partial<NotedAnswer> = {}): NotedAnswer {
  return {
    operation: OPERATION,
    status: 200,
    durationMs: 5,
    at: Date.now(),
    unattended: false,
    interactionId: randomUUID(),
    notes: {},
    ...change,
  };
}
