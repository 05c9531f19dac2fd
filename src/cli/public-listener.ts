import type { AddressInfo } from 'node:net';
import { createDataHolder, type DataHolder } from '../app/create-data-holder.ts';
import type { DeferredStore } from '../app/deferred-store.ts';
import type { SharedCounter } from '../http/limits/shared-counter.ts';
import { hasErrors } from './present-diagnostics.ts';
import { giveUp, logEvent, logFindings } from './service-log.ts';
import type { ServiceStart } from './service-start.ts';

/** The institution, listening. */
export interface PublicListener {
  readonly holder: DataHolder;
  readonly address: AddressInfo;
  /** Finishes the requests under way, cuts what is left after the grace, stores what was counted. */
  stop(): Promise<void>;
}

/**
 * Builds the institution and lets it listen. Undefined, with the reason on stderr and the exit status set, when it
 * cannot.
 */
export async function openPublicListener(
  start: ServiceStart,
  store: DeferredStore,
  options: { readonly isQuiet?: boolean } = {},
): Promise<PublicListener | undefined> {
  const { configuration, service, logger, loader, isLenient, probeToken } = start;
  const shared = await openSharedCounter(configuration.redisUrl);
  const holder = await createDataHolder({
    configuration,
    service,
    logger,
    loader,
    store,
    shared,
    probeToken,
    onEvent: (event) => logEvent(logger, event),
  });

  async function abandon(): Promise<undefined> {
    await holder.close();
    await shared?.close();
    return undefined;
  }

  if (hasErrors(holder.diagnostics) && !isLenient) {
    giveUp(holder.diagnostics, 1);
    return abandon();
  }
  if (!options.isQuiet) logFindings(logger, holder.diagnostics);
  const { host, port } = configuration.listen;
  const { app } = holder.server;
  try {
    await app.listen({ host, port });
  } catch (error) {
    process.stderr.write(`guiche: cannot listen on ${host} port ${port}: ${(error as Error).message}\n`);
    process.exitCode = 1;
    return abandon();
  }
  return {
    holder,
    address: app.server.address() as AddressInfo,
    async stop() {
      holder.server.drain();
      const cut = setTimeout(() => app.server.closeAllConnections(), configuration.shutdownGraceMs);
      await app.close();
      clearTimeout(cut);
      await holder.close();
      await shared?.close();
    },
  };
}

/** The driver is loaded only where it is used. */
async function openSharedCounter(url: string | undefined): Promise<SharedCounter | undefined> {
  if (url === undefined) return undefined;
  const { createRedisCounter } = await import('../http/limits/redis-counter.ts');
  return createRedisCounter(url);
}

/** A listener's address as a URL. */
export function urlOf({ address, family, port }: AddressInfo): string {
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
}
