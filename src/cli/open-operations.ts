import { createOperations, type Operations, type ServingSide } from '../app/create-operations.ts';
import type { DeferredStore } from '../app/deferred-store.ts';
import type { OutageBoard } from '../discovery/outage-board.ts';
import type { ServiceStart } from './service-start.ts';
import { storeOptions } from './store-options.ts';

/** Opens the store and the operational listener. A port in use there is a fault to log, not a reason not to serve. */
export async function openOperations(
  start: ServiceStart,
  store: DeferredStore,
  serving: ServingSide,
  board?: OutageBoard,
): Promise<Operations> {
  const { configuration, service, logger, probeToken } = start;
  const { openStore } = await import('../store/open-store.ts');
  store.attach(openStore({ ...storeOptions(configuration), log: logger }));
  const operations = createOperations({
    configuration,
    service,
    store,
    serving,
    logger,
    probeToken,
    ...(board ? { board } : {}),
  });
  const { host, port } = configuration.admin;
  try {
    const url = await operations.admin.listen({ host, port });
    // The last line of the start is the public listener's; this one matters only where the system chose the port.
    logger[port === 0 ? 'info' : 'debug']({ admin: url }, `operational listener on ${url}`);
  } catch (error) {
    logger.error({ err: error }, `the operational listener cannot use ${host} port ${port}`);
  }
  return operations;
}
