import { checkInstitutions } from '../app/configuration/check-institutions.ts';
import { type LoadedConfiguration, loadConfiguration } from '../app/configuration/load-configuration.ts';
import type { Configuration } from '../app/configuration/settings.ts';
import type { Diagnostic } from '../kernel/diagnostic.ts';

/** What every command takes: the configuration file and the settings given as flags, by setting path. */
export interface ConfigurationFlags {
  readonly config: string | undefined;
  readonly flags: Readonly<Record<string, string | readonly string[]>>;
}

export interface ReadConfiguration {
  readonly configuration: Configuration | undefined;
  readonly loaded: LoadedConfiguration;
  readonly diagnostics: readonly Diagnostic[];
  /** Exit status when there is no configuration: 2 for a wrong flag, 1 for a wrong file or variable. */
  readonly failure: 1 | 2;
}

/** Reads the configuration for a command, with the rules that concern where guiche runs. */
export async function readConfiguration({ config, flags }: ConfigurationFlags): Promise<ReadConfiguration> {
  const loaded = await loadConfiguration({
    ...(config === undefined ? {} : { file: config }),
    flags,
    env: process.env,
    cwd: process.cwd(),
  });
  const { configuration } = loaded;
  const isProduction = process.env.NODE_ENV === 'production';
  const diagnostics = [
    ...loaded.diagnostics,
    ...checkBaseUrl(loaded),
    ...checkMetricsAllow(loaded),
    ...(configuration ? checkInstitutions(configuration, { isProduction }) : []),
  ];
  const errors = diagnostics.filter(({ severity }) => severity === 'error');
  const isUsage = errors.some(({ file, code }) => file.startsWith('--') || code === 'config-missing-file');
  return {
    configuration: errors.length > 0 ? undefined : closeMetrics(loaded),
    loaded,
    diagnostics,
    failure: isUsage ? 2 : 1,
  };
}

/** Links are part of every answer: an invented origin is fine on a laptop and wrong in production. */
function checkBaseUrl({ configuration, sources }: LoadedConfiguration): Diagnostic[] {
  if (!configuration) return [];
  const at = { file: 'baseUrl', line: 0, column: 0, pointer: '/baseUrl' } as const;
  const isProduction = process.env.NODE_ENV === 'production';
  if (sources.baseUrl === 'default') {
    const message = `baseUrl is not set: links would start with ${configuration.baseUrl}; name your public origin`;
    return [
      { ...at, severity: isProduction ? 'error' : 'warning', code: 'config-development-default', message },
    ];
  }
  if (configuration.baseUrl.startsWith('http:')) {
    const message = `baseUrl is ${configuration.baseUrl}: the contracts demand https in links`;
    return [
      { ...at, severity: isProduction ? 'error' : 'warning', code: 'config-development-default', message },
    ];
  }
  return [];
}

/** Behind a proxy on the same machine every caller comes from loopback, which the default would let read the metrics. */
function isOpenByDefault({ sources }: LoadedConfiguration): boolean {
  return process.env.NODE_ENV === 'production' && sources['metrics.allow'] === 'default';
}

function checkMetricsAllow(loaded: LoadedConfiguration): Diagnostic[] {
  if (!loaded.configuration || !isOpenByDefault(loaded)) return [];
  const message =
    'metrics.allow is not set: nobody may read the regulatory metrics; name the regulator’s addresses';
  const at = { file: 'metrics.allow', line: 0, column: 0, pointer: '/metrics/allow' } as const;
  return [{ ...at, severity: 'warning', code: 'config-development-default', message }];
}

function closeMetrics(loaded: LoadedConfiguration): Configuration | undefined {
  const { configuration } = loaded;
  return configuration && isOpenByDefault(loaded)
    ? { ...configuration, metrics: { allow: [] } }
    : configuration;
}
