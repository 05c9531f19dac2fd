import { createDeferredStore } from '../app/deferred-store.ts';
import { createServingSide } from '../app/serving-side.ts';
import { openOperations } from './open-operations.ts';
import { openPublicListener, urlOf } from './public-listener.ts';
import type { ServiceStart } from './service-start.ts';
import { onStopSignal } from './stop-signal.ts';

/** Serves with this one process: the public listener first, then what it can begin without. */
export async function serveAlone(start: ServiceStart): Promise<void> {
  const { configuration, logger } = start;
  const store = createDeferredStore(Date.now);
  const listener = await openPublicListener(start, store);
  if (!listener) return;
  const { holder, address, mtlsAddress } = listener;
  const url = urlOf(address, configuration.tls.certificate !== undefined);
  const urls = mtlsAddress ? [url, urlOf(mtlsAddress, configuration.mtls.certificate !== undefined)] : [url];
  logger.info(
    { listening: urls, baseUrl: configuration.baseUrl, readyMs: Math.round(performance.now()) },
    `listening on ${urls.join(' and ')}`,
  );

  let isStopping = false;
  const operations = openOperations(
    start,
    store,
    createServingSide(holder, () => isStopping),
    holder.board,
  );
  operations
    .then((opened) => opened.startProbing(address))
    .catch((error) => logger.error({ err: error }, 'the operational side did not start'));

  onStopSignal(logger, async () => {
    isStopping = true;
    await listener.stop();
    await (await operations).close();
    await store.close();
  });
}
