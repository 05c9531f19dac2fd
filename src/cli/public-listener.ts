import type { AddressInfo } from 'node:net';
import { createDataHolder, type DataHolder } from '../app/create-data-holder.ts';
import type { DeferredStore } from '../app/deferred-store.ts';
import type { SharedCounter } from '../http/limits/shared-counter.ts';
import { hasErrors } from './present-diagnostics.ts';
import { giveUp, logEvent, logFindings } from './service-log.ts';
import type { ServiceStart } from './service-start.ts';
import { watchCertificates } from './watch-certificates.ts';

/** The institution, listening. */
export interface PublicListener {
  readonly holder: DataHolder;
  readonly address: AddressInfo;
  /** Where receivers are listened to; undefined without institutions. */
  readonly mtlsAddress: AddressInfo | undefined;
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
  const servers = [holder.server, ...(holder.mtlsServer ? [holder.mtlsServer] : [])];
  const places = [configuration.listen, configuration.mtls];
  const addresses: AddressInfo[] = [];
  for (const [index, { app }] of servers.entries()) {
    const { host, port } = places[index] as typeof configuration.listen;
    try {
      await app.listen({ host, port });
      addresses.push(app.server.address() as AddressInfo);
    } catch (error) {
      process.stderr.write(`guiche: cannot listen on ${host} port ${port}: ${(error as Error).message}\n`);
      process.exitCode = 1;
      await Promise.all(servers.map((server) => server.app.close()));
      return abandon();
    }
  }
  const stopRenewing = watchCertificates(configuration, holder, logger);
  return {
    holder,
    address: addresses[0] as AddressInfo,
    mtlsAddress: addresses[1],
    async stop() {
      stopRenewing();
      for (const server of servers) server.drain();
      const cut = setTimeout(() => {
        for (const { app } of servers) app.server.closeAllConnections();
      }, configuration.shutdownGraceMs);
      await Promise.all(servers.map(({ app }) => app.close()));
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
export function urlOf({ address, family, port }: AddressInfo, isSecure = false): string {
  return `${isSecure ? 'https' : 'http'}://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
}
