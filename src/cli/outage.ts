import type { Outage, OutagePhase } from '../discovery/outage.ts';
import type { OutageRequest } from '../discovery/plan-outage.ts';
import { formatDiagnostic } from '../kernel/diagnostic.ts';
import { type AdminReply, askAdmin } from './ask-admin.ts';
import { presentDiagnostics } from './present-diagnostics.ts';
import { type ConfigurationFlags, readConfiguration } from './read-configuration.ts';

/** What to do with outages. */
export type OutageAction =
  | { readonly action: 'add'; readonly request: OutageRequest }
  | { readonly action: 'list' }
  | { readonly action: 'cancel'; readonly id: string };

export interface OutageOptions extends ConfigurationFlags {
  readonly format: 'text' | 'json';
}

/**
 * Announces, lists and cancels outages of a running service.
 *
 * @returns the exit status: 0 when done, 1 when refused or nothing answers, 2 for a wrong flag
 */
export async function outage(options: OutageOptions, action: OutageAction): Promise<0 | 1 | 2> {
  const { configuration, diagnostics, failure } = await readConfiguration(options);
  if (!configuration) {
    process.stderr.write(`${presentDiagnostics(diagnostics).map(formatDiagnostic).join('\n')}\n`);
    return failure;
  }
  try {
    if (action.action === 'list') return list(options, await askAdmin(configuration, 'GET', '/outages'));
    if (action.action === 'add')
      return added(options, await askAdmin(configuration, 'POST', '/outages', action.request));
    return cancelled(
      options,
      await askAdmin(configuration, 'DELETE', `/outages/${encodeURIComponent(action.id)}`),
    );
  } catch (error) {
    process.stderr.write(`guiche: ${(error as Error).message}\n`);
    return 1;
  }
}

type ListedOutage = Outage & { readonly phase: OutagePhase };

function list({ format }: OutageOptions, { body }: AdminReply): 0 {
  const outages = body as readonly ListedOutage[];
  if (format === 'json') process.stdout.write(`${JSON.stringify(outages, null, 2)}\n`);
  else process.stdout.write(outages.length === 0 ? 'no outages\n' : outages.map(describe).join(''));
  return 0;
}

function describe({
  id,
  phase,
  startsAt,
  duration,
  ecosystem,
  isPartial,
  endpoints,
  explanation,
}: ListedOutage): string {
  const what = isPartial ? endpoints.join(', ') : (ecosystem ?? 'everything');
  return `${id}  ${phase.padEnd(9)}  ${new Date(startsAt).toISOString()}  ${duration}  ${what}  ${explanation}\n`;
}

function added({ format }: OutageOptions, { status, body }: AdminReply): 0 | 1 {
  const {
    outage: planned,
    warnings = [],
    faults = [],
    error,
  } = body as {
    outage?: Outage;
    warnings?: readonly { message: string }[];
    faults?: readonly { field: string; message: string }[];
    error?: string;
  };
  if (status !== 201 || !planned) {
    const reasons =
      faults.length > 0 ? faults.map(({ field, message }) => `${field}: ${message}`) : [error ?? 'refused'];
    process.stderr.write(reasons.map((reason) => `guiche: ${reason}\n`).join(''));
    return 1;
  }
  for (const { message } of warnings) process.stderr.write(`guiche: warning: ${message}\n`);
  process.stdout.write(
    format === 'json' ? `${JSON.stringify(planned, null, 2)}\n` : `announced ${planned.id}\n`,
  );
  return 0;
}

function cancelled({ format }: OutageOptions, { status, body }: AdminReply): 0 | 1 {
  if (format === 'json') process.stdout.write(`${JSON.stringify(body)}\n`);
  const { result, error } = body as { result?: string; error?: string };
  if (status === 200) {
    if (format === 'text') process.stdout.write('cancelled\n');
    return 0;
  }
  process.stderr.write(`guiche: not cancelled: ${result ?? error}\n`);
  return 1;
}
