import { pino } from 'pino';
import type { Configuration } from '../app/configuration/settings.ts';

/** The log of a command whose stdout is for what was asked: JSON lines on stderr, serious ones only unless more is wanted. */
export function createQuietLog(level: Configuration['logLevel'] = 'error') {
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label: string) => ({ level: label }) },
    },
    pino.destination({ dest: 2, sync: true }),
  );
}
