import { Counter, type Registry } from 'prom-client';
import type { AnsweredListener } from '../contract/answered.ts';

/** What the institution's systems answered, and how long they were waited for. */
interface ConnectorCounts {
  readonly byOutcome: Map<string, number>;
  seconds: number;
}

/** Records that were not handed out. */
interface QuarantinedCounts {
  broken: number;
  foreign: number;
}

/**
 * Registers what is counted of the institution's systems: calls by connector and outcome, the time that they took, and
 * records that were not handed out because they break their contract or are somebody else's. Returns what counts.
 */
export function registerConnectorMetrics(registry: Registry): AnsweredListener {
  const connectors = new Map<string, ConnectorCounts>();
  const quarantined = new Map<string, QuarantinedCounts>();
  registerCalls(registry, connectors);
  registerQuarantine(registry, quarantined);

  return ({ operation, notes }) => {
    const { connector, validation } = notes ?? {};
    if (connector) {
      const counts = connectors.get(connector.name) ?? { byOutcome: new Map(), seconds: 0 };
      connectors.set(connector.name, counts);
      counts.byOutcome.set(connector.outcome, (counts.byOutcome.get(connector.outcome) ?? 0) + 1);
      counts.seconds += connector.waitedMs / 1000;
    }
    if (validation && validation.broken + validation.foreign > 0) {
      const counts = quarantined.get(operation.key) ?? { broken: 0, foreign: 0 };
      quarantined.set(operation.key, counts);
      counts.broken += validation.broken;
      counts.foreign += validation.foreign;
    }
  };
}

function registerCalls(registry: Registry, connectors: ReadonlyMap<string, ConnectorCounts>): void {
  new Counter({
    name: 'guiche_connector_calls_total',
    help: "Calls answered with the help of the institution's systems, by what these answered.",
    labelNames: ['connector', 'outcome'],
    registers: [registry],
    collect() {
      this.reset();
      for (const [connector, { byOutcome }] of connectors)
        for (const [outcome, count] of byOutcome) this.inc({ connector, outcome }, count);
    },
  });
  new Counter({
    name: 'guiche_connector_wait_seconds_total',
    help: "Time that calls waited for the institution's systems.",
    labelNames: ['connector'],
    registers: [registry],
    collect() {
      this.reset();
      for (const [connector, { seconds }] of connectors) this.inc({ connector }, seconds);
    },
  });
}

function registerQuarantine(registry: Registry, quarantined: ReadonlyMap<string, QuarantinedCounts>): void {
  new Counter({
    name: 'guiche_quarantined_records_total',
    help: "Records of the institution's systems that were not handed out.",
    labelNames: ['operation', 'kind'],
    registers: [registry],
    collect() {
      this.reset();
      for (const [operation, counts] of quarantined)
        for (const kind of ['broken', 'foreign'] as const)
          if (counts[kind] > 0) this.inc({ operation, kind }, counts[kind]);
    },
  });
}
