import { join } from 'node:path';
import { projectFolder } from './places.ts';
import { type ProcessSettings, type StartedProcess, startProcess } from './start-process.ts';

/** A running guiche. */
export interface RunningGuiche extends StartedProcess {
  /** Origin of its open-data listener. */
  readonly origin: string;
  /** From its start to the log line that tells where it listens. */
  readonly readyMs: number;
}

/** Serves as a user does, with the defaults of everything that `options` leave out; resolves once it listens. */
export async function startGuiche(
  options: readonly string[],
  settings: ProcessSettings = {},
): Promise<RunningGuiche> {
  const command = [
    process.execPath,
    join(projectFolder, 'bin', 'guiche.js'),
    'serve',
    '--port',
    '0',
    ...options,
  ];
  const started = startProcess(command, settings);
  try {
    const { line, at } = await started.line((text) => text.includes('"listening"'));
    const { listening } = JSON.parse(line) as { listening: [string] };
    return { ...started, origin: listening[0], readyMs: at - started.startedAt };
  } catch (error) {
    await started.stop();
    throw error;
  }
}

/** The configuration that `npm start` serves. */
export const EXAMPLES = ['--config', join(projectFolder, 'examples', 'guiche.yaml')];
