import { join } from 'node:path';
import { projectFolder } from './places.ts';
import { type ProcessSettings, type StartedProcess, startProcess } from './start-process.ts';
import { makeTemporaryState } from './temporary-state.ts';

/** A running guiche. */
export interface RunningGuiche extends StartedProcess {
  /** Origin of its open-data listener. */
  readonly origin: string;
  /** From its start to the log line that tells where it listens. */
  readonly readyMs: number;
}

/** More than any load generator sends, so that no round measures refusals. The limits are still counted. */
export const UNREACHABLE_LIMIT = '1000000000';

/** What every guiche of a measure has: limits out of reach, a free operational port, nothing of the user's own. */
const ENVIRONMENT: ProcessSettings['environment'] = {
  GUICHE_ADMIN_PORT: '0',
  GUICHE_LIMITS_PER_MINUTE_PER_IP: UNREACHABLE_LIMIT,
  GUICHE_LIMITS_PER_SECOND: UNREACHABLE_LIMIT,
  DATABASE_URL: undefined,
  REDIS_URL: undefined,
};

/**
 * Serves as a user does, with the defaults of everything that neither `options` nor the environment name; resolves once
 * it listens. Its state folder is new, and gone when it has stopped.
 */
export async function startGuiche(
  options: readonly string[],
  settings: ProcessSettings = {},
): Promise<RunningGuiche> {
  const state = makeTemporaryState();
  const command = [
    process.execPath,
    join(projectFolder, 'bin', 'guiche.js'),
    'serve',
    '--port',
    '0',
    '--state',
    state.folder,
    ...options,
  ];
  const started = startProcess(command, {
    ...settings,
    environment: { ...ENVIRONMENT, ...settings.environment },
  });
  const stop = async () => {
    await started.stop();
    state.remove();
  };
  const kill = async () => {
    await started.kill();
    state.remove();
  };
  try {
    const { line, at } = await started.line((text) => text.includes('"listening"'));
    const { listening } = JSON.parse(line) as { listening: [string] };
    return { ...started, origin: listening[0], readyMs: at - started.startedAt, stop, kill };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The configuration that `npm start` serves. */
export const EXAMPLES = ['--config', join(projectFolder, 'examples', 'guiche.yaml')];
