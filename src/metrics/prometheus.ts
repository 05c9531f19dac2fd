import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import type { Answered, AnsweredListener } from '../contract/answered.ts';
import type { Operation } from '../contract/operation.ts';
import { registerConnectorMetrics } from './connector-metrics.ts';

/** Bounds of the duration histogram in seconds; the tiers' targets are among them. */
const DURATION_BOUNDS = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 1.5, 2.5, 4, 6, 10];

/** A value to be read when somebody looks: labels with their number. */
export interface Reading {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** A gauge: what it shows, and how the values of several processes make one. */
export interface GaugeSource {
  readonly help: string;
  readonly labels: readonly string[];
  readonly aggregator?: 'sum' | 'max' | 'min';
  readonly read: () => readonly Reading[] | Promise<readonly Reading[]>;
}

/** Gauges by name. */
export type GaugeSources = Readonly<Record<string, GaugeSource>>;

/** The Prometheus metrics of this process. */
export interface PrometheusMetrics {
  readonly registry: Registry;
  readonly record: AnsweredListener;
}

/** What one operation has answered, as it is counted: plain numbers, because this runs with every answer. */
interface OperationCounts {
  readonly byStatus: Map<number, number>;
  readonly durations: Durations;
}

/** Durations of all operations of one ecosystem and tier. */
interface Durations {
  readonly labels: Readonly<Record<string, string>>;
  /** Calls by the first bound that they keep; the last element counts those that keep none. */
  readonly buckets: Uint32Array;
  calls: number;
  seconds: number;
}

/**
 * Creates the metrics of a process in a registry of their own, with Node's default ones. Answers are counted in plain
 * numbers, which the registry reads when somebody looks.
 */
export function createPrometheus(sources: GaugeSources): PrometheusMetrics {
  const registry = new Registry();
  const counts = new Map<Operation, OperationCounts>();
  const durations = new Map<string, Durations>();
  collectDefaultMetrics({ register: registry });
  registerRequests(registry, counts);
  registerRejections(registry, counts);
  registerDurations(registry, durations);
  registerGauges(registry, sources);
  const recordConnectors = registerConnectorMetrics(registry);

  function countsOf(operation: Operation): OperationCounts {
    const { ecosystem, tier } = operation;
    const key = `${ecosystem} ${tier}`;
    const shared = durations.get(key) ?? {
      labels: { ecosystem, tier },
      buckets: new Uint32Array(DURATION_BOUNDS.length + 1),
      calls: 0,
      seconds: 0,
    };
    durations.set(key, shared);
    const made = { byStatus: new Map<number, number>(), durations: shared };
    counts.set(operation, made);
    return made;
  }

  function record(event: Answered): void {
    const { operation, status, durationMs } = event;
    if (event.notes) recordConnectors(event);
    const { byStatus, durations: slow } = counts.get(operation) ?? countsOf(operation);
    byStatus.set(status, (byStatus.get(status) ?? 0) + 1);
    if (isRejection(status)) return;
    const seconds = durationMs / 1000;
    let bucket = 0;
    while (bucket < DURATION_BOUNDS.length && seconds > (DURATION_BOUNDS[bucket] as number)) bucket += 1;
    slow.buckets[bucket] = (slow.buckets[bucket] as number) + 1;
    slow.calls += 1;
    slow.seconds += seconds;
  }

  return { registry, record };
}

function isRejection(status: number): boolean {
  return status === 429 || status === 529;
}

function registerRequests(registry: Registry, counts: ReadonlyMap<Operation, OperationCounts>): void {
  new Counter({
    name: 'guiche_requests_total',
    help: 'Answered requests.',
    labelNames: ['ecosystem', 'api', 'operation', 'status'],
    registers: [registry],
    collect() {
      this.reset();
      for (const [{ ecosystem, api, key }, { byStatus }] of counts)
        for (const [status, count] of byStatus)
          this.inc({ ecosystem, api, operation: key, status: String(status) }, count);
    },
  });
}

function registerRejections(registry: Registry, counts: ReadonlyMap<Operation, OperationCounts>): void {
  new Counter({
    name: 'guiche_rejections_total',
    help: 'Requests refused by the traffic limits.',
    labelNames: ['ecosystem'],
    registers: [registry],
    collect() {
      this.reset();
      for (const [{ ecosystem }, { byStatus }] of counts)
        for (const [status, count] of byStatus) if (isRejection(status)) this.inc({ ecosystem }, count);
    },
  });
}

/** The library's histogram can only be told one duration at a time, so this one says itself what it holds. */
function registerDurations(registry: Registry, durations: ReadonlyMap<string, Durations>): void {
  const name = 'guiche_request_duration_seconds';
  const histogram = {
    name,
    help: 'From arrival to delivery.',
    type: 'histogram',
    aggregator: 'sum',
    labelNames: ['ecosystem', 'tier'],
    reset: () => {},
    async get() {
      return { ...this, values: [...durations.values()].flatMap((each) => histogramValues(name, each)) };
    },
  };
  registry.registerMetric(histogram as unknown as Parameters<Registry['registerMetric']>[0]);
}

function histogramValues(name: string, { labels, buckets, calls, seconds }: Durations) {
  let below = 0;
  const bounded = DURATION_BOUNDS.map((bound, index) => {
    below += buckets[index] as number;
    return { metricName: `${name}_bucket`, labels: { le: bound, ...labels }, value: below };
  });
  return [
    ...bounded,
    { metricName: `${name}_bucket`, labels: { le: '+Inf', ...labels }, value: calls },
    { metricName: `${name}_sum`, labels, value: seconds },
    { metricName: `${name}_count`, labels, value: calls },
  ];
}

/** Registers gauges that are read when somebody looks. */
export function registerGauges(registry: Registry, sources: GaugeSources): void {
  for (const [name, { help, labels, aggregator = 'sum', read }] of Object.entries(sources)) {
    new Gauge({
      name,
      help,
      labelNames: [...labels],
      aggregator,
      registers: [registry],
      async collect() {
        const readings = await read();
        this.reset();
        for (const reading of readings) this.set(reading.labels, reading.value);
      },
    });
  }
}
