import type { Logger } from './service-log.ts';

/** Stops once, at the first SIGTERM or SIGINT; the process ends when nothing is left to do. */
export function onStopSignal(logger: Logger, stop: () => Promise<void>): void {
  let isStopping = false;
  const begin = async (signal: NodeJS.Signals) => {
    if (isStopping) return;
    isStopping = true;
    logger.info({ signal }, 'stopping');
    try {
      await stop();
      logger.info('stopped');
    } catch (error) {
      logger.error({ err: error }, 'stopping failed');
      process.exitCode = 1;
    }
  };
  process.on('SIGTERM', begin);
  process.on('SIGINT', begin);
}
