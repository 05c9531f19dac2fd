import type { AddressInfo } from 'node:net';
import { pino } from 'pino';
import type { Configuration } from '../app/configuration/settings.ts';
import { createDataHolder, type DataHolder } from '../app/create-data-holder.ts';
import { loadService } from '../app/load-service.ts';
import { type Diagnostic, formatDiagnostic } from '../kernel/diagnostic.ts';
import type { OpenDataEvent } from '../open-data/open-data.ts';
import { hasErrors, presentDiagnostics } from './present-diagnostics.ts';
import { type ConfigurationFlags, readConfiguration } from './read-configuration.ts';

export interface ServeOptions extends ConfigurationFlags {
  /** Serve what is sound although something is broken. */
  readonly lenient: boolean;
}

type Logger = ReturnType<typeof createLogger>;

/**
 * Runs the service until SIGTERM or SIGINT. Exit status: 0 after a clean stop, 1 when it cannot start, 2 for a wrong
 * flag; the reason is on stderr.
 */
export async function serve(options: ServeOptions): Promise<void> {
  const { configuration, diagnostics, failure } = await readConfiguration(options);
  if (!configuration) {
    giveUp(diagnostics, failure);
    return;
  }
  const logger = createLogger(configuration.logLevel);
  logFindings(logger, diagnostics);

  const service = loadService(configuration);
  if (hasErrors(service.diagnostics) && !options.lenient) {
    giveUp(service.diagnostics, 1);
    return;
  }
  logFindings(logger, service.diagnostics);

  const holder = await createDataHolder({
    configuration,
    service,
    logger,
    onEvent: (event) => logEvent(logger, event),
  });
  if (hasErrors(holder.diagnostics) && !options.lenient) {
    await holder.close();
    giveUp(holder.diagnostics, 1);
    return;
  }
  logFindings(logger, holder.diagnostics);
  await listen(holder, configuration, logger);
}

async function listen(holder: DataHolder, configuration: Configuration, logger: Logger): Promise<void> {
  const { host, port } = configuration.listen;
  const { app } = holder.server;
  try {
    await app.listen({ host, port });
  } catch (error) {
    await holder.close();
    process.stderr.write(`guiche: cannot listen on ${host} port ${port}: ${(error as Error).message}\n`);
    process.exitCode = 1;
    return;
  }
  stopOnSignal(holder, configuration.shutdownGraceMs, logger);
  const listening = app.addresses().map((address) => urlOf(address as AddressInfo));
  logger.info(
    { listening, baseUrl: configuration.baseUrl, readyMs: Math.round(performance.now()) },
    `listening on ${listening.join(', ')}`,
  );
}

function urlOf({ address, family, port }: AddressInfo): string {
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
}

/** Requests under way are finished, new connections are refused, and what is left after the grace is cut. */
function stopOnSignal(holder: DataHolder, graceMs: number, logger: Logger): void {
  let isStopping = false;
  const stop = async (signal: NodeJS.Signals) => {
    if (isStopping) return;
    isStopping = true;
    logger.info({ signal }, 'stopping');
    holder.server.drain();
    const { app } = holder.server;
    const cut = setTimeout(() => app.server.closeAllConnections(), graceMs);
    await Promise.all([app.close(), holder.close()]);
    clearTimeout(cut);
    logger.info('stopped');
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
}

function createLogger(level: Configuration['logLevel']) {
  const options = {
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
  };
  if (!process.stdout.isTTY) return pino(options, pino.destination({ dest: 1, sync: true }));
  return pino({
    ...options,
    transport: { target: 'pino-pretty', options: { ignore: 'pid,hostname' } },
    formatters: {},
  });
}

function logFindings(logger: Logger, diagnostics: readonly Diagnostic[]): void {
  for (const diagnostic of presentDiagnostics(diagnostics.filter(({ severity }) => severity !== 'info'))) {
    const level = diagnostic.severity === 'error' ? 'error' : 'warn';
    logger[level]({ diagnostic }, formatDiagnostic(diagnostic));
  }
}

function logEvent(logger: Logger, event: OpenDataEvent): void {
  if (event.type === 'published')
    logger.debug(event, `${event.dataset} published with ${event.records} records`);
  else if (event.type === 'withdrawn') logger.warn(event, `${event.dataset} withdrawn: its file is gone`);
  else {
    if (event.type === 'refused')
      logger.error(
        { dataset: event.dataset },
        `${event.dataset} has changed and breaks its contract; the last good data stays`,
      );
    logFindings(logger, event.diagnostics);
  }
}

function giveUp(diagnostics: readonly Diagnostic[], status: 1 | 2): void {
  const serious = presentDiagnostics(diagnostics.filter(({ severity }) => severity === 'error'));
  const reason = `guiche: cannot start: ${serious.length} ${serious.length === 1 ? 'error' : 'errors'}`;
  const advice = serious.some(({ code }) => !code.startsWith('config-'))
    ? '; --lenient serves what is sound'
    : '';
  process.stderr.write(`${serious.map(formatDiagnostic).join('\n')}\n${reason}${advice}\n`);
  process.exitCode = status;
}
