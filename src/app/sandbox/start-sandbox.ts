import { randomUUID } from 'node:crypto';
import { findHolder } from '../../receiver/find-holder.ts';
import type { Holder } from '../../receiver/holder.ts';
import { createReceiver, type Receiver } from '../../receiver/receiver.ts';
import type { Store } from '../../store/open-store.ts';
import type { Configuration } from '../configuration/settings.ts';
import { createDataHolder, type DataHolder } from '../create-data-holder.ts';
import type { SandboxDirectory } from './create-sandbox-directory.ts';
import { keepConsent } from './keep-consent.ts';
import { keepCustomers } from './keep-customers.ts';
import { openSandboxOperations } from './open-sandbox-operations.ts';
import type { SandboxHolder } from './read-ecosystem.ts';
import { holderAddress, originOf } from './sandbox-addresses.ts';
import {
  describeAddress,
  describeInstitution,
  describeReceiver,
  type SandboxDescription,
} from './sandbox-description.ts';
import { registerOnce, type SandboxReceiver } from './sandbox-receiver.ts';
import { type GroundSettings, listen, type SandboxGround, startGround } from './start-ground.ts';

export interface SandboxSettings extends GroundSettings {
  /** False leaves out the authorised consents. */
  readonly withConsents?: boolean;
}

/** A running sandbox. */
export interface Sandbox {
  readonly description: SandboxDescription;
  readonly directory: SandboxDirectory;
  readonly holder: DataHolder;
  readonly receivers: readonly SandboxReceiver[];
  readonly store: Store;
  readonly configuration: Configuration;
  close(): Promise<void>;
}

/**
 * Starts a whole ecosystem on this machine: directory and certificate authority, both example institutions over TLS and
 * mTLS, two receivers that register themselves, and a consent that a simulated customer authorises for the first of them
 * at each institution. What an earlier start has made is used again. Rejects when a port is taken or the database does
 * not start.
 */
export async function startSandbox(settings: SandboxSettings): Promise<Sandbox> {
  const { ports, logger, onProgress = () => {}, withConsents = true } = settings;
  const ground = await startGround(settings);
  const { ecosystem, files, store, directory, configuration, service, receivers, closing, close } = ground;

  try {
    const customers = await keepCustomers(ecosystem, files);
    onProgress('starting the institutions');
    const probeToken = randomUUID();
    const holder = await createDataHolder({ configuration, service, logger, store, probeToken });
    closing.push(() => holder.close());
    await listen(holder.server, ports.public, closing);
    if (holder.mtlsServer) await listen(holder.mtlsServer, ports.mtls, closing);
    if (ports.operations !== undefined) await openSandboxOperations(ground, holder, { logger, probeToken });
    await holder.consentSide?.ready();
    directory.start();

    onProgress('registering the receivers');
    const readers = receivers.map(({ keys }) => createReceiver({ keys }));
    closing.push(() => Promise.all(readers.map((reader) => reader.close())));
    const holders = await findHolders(readers[0] as Receiver, ground, settings);
    const registered = await Promise.all(
      receivers.map((receiver, index) =>
        registerEverywhere(receiver, readers[index] as Receiver, holders, ground),
      ),
    );
    const institutions = ecosystem.holders.map((one) =>
      describeInstitution(one, holderAddress(one, ports), service, directory),
    );
    if (withConsents) onProgress('asking a simulated customer for consent');
    const asking = withConsents ? [...holders] : [];
    const consents = await Promise.all(
      asking.map(([one, found]) =>
        keepConsent(
          {
            ecosystem: one.ecosystem,
            holder: found,
            receiver: receivers[0] as SandboxReceiver,
            reader: readers[0] as Receiver,
            clientId: registered[0]?.[one.ecosystem] ?? '',
            customers,
          },
          files,
        ),
      ),
    );

    return {
      directory,
      holder,
      receivers,
      store,
      configuration,
      close,
      description: {
        ready: true,
        configurationFile: files.path('guiche.yaml'),
        directory: describeAddress(directory, ports),
        institutions,
        receivers: receivers.map((receiver, index) =>
          describeReceiver(receiver, registered[index] ?? {}, directory.authoritiesFile),
        ),
        customers,
        consents,
      },
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** A running directory. */
export interface RunningDirectory {
  readonly address: Readonly<Record<string, string>>;
  close(): Promise<void>;
}

/**
 * Starts the directory alone, with everybody of the sandbox in it; institutions are described where a sandbox with the
 * same ports would have them. Rejects as {@link startSandbox} does.
 */
export async function startDirectory(
  settings: Pick<GroundSettings, 'stateFolder' | 'ports' | 'logger'>,
): Promise<RunningDirectory> {
  const { directory, close } = await startGround(settings);
  directory.start();
  return { address: describeAddress(directory, settings.ports), close };
}

/** The institutions as the list of participants has them. */
async function findHolders(
  receiver: Receiver,
  { ecosystem }: SandboxGround,
  { ports }: Pick<SandboxSettings, 'ports'>,
): Promise<ReadonlyMap<SandboxHolder, Holder>> {
  const participants = `${originOf(ports.directory)}/participants`;
  return new Map(
    await Promise.all(
      ecosystem.holders.map(async (holder) => {
        const found = await findHolder(receiver, participants, { organisationId: holder.organisation.id });
        return [holder, found] as const;
      }),
    ),
  );
}

/** Client ids by ecosystem. */
async function registerEverywhere(
  receiver: SandboxReceiver,
  reader: Receiver,
  holders: ReadonlyMap<SandboxHolder, Holder>,
  { directory, files, store }: SandboxGround,
): Promise<Readonly<Record<string, string>>> {
  const clientIds: Record<string, string> = {};
  for (const [holder, { issuer }] of holders) {
    const isRegistered = async (clientId: string) =>
      (await store.artifacts(issuer).find('Client', clientId)) !== undefined;
    const registration = { receiver, reader, holder, issuer };
    clientIds[holder.ecosystem] = await registerOnce(registration, directory, files, isRegistered);
  }
  return clientIds;
}
