import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { SandboxPorts } from '../app/sandbox/sandbox-addresses.ts';
import type { SandboxDescription } from '../app/sandbox/sandbox-description.ts';
import type { Sandbox } from '../app/sandbox/start-sandbox.ts';
import { createQuietLog } from './quiet-log.ts';
import { type ConfigurationFlags, readConfiguration } from './read-configuration.ts';
import { giveUp } from './service-log.ts';
import { onStopSignal } from './stop-signal.ts';

export interface SandboxOptions extends ConfigurationFlags {
  readonly format: 'text' | 'json';
}

/** First of the five ports when none is asked for. */
const DEFAULT_PORT = 8443;
/** Beside what `serve` keeps when both are started in one folder. */
const DEFAULT_FOLDER = 'sandbox';

/**
 * Runs the whole sandbox until SIGTERM or SIGINT; prints what it offers once it is ready. Exit status: 0 after a clean
 * stop, 1 when it cannot start, 2 for a wrong flag; the reason is on stderr.
 */
export async function sandbox(options: SandboxOptions): Promise<void> {
  const place = await readSandboxPlace(options);
  if (!place) return;
  const { startSandbox } = await import('../app/sandbox/start-sandbox.ts');
  const started = await startSandbox({ ...place, onProgress: tellProgress }).catch(tellFailure);
  if (!started) return;
  process.stdout.write(
    options.format === 'json' ? `${JSON.stringify(started.description)}\n` : describe(started),
  );
  onStopSignal(place.logger, () => started.close());
}

/** Runs the sandbox directory alone. Exit status as {@link sandbox}. */
export async function directory(options: SandboxOptions): Promise<void> {
  const place = await readSandboxPlace(options);
  if (!place) return;
  const { startDirectory } = await import('../app/sandbox/start-sandbox.ts');
  const started = await startDirectory(place).catch(tellFailure);
  if (!started) return;
  const { address } = started;
  process.stdout.write(
    options.format === 'json'
      ? `${JSON.stringify({ ready: true, directory: address })}\n`
      : `${describeMap('The sandbox directory is ready.', address)}\n`,
  );
  onStopSignal(place.logger, () => started.close());
}

/** Where a sandbox runs, and its log: serious things only, on stderr, so that stdout is for what was asked. */
async function readSandboxPlace(options: SandboxOptions) {
  const { configuration, diagnostics, failure, loaded } = await readConfiguration(options);
  if (!configuration) {
    giveUp(diagnostics, failure);
    return undefined;
  }
  const isDefault = (path: string) => loaded.sources[path] === 'default';
  return {
    stateFolder: isDefault('state') ? join(configuration.state, DEFAULT_FOLDER) : configuration.state,
    ports: portsFrom(isDefault('listen.port') ? DEFAULT_PORT : configuration.listen.port),
    logger: createQuietLog(isDefault('logLevel') ? 'warn' : configuration.logLevel),
  };
}

function portsFrom(base: number): SandboxPorts {
  return { public: base, mtls: base + 1, directory: base + 2, directoryMtls: base + 3, operations: base + 4 };
}

function tellProgress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`${text} …\n`);
}

function tellFailure(error: unknown): undefined {
  process.stderr.write(`guiche: cannot start: ${(error as Error).message}\n`);
  process.exitCode = 1;
  return undefined;
}

function describe({ description }: Sandbox): string {
  const { directory: address, institutions, receivers, customers } = description;
  return [
    describeMap(
      'The sandbox is ready. Everything in it is invented, and the receivers are simulated.',
      address,
    ),
    ...institutions.map(({ name, ecosystem, issuer, consentsUrl, resourcesUrl, apiBase }) =>
      describeMap(`${name} (${ecosystem})`, { issuer, consentsUrl, resourcesUrl, apiBase }),
    ),
    ...receivers.map(({ name, clientIds, certFile, keyFile, jwksFile }) =>
      describeMap(`Receiver ${name}`, { ...clientIds, certFile, keyFile, jwksFile }),
    ),
    'Customers, for the pages where they confirm and look after consents:',
    ...customers.map(
      ({ ecosystem, login, password }) => `  ${ecosystem.padEnd(15)} ${login.padEnd(16)} ${password}`,
    ),
    ...institutions.map(({ issuer }) => `  ${issuer}/consentimentos`),
    '',
    describeCommands(description),
    '',
  ].join('\n');
}

function describeMap(title: string, map: Readonly<Record<string, string>>): string {
  const width = Math.max(...Object.keys(map).map((name) => name.length));
  return [title, ...Object.entries(map).map(([name, value]) => `  ${name.padEnd(width)}  ${value}`), ''].join(
    '\n',
  );
}

/** Commands that work as they are, with the consents that a simulated customer has authorised. */
function describeCommands({
  institutions,
  receivers,
  consents,
  directory: address,
  configurationFile,
}: SandboxDescription): string {
  const [receiver] = receivers;
  const reads = consents.flatMap(({ ecosystem, accessToken }) => {
    const institution = institutions.find((one) => one.ecosystem === ecosystem);
    if (!institution || !receiver) return [];
    const interactionId = randomUUID();
    return [
      `# what ${receiver.name} may read at ${institution.name}`,
      `curl --cacert ${institution.caFile} --cert ${receiver.certFile} --key ${receiver.keyFile} \\`,
      `  -H 'authorization: Bearer ${accessToken}' -H 'x-fapi-interaction-id: ${interactionId}' \\`,
      `  ${institution.resourcesUrl}`,
      '# and why it was answered so, a second later',
      `npx guiche explain ${interactionId} --config ${configurationFile}`,
      '',
    ];
  });
  return [
    'Try:',
    `curl --cacert ${address.caFile} ${address.participantsUrl}`,
    ...institutions.map(({ caFile, discoveryUrl }) => `curl --cacert ${caFile} ${discoveryUrl}`),
    '',
    ...reads,
  ].join('\n');
}
