import { pino } from 'pino';
import type { Configuration } from '../app/configuration/settings.ts';
import { type Diagnostic, formatDiagnostic } from '../kernel/diagnostic.ts';
import type { OpenDataEvent } from '../open-data/open-data.ts';
import { presentDiagnostics } from './present-diagnostics.ts';

export type Logger = ReturnType<typeof createLogger>;

/** Creates the log of a running service: JSON lines on stdout, or readable ones when a terminal looks on. */
export function createLogger(level: Configuration['logLevel']) {
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

/** Logs what is wrong or worth a look; notes are for `guiche check`. */
export function logFindings(logger: Logger, diagnostics: readonly Diagnostic[]): void {
  for (const diagnostic of presentDiagnostics(diagnostics.filter(({ severity }) => severity !== 'info'))) {
    const level = diagnostic.severity === 'error' ? 'error' : 'warn';
    logger[level]({ diagnostic }, formatDiagnostic(diagnostic));
  }
}

/** Logs what happens to datasets while the service runs. */
export function logEvent(logger: Logger, event: OpenDataEvent): void {
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

/** Says on stderr why the service cannot start. */
export function giveUp(diagnostics: readonly Diagnostic[], status: 1 | 2): void {
  const serious = presentDiagnostics(diagnostics.filter(({ severity }) => severity === 'error'));
  const reason = `guiche: cannot start: ${serious.length} ${serious.length === 1 ? 'error' : 'errors'}`;
  const advice = serious.some(({ code }) => !code.startsWith('config-'))
    ? '; --lenient serves what is sound'
    : '';
  process.stderr.write(`${serious.map(formatDiagnostic).join('\n')}\n${reason}${advice}\n`);
  process.exitCode = status;
}
