import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { Answered, AnsweredListener } from '../contract/answered.ts';
import type { Operation } from '../contract/operation.ts';

/** Bounds of the duration histogram in seconds; the tiers' targets are among them. */
const DURATION_BOUNDS = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 1.5, 2.5, 4, 6, 10];

/** A value to be read when somebody looks: labels with their number. */
export interface Reading {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** Gauges by name; asked at each scrape. */
export type GaugeSources = Readonly<
  Record<
    string,
    { readonly help: string; readonly labels: readonly string[]; readonly read: () => readonly Reading[] }
  >
>;

/** The Prometheus metrics of this process. */
export interface PrometheusMetrics {
  readonly registry: Registry;
  readonly record: AnsweredListener;
}

/** Creates the metrics of a process in a registry of their own, with Node's default ones. */
export function createPrometheus(sources: GaugeSources): PrometheusMetrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  const requests = new Counter({
    name: 'guiche_requests_total',
    help: 'Answered requests.',
    labelNames: ['ecosystem', 'api', 'operation', 'status'],
    registers,
  });
  const rejections = new Counter({
    name: 'guiche_rejections_total',
    help: 'Requests refused by the traffic limits.',
    labelNames: ['ecosystem'],
    registers,
  });
  const durations = new Histogram({
    name: 'guiche_request_duration_seconds',
    help: 'From arrival to delivery.',
    labelNames: ['ecosystem', 'tier'],
    buckets: DURATION_BOUNDS,
    registers,
  });
  for (const [name, { help, labels, read }] of Object.entries(sources)) {
    new Gauge({
      name,
      help,
      labelNames: [...labels],
      registers,
      collect() {
        this.reset();
        for (const reading of read()) this.set(reading.labels, reading.value);
      },
    });
  }

  /** Finding a series by its labels costs more than counting in it, so each operation keeps its own. */
  const series = new Map<
    Operation,
    {
      byStatus: Map<number, { inc(): void }>;
      duration: { observe(seconds: number): void };
      rejection: { inc(): void };
    }
  >();

  function seriesOf(operation: Operation) {
    const known = series.get(operation);
    if (known) return known;
    const { ecosystem, tier } = operation;
    const made = {
      byStatus: new Map(),
      duration: durations.labels(ecosystem, tier),
      rejection: rejections.labels(ecosystem),
    };
    series.set(operation, made);
    return made;
  }

  function record({ operation, status, durationMs }: Answered): void {
    const { byStatus, duration, rejection } = seriesOf(operation);
    let count = byStatus.get(status);
    if (!count) {
      count = requests.labels(operation.ecosystem, operation.api, operation.key, String(status));
      byStatus.set(status, count);
    }
    count.inc();
    if (status === 429 || status === 529) rejection.inc();
    else duration.observe(durationMs / 1000);
  }

  return { registry, record };
}
