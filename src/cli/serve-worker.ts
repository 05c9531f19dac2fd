import { createDeferredStore } from '../app/deferred-store.ts';
import { openPublicListener } from './public-listener.ts';
import type { PrimaryMessage, WorkerReport } from './serve-workers.ts';
import type { ServiceStart } from './service-start.ts';
import { storeOptions } from './store-options.ts';

/** Serves as one of several processes of a primary, which has the database, the probes and the operational listener. */
export async function serveWorker(start: ServiceStart): Promise<void> {
  const { logger } = start;
  const store = createDeferredStore(Date.now);
  const listener = await openPublicListener(start, store, { isQuiet: true });
  if (!listener) {
    process.disconnect();
    return;
  }
  const { holder, address } = listener;
  const tell = (message: object) => process.send?.(message);

  process.on('message', (message: PrimaryMessage) => {
    if (message.type === 'database') void attach(message.url);
    else if (message.type === 'outages-changed')
      void holder.board.refresh().then(() => holder.health.changed());
    else if (message.type === 'report') void report(message.id);
    else if (message.type === 'stop') void stop();
  });

  async function attach(url: string): Promise<void> {
    const { openStore } = await import('../store/open-store.ts');
    store.attach(openStore({ ...storeOptions(start.configuration), databaseUrl: url, log: logger }));
    await holder.board.refresh();
  }

  async function report(id: number): Promise<void> {
    const found: WorkerReport = {
      ...holder.report(),
      prometheus: await holder.prometheus.registry.getMetricsAsJSON(),
    };
    tell({ type: 'report', id, report: found });
  }

  let isStopping = false;
  async function stop(): Promise<void> {
    if (isStopping) return;
    isStopping = true;
    await listener?.stop();
    await store.close();
    if (process.connected) process.disconnect();
  }

  // The primary decides when to stop: a terminal's Ctrl-C and some supervisors signal every process of the group.
  process.on('SIGTERM', () => {});
  process.on('SIGINT', () => {});
  process.on('disconnect', () => void stop());

  tell({ type: 'listening', address });
}
