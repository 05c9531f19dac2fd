import type { DataHolder } from './create-data-holder.ts';
import type { ServingSide } from './create-operations.ts';

/** What one process that serves alone tells its operational side. */
export function createServingSide(holder: DataHolder, isStopping: () => boolean): ServingSide {
  return {
    readiness: () =>
      isStopping() ? { isReady: false, reasons: ['stopping'] } : { isReady: true, reasons: [] },
    prometheus: async () => ({
      contentType: holder.prometheus.registry.contentType,
      text: await holder.prometheus.registry.metrics(),
    }),
    report: async () => holder.report(),
    outagesChanged: () => holder.health.changed(),
  };
}
