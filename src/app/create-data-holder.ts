import { randomUUID } from 'node:crypto';
import type { FastifyBaseLogger } from 'fastify';
import type { Answered } from '../contract/answered.ts';
import { answerProblem, type Step } from '../contract/call.ts';
import { createCheckBody } from '../contract/check-body.ts';
import type { Operation } from '../contract/operation.ts';
import { createEndpointHealth } from '../discovery/endpoint-health.ts';
import { createHealth, type Health, type Impairment } from '../discovery/health.ts';
import { createOutageBoard, type OutageBoard } from '../discovery/outage-board.ts';
import { readOutages } from '../discovery/read-outages.ts';
import { readStatus } from '../discovery/read-status.ts';
import { createCallRecorder } from '../explain/create-call-recorder.ts';
import { createClientAddress } from '../http/client-address.ts';
import { createClientCertificate } from '../http/client-certificate.ts';
import { createServer, type HttpServer } from '../http/create-server.ts';
import { createLimitGuard, createLimitStep } from '../http/limits/check-limits.ts';
import { createLimiter } from '../http/limits/limiter.ts';
import type { SharedCounter } from '../http/limits/shared-counter.ts';
import { type Clock, systemClock } from '../kernel/clock.ts';
import type { Diagnostic } from '../kernel/diagnostic.ts';
import { createProblem } from '../kernel/problem.ts';
import { createCalendar } from '../metrics/calendar.ts';
import { createCheckRegulator } from '../metrics/check-regulator.ts';
import { createFlusher } from '../metrics/flusher.ts';
import { createPrometheus, type PrometheusMetrics } from '../metrics/prometheus.ts';
import { createReadMetrics } from '../metrics/read-metrics.ts';
import { createRecorder } from '../metrics/recorder.ts';
import { createDatasetLoader, type DatasetLoader } from '../open-data/dataset-loader.ts';
import { createOpenData, type OpenData, type OpenDataEvent } from '../open-data/open-data.ts';
import { watchFolders } from '../open-data/watch-folders.ts';
import type { Store } from '../store/open-store.ts';
import { announcedOutages } from './announced-outages.ts';
import type { Configuration } from './configuration/settings.ts';
import type { ConsentBacking, ConsentSide, ConsentSideSettings } from './consent-side/create-consent-side.ts';
import { readTlsMaterial, trustedProxyOf } from './listener-material.ts';
import type { Service } from './load-service.ts';
import { CONSENTED_KINDS, createPipelines, NO_INSTITUTION } from './pipelines.ts';
import { REGULATORY_TIME_ZONE } from './regulatory-time-zone.ts';
import { isFromFile, unservedPaths, whyNotServed } from './served-operations.ts';
import type { ServingReport } from './service-status.ts';

const MEGABYTE = 1024 * 1024;
const MINUTE_MS = 60_000;
const SECOND_MS = 1_000;

/** A running institution: its listener and what stands behind it. */
export interface DataHolder {
  readonly server: HttpServer;
  /** The listener for receivers, where there are institutions. */
  readonly mtlsServer: HttpServer | undefined;
  readonly consentSide: ConsentSide | undefined;
  readonly openData: OpenData;
  readonly board: OutageBoard;
  readonly health: Health;
  readonly prometheus: PrometheusMetrics;
  /** Findings of the first load; anything with an error is not served. */
  readonly diagnostics: readonly Diagnostic[];
  /** What `guiche status` shows of it. */
  report(): ServingReport;
  /** Stores what has been counted and ends everything but the listener, which has been closed by who opened it. */
  close(): Promise<void>;
}

/** Where an institution keeps what must outlive it. */
export type Backing = Pick<Store, 'metrics' | 'outages' | 'health' | 'onChange'> &
  Partial<Pick<Store, 'callRecords'> & ConsentBacking>;

export interface DataHolderSettings {
  readonly configuration: Configuration;
  readonly service: Service;
  readonly logger: FastifyBaseLogger;
  readonly clock?: Clock;
  readonly now?: () => number;
  /** Threads that were started ahead; it is closed with the institution. */
  readonly loader?: DatasetLoader | undefined;
  readonly onEvent?: (event: OpenDataEvent) => void;
  /** Without one, calls are counted and never stored, and there are no outages. */
  readonly store?: Backing | undefined;
  /** Counts limits together with other nodes. */
  readonly shared?: SharedCounter | undefined;
  /** By which the institution knows its own probes. */
  readonly probeToken?: string | undefined;
}

/** Wires an institution together, loads its data and starts to watch it. Nothing listens yet. */
export async function createDataHolder(settings: DataHolderSettings): Promise<DataHolder> {
  const {
    configuration,
    service,
    logger,
    clock = systemClock,
    now = clock.now,
    onEvent = () => {},
    store,
    probeToken,
  } = settings;
  const { baseUrl, maxPageSize } = configuration;
  const operations = service.routes.map(({ operation }) => operation);
  const served = operations.filter(
    (operation) => whyNotServed(operation, configuration.institutions) === undefined,
  );

  const loader = settings.loader ?? createDatasetLoader(configuration.maxDatasetMegabytes * MEGABYTE);
  const openData = createOpenData({
    operations: operations.filter(isFromFile),
    unserved: unservedPaths(operations, configuration.institutions),
    profiles: service.profiles,
    folders: configuration.data,
    baseUrl,
    maxPageSize,
    cacheBytes: configuration.cacheMegabytes * MEGABYTE,
    loader,
    now,
    onEvent,
  });
  const loading = openData.load();

  const recorder = createRecorder({ node: randomUUID() });
  const endpointHealth = createEndpointHealth({ now });
  const health = createHealth([
    endpointHealth.impairments,
    () => brokenData(operations, openData),
    () => databaseAway(served, store),
  ]);
  const board = createOutageBoard({
    store: store?.outages ?? NO_OUTAGES,
    clock,
    onFault(error) {
      if (store?.health().state !== 'starting')
        logger.warn({ err: error }, 'outages cannot be read; the last known ones stay');
    },
  });
  let lastFailure: unknown;
  const flusher =
    store &&
    createFlusher({
      recorder,
      store: store.metrics,
      clock,
      onFailure(error, waitingCalls) {
        lastFailure = error;
        logger.debug({ err: error, waitingCalls }, 'counts wait to be stored');
      },
    });
  const calls =
    store?.callRecords &&
    createCallRecorder({
      store: store.callRecords,
      clock,
      days: configuration.explain.days,
      onFailure: (error, waitingCalls) =>
        logger.debug({ err: error, waitingCalls }, 'calls wait to be stored for explanations'),
    });
  const limits = createLimits(settings, now);
  const prometheus = createPrometheus({
    guiche_dataset_records: {
      help: 'Records served, by dataset.',
      aggregator: 'max',
      labels: ['dataset'],
      read: () => openData.records().map(({ dataset, records }) => ({ labels: { dataset }, value: records })),
    },
    guiche_dataset_faults: {
      help: 'Faults of the files of a dataset as they are now.',
      aggregator: 'max',
      labels: ['dataset'],
      read: () =>
        [...openData.faults].map(([dataset, faults]) => ({ labels: { dataset }, value: faults.length })),
    },
    guiche_events_waiting: {
      help: 'Calls counted and not yet stored.',
      labels: [],
      read: () => [{ labels: {}, value: flusher?.waitingCalls() ?? 0 }],
    },
    guiche_call_records_lost: {
      help: 'Calls that `guiche explain` will never know of, because the database was away for too long.',
      labels: [],
      read: () => [{ labels: {}, value: calls?.lostCalls() ?? 0 }],
    },
    guiche_directory_age_seconds: {
      help: 'Seconds since everything that is known of the directory was fetched.',
      aggregator: 'max',
      labels: ['ecosystem'],
      read: () =>
        [...(consentSide?.directories ?? [])].flatMap(([ecosystem, directory]) => {
          const { fetchedAt } = directory.age();
          return fetchedAt === undefined
            ? []
            : [{ labels: { ecosystem }, value: (now() - fetchedAt) / 1000 }];
        }),
    },
    guiche_shared_limits_up: {
      help: '1 while limits are counted with the other nodes.',
      aggregator: 'min',
      labels: [],
      read: () => [{ labels: {}, value: limits.state() === 'shared' ? 1 : 0 }],
    },
  });

  const certificateOf = createClientCertificate(trustedProxyOf(configuration));
  const addressOf = createClientAddress(configuration.limits.trustedProxies);
  const consentSide = await openConsentSide(settings, clock, { certificateOf, addressOf });
  const pipelines = createPipelines({
    checkLimits: limits.step,
    authenticate: consentSide?.authenticate ?? NEVER_SERVED,
    checkBody: createCheckBody(),
    serveConsents: consentSide?.serveConsents ?? NEVER_SERVED,
    readResources: consentSide?.readResources ?? NEVER_SERVED,
    readCustomerData: consentSide?.readCustomerData ?? NEVER_SERVED,
    readOpenData: openData.read,
    readStatus: readStatus({
      profiles: service.profiles,
      operations: served,
      isOffered: (operation) => !isFromFile(operation) || openData.stateOf(operation).state !== 'absent',
      health,
      board,
      baseUrl,
      maxPageSize,
      now,
    }),
    readOutages: readOutages({ operations: served, board, baseUrl, maxPageSize, now }),
    checkRegulator: createCheckRegulator({ allow: configuration.metrics.allow }),
    readMetrics: createReadMetrics({
      store: store?.metrics ?? NO_METRICS,
      operations: () => served,
      outages: () => announcedOutages(board.list()),
      calendar: createCalendar(REGULATORY_TIME_ZONE),
      baseUrl,
      maxPageSize,
      now,
      onFailure: (error) => logger.warn({ err: error }, 'the regulatory metrics cannot be read'),
    }),
  });
  const shared = {
    logger,
    now,
    trustedProxies: configuration.limits.trustedProxies,
    guardMounts: limits.guard,
    onAnswered(event: Answered) {
      recorder.record(event);
      // Without the database this endpoint answers 503, which `databaseAway` says, and stops saying, by itself.
      if (event.operation.kind !== 'metrics') endpointHealth.record(event);
      prometheus.record(event);
      calls?.record(event);
    },
    ...(probeToken === undefined ? {} : { probeToken }),
  };
  const server = createServer({
    ...shared,
    operations: operations.map((operation) => ({
      operation,
      // Consents are reached by the listener that asks for certificates, and by no other.
      steps: (CONSENTED_KINDS.has(operation.kind) ? NO_INSTITUTION : pipelines[operation.kind]).steps,
    })),
    mounts: consentSide?.publicMounts ?? [],
    ...readTlsMaterial(configuration.tls, false),
  });
  const mtlsServer =
    consentSide &&
    createServer({
      ...shared,
      operations: operations
        .filter(({ kind }) => CONSENTED_KINDS.has(kind))
        .map((operation) => ({
          operation,
          steps: pipelines[operation.kind].steps,
          isRecorded: true,
        })),
      mounts: consentSide.mtlsMounts,
      certificateOf,
      ...readTlsMaterial(configuration.mtls, true),
    });

  const diagnostics = await loading;
  const stopBoard = store ? board.start() : () => {};
  const forgetStore = store?.onChange(async ({ state }) => {
    if (state === 'ready') await board.refresh();
    health.changed();
  });
  const stopWatching = watchFolders(openData, (error) =>
    logger.error({ err: error }, 'looking at the data folders failed'),
  );

  async function close(): Promise<void> {
    forgetStore?.();
    consentSide?.close();
    stopBoard();
    limits.close();
    await stopWatching();
    await loader.close();
    await calls?.stop();
    const lost = await flusher?.stop();
    if (lost) logger.error({ calls: lost, err: lastFailure }, `${lost} counted calls could not be stored`);
  }

  return {
    server,
    mtlsServer,
    consentSide,
    openData,
    board,
    health,
    prometheus,
    diagnostics,
    report: () => ({
      faults: Object.fromEntries(openData.faults),
      sharedLimits: limits.state(),
      waitingCalls: flusher?.waitingCalls() ?? 0,
      directories: [...(consentSide?.directories ?? [])].map(([ecosystem, directory]) => ({
        ecosystem,
        ...directory.age(),
      })),
    }),
    close,
  };
}

function createLimits({ configuration, shared, logger }: DataHolderSettings, now: () => number) {
  const { perMinutePerIp, perSecond } = configuration.limits;
  let isAway = false;
  const onShared = (away: boolean) => {
    if (away !== isAway)
      logger.warn(
        away ? 'limits are counted by each process: Redis is away' : 'limits are shared by all nodes again',
      );
    isAway = away;
  };
  const perAddress = createLimiter({
    name: 'address',
    limit: perMinutePerIp,
    windowMs: MINUTE_MS,
    shared,
    now,
    onShared,
  });
  const overall = createLimiter({
    name: 'all',
    limit: perSecond,
    windowMs: SECOND_MS,
    shared,
    now,
    onShared,
  });
  return {
    step: createLimitStep({ perAddress, overall }),
    guard: createLimitGuard({ perAddress, overall }),
    state: () => (shared ? (isAway ? 'away' : 'shared') : undefined),
    close: () => {
      perAddress.close();
      overall.close();
    },
  } as const;
}

/** What consents bring with them is loaded only where they are held. */
async function openConsentSide(
  { configuration, service, store, logger }: DataHolderSettings,
  clock: Clock,
  asked: Pick<ConsentSideSettings, 'certificateOf' | 'addressOf'>,
): Promise<ConsentSide | undefined> {
  if (Object.keys(configuration.institutions).length === 0 || !store?.consents) return undefined;
  const { createConsentSide } = await import('./consent-side/create-consent-side.ts');
  return createConsentSide({
    configuration,
    service,
    store: store as ConsentBacking,
    logger,
    clock,
    ...asked,
  });
}

const NEVER_SERVED: Step = () => answerProblem(createProblem('OPERACAO_NAO_DISPONIVEL'));

/** Data that never was sound enough to serve is an endpoint that is down; a broken change to sound data is not. */
function brokenData(operations: readonly Operation[], openData: OpenData): Impairment[] {
  return operations.filter(isFromFile).flatMap((operation) => {
    const found = openData.stateOf(operation);
    if (found.state !== 'broken') return [];
    return [
      {
        endpoints: [operation.key],
        reason: 'Os dados deste endpoint estão em manutenção.',
        since: found.since,
      },
    ];
  });
}

/** Without the database the regulatory metrics and the consents are missing, and nothing else. */
function databaseAway(operations: readonly Operation[], store: Backing | undefined): Impairment[] {
  const found = store?.health();
  // A start takes the database a second; that is no failure yet.
  if (!found || found.state === 'ready' || found.state === 'starting') return [];
  const impair = (isMissing: (operation: Operation) => boolean, reason: string): Impairment[] => {
    const endpoints = operations.filter(isMissing).map(({ key }) => key);
    return endpoints.length === 0 ? [] : [{ endpoints, reason, since: found.since }];
  };
  return [
    ...impair(
      ({ kind }) => kind === 'metrics',
      'As métricas operacionais estão temporariamente indisponíveis.',
    ),
    ...impair(
      ({ kind }) => CONSENTED_KINDS.has(kind),
      'Os consentimentos estão temporariamente indisponíveis.',
    ),
  ];
}

const away = async (): Promise<never> => {
  throw new Error('there is no store');
};
const NO_OUTAGES = { add: away, list: away, cancel: away };
const NO_METRICS = { readDays: away, readPeaks: away, readAvailability: away };
