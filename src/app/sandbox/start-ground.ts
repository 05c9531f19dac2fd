import type { FastifyBaseLogger } from 'fastify';
import { systemClock } from '../../kernel/clock.ts';
import { loadMasterKeys } from '../../store/load-master-keys.ts';
import { openStore, type Store } from '../../store/open-store.ts';
import { loadConfiguration } from '../configuration/load-configuration.ts';
import type { Configuration } from '../configuration/settings.ts';
import type { DataHolder } from '../create-data-holder.ts';
import { loadService, type Service } from '../load-service.ts';
import { untilReady } from '../until-ready.ts';
import { configureInstitutions } from './configure-institutions.ts';
import { createSandboxDirectory, type SandboxDirectory } from './create-sandbox-directory.ts';
import { describeDirectory } from './directory-description.ts';
import { readEcosystem, type SandboxEcosystem } from './read-ecosystem.ts';
import {
  holderAddress,
  originOf,
  redirectUrisOf,
  SANDBOX_HOST,
  type SandboxPorts,
} from './sandbox-addresses.ts';
import { openSandboxFiles, type SandboxFiles } from './sandbox-files.ts';
import { prepareReceiver, type SandboxReceiver } from './sandbox-receiver.ts';

export interface GroundSettings {
  readonly stateFolder: string;
  readonly ports: SandboxPorts;
  readonly logger: FastifyBaseLogger;
  /** Told what is being done. */
  readonly onProgress?: (text: string) => void;
}

/** What institutions and receivers of a sandbox stand on. */
export interface SandboxGround {
  readonly ecosystem: SandboxEcosystem;
  readonly files: SandboxFiles;
  readonly store: Store;
  readonly directory: SandboxDirectory;
  readonly configuration: Configuration;
  readonly service: Service;
  readonly receivers: readonly SandboxReceiver[];
  /** What `close` ends, the newest first. */
  readonly closing: (() => unknown)[];
  close(): Promise<void>;
}

/** Starts database and directory, and makes the directory hold everybody; ends them again when that fails. */
export async function startGround(settings: GroundSettings): Promise<SandboxGround> {
  const { stateFolder, ports, logger, onProgress = () => {} } = settings;
  const ecosystem = readEcosystem();
  const files = openSandboxFiles(stateFolder);
  const closing: (() => unknown)[] = [];
  async function close(): Promise<void> {
    for (const end of closing.splice(0).reverse()) await end();
  }

  try {
    onProgress('starting the database');
    const store = openStore({ stateFolder, masterKeys: loadMasterKeys({ stateFolder }), log: logger });
    closing.push(() => store.close());
    await untilReady(store);

    onProgress('starting the directory');
    const directory = await openDirectory(settings, store, files);
    closing.push(directory.close);
    await listen(directory.publicServer, ports.directory, closing);
    await listen(directory.mtlsServer, ports.directoryMtls, closing);
    const configuration = await configureInstitutions(settings, ecosystem, directory, files);
    const service = loadService(configuration);
    await seed(directory, ecosystem, service, ports);
    const receivers = await Promise.all(
      ecosystem.receivers.map((plan) => prepareReceiver(plan, redirectUrisOf(plan, ports), directory, files)),
    );
    return { ecosystem, files, store, directory, configuration, service, receivers, closing, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Makes the directory hold everybody of the sandbox. */
function seed(
  directory: SandboxDirectory,
  ecosystem: SandboxEcosystem,
  service: Service,
  ports: SandboxPorts,
): Promise<void> {
  return directory.seed(
    describeDirectory({
      ecosystem,
      profiles: directory.profiles,
      operations: service.routes.map(({ operation }) => operation),
      addressOf: (holder) => holderAddress(holder, ports),
      redirectUrisOf: (plan) => redirectUrisOf(plan, ports),
    }),
  );
}

async function openDirectory(
  { ports, logger }: Pick<GroundSettings, 'ports' | 'logger'>,
  store: Store,
  files: SandboxFiles,
): Promise<SandboxDirectory> {
  const { configuration } = await loadConfiguration({ flags: {}, env: {}, cwd: files.path('.') });
  if (!configuration) throw new Error('the sandbox folder holds a configuration that cannot be read');
  return createSandboxDirectory({
    store,
    service: loadService(configuration, 'directory'),
    files,
    address: { publicBase: originOf(ports.directory), mtlsBase: originOf(ports.directoryMtls) },
    clock: systemClock,
    logger,
  });
}

/** Lets a server listen, until the sandbox closes. */
export async function listen(
  server: DataHolder['server'],
  port: number,
  closing: (() => unknown)[],
): Promise<void> {
  await server.app.listen({ host: SANDBOX_HOST, port });
  closing.push(() => {
    server.drain();
    server.app.server.closeAllConnections();
    return server.app.close();
  });
}
