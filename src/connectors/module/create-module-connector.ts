import { stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Clock } from '../../kernel/clock.ts';
import type { Connector } from '../connector.ts';
import { guardConnector, NEEDED_METHODS, OPTIONAL_METHODS } from './guard-connector.ts';

/** What a module gets to make its connector with. */
export interface ModuleContext {
  /** What the operator's configuration says for it, as it stands there. */
  readonly settings: Readonly<Record<string, unknown>>;
  readonly clock: Pick<Clock, 'now'>;
  /** Folder of the module's file, which what it reads can stand in. */
  readonly folder: string;
}

/** What a module exports by default. */
export type ConnectorModule = (context: ModuleContext) => Connector | Promise<Connector>;

export interface ModuleConnectorSettings {
  /** A JavaScript module, or a TypeScript one whose types can be stripped; below the working folder or absolute. */
  readonly file: string;
  readonly settings?: Readonly<Record<string, unknown>>;
  readonly clock: Pick<Clock, 'now'>;
  /** Milliseconds that loading it and making the connector may take together. */
  readonly patienceMs?: number;
}

const PATIENCE_MS = 30_000;

/**
 * Loads an operator's own connector and holds it to the port. Rejects when the file cannot be read or run, when it exports
 * no function, when that takes longer than it may, and when it makes something that is not a connector; the message names
 * the file and what is missing.
 */
export async function createModuleConnector(settings: ModuleConnectorSettings): Promise<Connector> {
  const file = resolve(settings.file);
  const patienceMs = settings.patienceMs ?? PATIENCE_MS;
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => reject(new Error(`${file}: it made no connector within ${patienceMs} ms`)),
    patienceMs,
  );
  try {
    const making = load(file, settings);
    making.catch(() => {});
    return guardConnector(await Promise.race([making, late]));
  } finally {
    clearTimeout(timer);
  }
}

async function load(file: string, { settings = {}, clock }: ModuleConnectorSettings): Promise<Connector> {
  const found = await stat(file).catch(() => undefined);
  if (!found?.isFile()) throw new Error(`${file}: no such file`);
  const create = await importDefault(file);
  if (typeof create !== 'function')
    throw new Error(`${file}: its default export must be a function that makes a connector`);
  const context: ModuleContext = { settings, clock, folder: dirname(file) };
  const made = await attempt(
    () => (create as ConnectorModule)(context),
    `${file}: making the connector failed`,
  );
  return asConnector(made, file);
}

async function importDefault(file: string): Promise<unknown> {
  const module = await attempt(
    () => import(pathToFileURL(file).href) as Promise<{ readonly default?: unknown }>,
    `${file}: it cannot be loaded`,
  );
  return module.default;
}

/** At the start there is no customer yet, so that the operator may see what went wrong in full. */
async function attempt<Result>(action: () => Result | Promise<Result>, message: string): Promise<Result> {
  try {
    return await action();
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : 'it threw what is no error';
    throw new Error(`${message}: ${reason}`, { cause });
  }
}

function asConnector(made: unknown, file: string): Connector {
  if (typeof made !== 'object' || made === null)
    throw new Error(`${file}: what it made is not a connector but ${made === null ? 'null' : typeof made}`);
  const methods = made as Readonly<Record<string, unknown>>;
  const missing = NEEDED_METHODS.filter((name) => typeof methods[name] !== 'function');
  const wrong = OPTIONAL_METHODS.filter(
    (name) => methods[name] !== undefined && typeof methods[name] !== 'function',
  );
  if (missing.length > 0) throw new Error(`${file}: the connector lacks ${missing.join(', ')}`);
  if (wrong.length > 0) throw new Error(`${file}: ${wrong.join(', ')} of the connector must be a method`);
  return made as Connector;
}
