import type { SettingSource } from './load-configuration.ts';
import { MASK, maskCredentials } from './mask-credentials.ts';
import { isRecord } from './setting-kind.ts';
import { SETTINGS, type Setting } from './settings.ts';

/** One setting as it may be shown: secrets and passwords inside URLs are masked. */
export interface EffectiveSetting {
  readonly key: string;
  readonly value: unknown;
  readonly source: SettingSource;
}

/**
 * The configuration as `guiche check` shows it, in the table's order.
 *
 * `configuration` and `sources` are what `loadConfiguration` gave; `settings` is another table in tests only.
 */
export function effectiveConfiguration(
  configuration: object,
  sources: Readonly<Record<string, SettingSource>>,
  settings: readonly Setting[] = SETTINGS,
): EffectiveSetting[] {
  return settings.map(({ path, secret }) => {
    const value = path
      .split('.')
      .reduce<unknown>((map, key) => (isRecord(map) ? map[key] : undefined), configuration);
    const shown = secret === true && value !== undefined ? MASK : masked(value);
    return { key: path, value: shown, source: sources[path] ?? 'default' };
  });
}

/** The same as text: a line per key with its value and where the value comes from. */
export function formatEffectiveConfiguration(effective: readonly EffectiveSetting[]): string {
  const rows = effective.map(({ key, value, source }) => ({
    key,
    source,
    value: typeof value === 'string' ? value : (JSON.stringify(value) ?? ''),
  }));
  const width = (of: 'key' | 'source') => Math.max(0, ...rows.map((row) => row[of].length));
  return rows
    .map(({ key, source, value }) =>
      `${key.padEnd(width('key'))}  ${source.padEnd(width('source'))}  ${value}`.trimEnd(),
    )
    .join('\n');
}

function masked(value: unknown): unknown {
  if (typeof value === 'string') return maskCredentials(value);
  if (Array.isArray(value)) return value.map(masked);
  if (!isRecord(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, masked(inner)]));
}
