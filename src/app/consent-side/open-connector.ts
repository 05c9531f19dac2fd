import { readFileSync } from 'node:fs';
import type { Connector } from '../../connectors/connector.ts';
import { createFolderConnector } from '../../connectors/folder-connector.ts';
import { type RememberingConnector, rememberDiscoveries } from '../../connectors/remember-discoveries.ts';
import type { Clock } from '../../kernel/clock.ts';
import { formatDiagnostic } from '../../kernel/diagnostic.ts';
import type { ConnectorSettings } from '../configuration/connector-settings.ts';
import type { SideLog } from './institution-side.ts';
import { openPasswordFile } from './password-file.ts';

export interface OpenConnectorSettings {
  readonly clock: Clock;
  readonly logger: Pick<SideLog, 'info' | 'warn'>;
}

const MEGABYTE = 1024 * 1024;

/**
 * Opens a connector as the configuration describes it. What a kind brings with it is loaded with the first of it.
 * Rejects when a file cannot be read or is wrong.
 */
export async function openConnector(
  name: string,
  settings: ConnectorSettings,
  { clock, logger }: OpenConnectorSettings,
): Promise<RememberingConnector> {
  const seconds = settings.kind === 'folder' ? 0 : settings.rememberedSeconds;
  const connector = await open(name, settings, { clock, logger });
  return rememberDiscoveries(connector, { forMs: seconds * 1000, clock });
}

async function open(
  name: string,
  settings: ConnectorSettings,
  { clock, logger }: OpenConnectorSettings,
): Promise<Connector> {
  switch (settings.kind) {
    case 'folder':
      return createFolderConnector({
        folder: settings.customers,
        passwordHash: openPasswordFile(settings.passwords),
        clock,
        onFault: (error) =>
          logger.warn({ reason: error.message }, 'customer files cannot be read; the last good ones serve'),
      });
    case 'http':
      return openHttp(name, settings, clock, logger);
    case 'sql':
      return openSql(settings, clock);
    case 'module':
      return openModule(settings, clock);
  }
}

type SettingsOf<K extends ConnectorSettings['kind']> = Extract<ConnectorSettings, { readonly kind: K }>;

async function openHttp(
  name: string,
  settings: SettingsOf<'http'>,
  clock: Clock,
  logger: OpenConnectorSettings['logger'],
): Promise<Connector> {
  const { createHttpConnector } = await import('../../connectors/http/http-connector.ts');
  const { url, signing, concurrency, queue, retries, failures, pauseSeconds } = settings;
  return createHttpConnector({
    url: url as string,
    ...readFiles({
      certificate: settings.certificate,
      key: settings.key,
      authorities: settings.authorities,
    }),
    ...(signing && { signing: readSigning(signing) }),
    concurrency,
    queue,
    retries,
    circuit: { failures, pauseMs: pauseSeconds * 1000 },
    maxAnswerBytes: settings.maxAnswerMegabytes * MEGABYTE,
    clock,
    onCircuit: (change) =>
      logger.warn(
        { connector: name, circuit: change },
        `connector ${name}: ${change.name} is ${change.state}`,
      ),
  });
}

async function openSql(settings: SettingsOf<'sql'>, clock: Clock): Promise<Connector> {
  const [{ createSqlConnector }, { readSqlMapping }] = await Promise.all([
    import('../../connectors/sql/create-sql-connector.ts'),
    import('../../connectors/sql/read-sql-mapping.ts'),
  ]);
  const read = readSqlMapping(readFileSync(settings.mapping, 'utf8'), settings.mapping);
  if ('diagnostics' in read) throw new Error(read.diagnostics.map(formatDiagnostic).join('\n'));
  return createSqlConnector({
    mapping: read.mapping,
    databaseUrl: settings.databaseUrl as string,
    connections: settings.connections,
    clock,
  });
}

async function openModule({ module, options }: SettingsOf<'module'>, clock: Clock): Promise<Connector> {
  const { createModuleConnector } = await import('../../connectors/module/create-module-connector.ts');
  return createModuleConnector({ file: module, settings: options, clock });
}

/** The text of files, by what they are for; without those that there are none of. */
function readFiles<Names extends string>(
  files: Readonly<Record<Names, string | undefined>>,
): { readonly [N in Names]?: string } {
  const read = Object.entries<string | undefined>(files).flatMap(([name, file]) =>
    file === undefined ? [] : [[name, readFileSync(file, 'utf8')]],
  );
  return Object.fromEntries(read);
}

function readSigning({ key, keyId, ...signing }: NonNullable<SettingsOf<'http'>['signing']>) {
  return {
    ...signing,
    key: readFileSync(key, 'utf8').trimEnd(),
    ...(keyId !== undefined && { keyId }),
  };
}
