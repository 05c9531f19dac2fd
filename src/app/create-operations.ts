import type { AddressInfo } from 'node:net';
import type { FastifyBaseLogger, FastifyInstance } from 'fastify';
import { Registry } from 'prom-client';
import type { Operation } from '../contract/operation.ts';
import { outagePhase } from '../discovery/outage.ts';
import { createOutageBoard, type OutageBoard } from '../discovery/outage-board.ts';
import { type OutageRequest, planOutage } from '../discovery/plan-outage.ts';
import type { StatusEntry } from '../discovery/status.ts';
import { createExplain } from '../explain/create-explain.ts';
import { createAdminServer } from '../http/create-admin-server.ts';
import { PROBE_HEADER } from '../http/create-server.ts';
import { type Clock, systemClock } from '../kernel/clock.ts';
import { classifyProbe, type StatusAnswer } from '../metrics/availability/classify-probe.ts';
import { createSelfProbe } from '../metrics/availability/self-probe.ts';
import { registerGauges } from '../metrics/prometheus.ts';
import type { Store } from '../store/open-store.ts';
import { askOwnListener, type OwnListener } from './ask-own-listener.ts';
import { toNotices } from './change-notice.ts';
import type { Configuration } from './configuration/settings.ts';
import { isConnectorOf } from './consent-side/create-connectors.ts';
import type { Service } from './load-service.ts';
import { createAvailabilityReader } from './read-availability.ts';
import { readChangedResources } from './read-changed-resources.ts';
import { readOutageRequest } from './read-outage-request.ts';
import type { EcosystemStatus, ServiceStatus, ServingReport } from './service-status.ts';

const ROLL_UP_EVERY_MS = 30 * 60_000;
/** Per-second counts are needed until every node has delivered its minute. */
const ROLL_UP_AFTER_MS = 2 * 3_600_000;
const STATUS_PATIENCE_MS = 1_000;

/** What serves the public: this process, or the workers of this one. */
export interface ServingSide {
  /** Whether requests can be served, and what is missing. */
  readiness(): { readonly isReady: boolean; readonly reasons: readonly string[] };
  prometheus(): Promise<{ readonly contentType: string; readonly text: string }>;
  report(): Promise<ServingReport>;
  /** Tells that the outages have changed. */
  outagesChanged(): void;
}

export interface OperationsSettings {
  readonly configuration: Configuration;
  readonly service: Service;
  readonly store: Omit<Store, 'directory'>;
  readonly serving: ServingSide;
  readonly logger: FastifyBaseLogger;
  readonly probeToken: string;
  readonly clock?: Clock;
  /** The board of this process, where it has one; else one is made. */
  readonly board?: OutageBoard;
}

/** The operational side of a service: its listener, its probes of itself, the upkeep of what is stored. */
export interface Operations {
  readonly admin: FastifyInstance;
  /** Begins to probe the public listener, once it listens. `address` is where it can be reached from here. */
  startProbing(address: AddressInfo): void;
  close(): Promise<void>;
}

/** Wires the operational side of one service, which may have any number of processes. */
export function createOperations(settings: OperationsSettings): Operations {
  const { configuration, service, store, serving, logger, probeToken, clock = systemClock } = settings;
  const operations = service.routes.map(({ operation }) => operation);
  const statusOperations = new Map(
    operations.filter(({ kind }) => kind === 'status').map((operation) => [operation.ecosystem, operation]),
  );
  const ownBoard = settings.board ? undefined : createOutageBoard({ store: store.outages, clock });
  const board = settings.board ?? (ownBoard as OutageBoard);
  const stopBoard = ownBoard?.start() ?? (() => {});
  const availability = createAvailabilityReader({ store: store.metrics, operations, board, clock });
  let listener: OwnListener | undefined;
  let selfProbe: ReturnType<typeof createSelfProbe> | undefined;

  /** Asks for status as the regulator does: over the public listener, with its patience. */
  async function askStatus(ecosystem: string, signal: AbortSignal): Promise<StatusAnswer | undefined> {
    const operation = statusOperations.get(ecosystem);
    if (!operation || !listener) return undefined;
    return askOwnListener(listener, operation.path, { [PROBE_HEADER]: probeToken }, signal);
  }

  const admin = createAdminServer({
    readiness: () => serving.readiness(),
    prometheus,
    status: describeService,
    listOutages: () => board.list().map((outage) => ({ ...outage, phase: outagePhase(outage, clock.now()) })),
    addOutage,
    cancelOutage,
    connectorChanged,
    explain: createExplain({
      calls: store.callRecords,
      historyOf: (id, limit) => store.resourceStates.history(id, limit),
    }),
  });

  const registry = new Registry();
  registerGauges(registry, {
    guiche_store_up: {
      help: '1 while the database is there.',
      labels: [],
      read: () => [{ labels: {}, value: store.health().state === 'ready' ? 1 : 0 }],
    },
    guiche_status_code: {
      help: 'The status that the regulator sees: 1 for each code that applies.',
      labels: ['ecosystem', 'code'],
      read: async () =>
        (await describeEcosystems()).flatMap(({ ecosystem, status }) =>
          status.map(({ code }) => ({ labels: { ecosystem, code }, value: 1 })),
        ),
    },
    guiche_availability_ratio: {
      help: 'Uptime of the running day, month and quarter, from 0 to 1.',
      labels: ['ecosystem', 'window'],
      read: async () =>
        (await describeEcosystems()).flatMap(({ ecosystem, availability: levels = [] }) =>
          levels.map(({ period, uptimeRate }) => ({
            labels: { ecosystem, window: period },
            value: uptimeRate,
          })),
        ),
    },
  });

  async function prometheus() {
    const [{ contentType, text }, own] = await Promise.all([serving.prometheus(), registry.metrics()]);
    return { contentType, text: `${text}${own}` };
  }

  async function addOutage(body: unknown) {
    const read = readOutageRequest(body);
    if ('faults' in read) return { accepted: false, body: read };
    const planned = planOutage(read.request as OutageRequest, {
      operations,
      outages: board.list(),
      now: clock.now(),
    });
    if ('faults' in planned) return { accepted: false, body: planned };
    await board.add(planned.outage);
    serving.outagesChanged();
    logger.info({ outage: planned.outage }, 'outage announced');
    return { accepted: true, body: planned };
  }

  async function cancelOutage(id: string) {
    const result = await board.cancel(id);
    serving.outagesChanged();
    if (result === 'cancelled') logger.info({ outage: id }, 'outage cancelled');
    return { accepted: result === 'cancelled', body: { result } };
  }

  /** Every node lets go of what it has kept; those that the word does not reach do so when its time is over. */
  async function connectorChanged(name: string, body: unknown) {
    const read = readChangedResources(body);
    if ('faults' in read) return { accepted: false, body: read };
    if (!isConnectorOf(configuration, name))
      return { accepted: false, body: { faults: [`no connector is called ${name}`] } };
    for (const notice of toNotices({ connector: name, resources: read.resources }))
      await store.notices.tell(notice);
    return { accepted: true, body: { resources: read.resources.length } };
  }

  async function describeService(): Promise<ServiceStatus> {
    const [ecosystems, report] = await Promise.all([describeEcosystems(), serving.report()]);
    const outages = board
      .list()
      .map((outage) => ({ ...outage, phase: outagePhase(outage, clock.now()) }))
      .filter(({ phase }) => phase === 'scheduled' || phase === 'running');
    const isOk =
      ecosystems.every(({ status }) => status.every(({ code }) => code === 'OK')) &&
      store.health().state === 'ready' &&
      report.sharedLimits !== 'away' &&
      report.directories.every(({ failure }) => failure === undefined) &&
      Object.keys(report.faults).length === 0;
    return { isOk, ecosystems, outages, store: store.health(), ...report };
  }

  function describeEcosystems(): Promise<EcosystemStatus[]> {
    return Promise.all([...statusOperations.values()].map(describeEcosystem));
  }

  async function describeEcosystem({ ecosystem }: Operation): Promise<EcosystemStatus> {
    const answer = await askStatus(ecosystem, AbortSignal.timeout(STATUS_PATIENCE_MS)).catch(() => undefined);
    const status = (answer?.body as { data?: { status?: StatusEntry[] } } | undefined)?.data?.status ?? [];
    const unanswered: StatusEntry = {
      code: 'UNAVAILABLE',
      explanation: 'the public listener does not answer',
      updateTime: new Date(clock.now()).toISOString(),
    };
    const standing = await availability.read(ecosystem);
    return {
      ecosystem,
      status: status.length > 0 ? status : [unanswered],
      availability: standing?.levels,
      latency: standing?.latency,
    };
  }

  const stopRollUp = clock.every(ROLL_UP_EVERY_MS, async () => {
    await store.metrics
      .rollUp(clock.now() - ROLL_UP_AFTER_MS)
      .catch((error) => logger.debug({ err: error }, 'roll-up waits for the database'));
  });

  return {
    admin,
    startProbing(address) {
      listener = { address, isSecure: configuration.tls.certificate !== undefined };
      selfProbe = createSelfProbe({
        clock,
        ecosystems: [...statusOperations.keys()],
        probe: async (ecosystem, signal) =>
          classifyProbe(await askStatus(ecosystem, signal), configuration.baseUrl),
        store: store.metrics,
        onFailure: (error, waiting) => logger.debug({ err: error, waiting }, 'probes wait to be stored'),
      });
    },
    async close() {
      stopRollUp();
      stopBoard();
      await selfProbe?.stop();
      await admin.close();
    },
  };
}
