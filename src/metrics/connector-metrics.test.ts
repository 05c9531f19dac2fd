import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Registry } from 'prom-client';
import type { Answered } from '../contract/answered.ts';
import type { CallNotes } from '../contract/call-notes.ts';
import { registerConnectorMetrics } from './connector-metrics.ts';

async function metricsOf(...calls: readonly (CallNotes | undefined)[]): Promise<string[]> {
  const registry = new Registry();
  const record = registerConnectorMetrics(registry);
  for (const notes of calls)
    record({ operation: { key: 'GET /things' }, ...(notes && { notes }) } as unknown as Answered);
  return (await registry.metrics()).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
}

const asked = (outcome: string, waitedMs: number): CallNotes => ({
  connector: { name: 'core', outcome, waitedMs, budgetMs: 900 },
});

describe('given calls that the institution’s systems helped to answer', () => {
  it('when they are looked at, then there is a count for each outcome, and the time', async () => {
    assert.deepEqual(await metricsOf(asked('ok', 250), asked('ok', 250), asked('late', 900), undefined, {}), [
      'guiche_connector_calls_total{connector="core",outcome="ok"} 2',
      'guiche_connector_calls_total{connector="core",outcome="late"} 1',
      'guiche_connector_wait_seconds_total{connector="core"} 1.4',
    ]);
  });

  it('when records were held back, then they are counted by why', async () => {
    const validation = { records: 5, broken: 2, foreign: 1, pointer: '/amount', reason: 'type' };
    assert.deepEqual(
      await metricsOf({ validation }, { validation }, { validation: { records: 3, broken: 0, foreign: 0 } }),
      [
        'guiche_quarantined_records_total{operation="GET /things",kind="broken"} 4',
        'guiche_quarantined_records_total{operation="GET /things",kind="foreign"} 2',
      ],
    );
  });
});
