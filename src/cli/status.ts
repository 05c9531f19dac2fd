import type { EcosystemStatus, ServiceStatus } from '../app/service-status.ts';
import { formatDiagnostic } from '../kernel/diagnostic.ts';
import type { Forecast } from '../metrics/availability/service-level.ts';
import { askAdmin } from './ask-admin.ts';
import { presentDiagnostics } from './present-diagnostics.ts';
import { type ConfigurationFlags, readConfiguration } from './read-configuration.ts';

export interface StatusOptions extends ConfigurationFlags {
  readonly format: 'text' | 'json';
}

/**
 * Asks a running service how it is.
 *
 * @returns the exit status: 0 when all is well, 1 when it is not or nothing answers, 2 for a wrong flag
 */
export async function status(options: StatusOptions): Promise<0 | 1 | 2> {
  const { configuration, diagnostics, failure } = await readConfiguration(options);
  if (!configuration) {
    process.stderr.write(`${presentDiagnostics(diagnostics).map(formatDiagnostic).join('\n')}\n`);
    return failure;
  }
  try {
    const found = (await askAdmin(configuration, 'GET', '/status')).body as ServiceStatus;
    process.stdout.write(options.format === 'json' ? `${JSON.stringify(found, null, 2)}\n` : describe(found));
    return found.isOk ? 0 : 1;
  } catch (error) {
    process.stderr.write(`guiche: ${(error as Error).message}\n`);
    return 1;
  }
}

function describe(found: ServiceStatus): string {
  const lines = found.ecosystems.flatMap(describeEcosystem);
  lines.push('', `database   ${found.store.state}${found.store.reason ? `: ${found.store.reason}` : ''}`);
  if (found.sharedLimits)
    lines.push(
      `limits     ${found.sharedLimits === 'shared' ? 'shared by all nodes' : 'counted by each process: Redis is away'}`,
    );
  if (found.waitingCalls > 0) lines.push(`metrics    ${found.waitingCalls} calls waiting to be stored`);
  for (const { ecosystem, fetchedAt, failure } of found.directories)
    lines.push(
      `directory  ${ecosystem}: ${fetchedAt === undefined ? 'never fetched' : `fetched ${new Date(fetchedAt).toISOString()}`}${failure === undefined ? '' : `; away: ${failure}`}`,
    );
  for (const { id, phase, startsAt, duration, explanation } of found.outages) {
    lines.push(
      `outage     ${id} ${phase} from ${new Date(startsAt).toISOString()} for ${duration}: ${explanation}`,
    );
  }
  for (const [dataset, faults] of Object.entries(found.faults)) {
    lines.push(`data       ${dataset} has changed and is not served as it is:`);
    for (const fault of presentDiagnostics(faults).slice(0, 3))
      lines.push(`           ${formatDiagnostic(fault)}`);
  }
  return `${lines.join('\n').trim()}\n`;
}

function describeEcosystem({ ecosystem, status: entries, availability, latency }: EcosystemStatus): string[] {
  const lines = ['', ecosystem];
  for (const entry of entries) lines.push(`  ${entry.code.padEnd(17)} ${entry.explanation}`);
  for (const level of availability ?? []) {
    const { period, uptimeRate, target, forecast } = level;
    lines.push(
      `  ${period.padEnd(8)} up ${percent(uptimeRate)} of ${percent(target)} asked; at the rate of the last hour ${describeForecast(forecast.lastHour)}, of the last day ${describeForecast(forecast.lastDay)}`,
    );
  }
  for (const { tier, p95Ms, limitMs, calls } of latency ?? []) {
    if (p95Ms !== undefined)
      lines.push(
        `  ${tier.padEnd(8)} 95 % of ${calls} calls today within ${Math.round(p95Ms)} ms of ${limitMs} ms`,
      );
  }
  return lines;
}

function percent(rate: number): string {
  return `${(rate * 100).toFixed(3)} %`;
}

function describeForecast(forecast: Forecast): string {
  if (forecast.state === 'missed') return 'it is already missed';
  return forecast.state === 'never' ? 'it is kept' : `it is missed on ${new Date(forecast.at).toISOString()}`;
}
