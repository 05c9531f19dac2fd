import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { pathToFileURL } from 'node:url';
import type { JWK } from 'jose';
import type {
  SandboxCustomer,
  SandboxDescription,
  SandboxInstitution,
} from '../src/app/sandbox/sandbox-description.ts';
import { connectHolder, type HolderConnection } from '../src/receiver/connect-holder.ts';
import { findHolder } from '../src/receiver/find-holder.ts';
import { createReceiver, type Receiver } from '../src/receiver/receiver.ts';
import type { ReceiverKeys } from '../src/receiver/receiver-keys.ts';
import { areFree, freePort } from './free-port.ts';
import { projectFolder } from './places.ts';
import type { ServerTimes } from './server-times.ts';
import { type ProcessSettings, type StartedProcess, startProcess } from './start-process.ts';
import { makeTemporaryState, type TemporaryState } from './temporary-state.ts';

/** A sandbox as the command starts it, in a process of its own. */
export interface RunningSandbox extends StartedProcess {
  readonly description: SandboxDescription;
  /** From its start to the line that tells that it is ready. */
  readonly readyMs: number;
  readonly stateFolder: string;
  /** What the server's time went to since it started; only of a sandbox that was started with `timed`. */
  times(): Promise<ServerTimes>;
}

export interface SandboxStart extends ProcessSettings {
  /** Kept when the sandbox has stopped; without it the state is new, and gone then. */
  readonly stateFolder?: string;
  /** Whether its operations are timed. */
  readonly timed?: boolean;
  /** Of Node itself. */
  readonly nodeOptions?: readonly string[];
}

const PORTS = 5;
const COMMAND = join(projectFolder, 'bin', 'guiche.js');
const TIMES = pathToFileURL(join(import.meta.dirname, 'server-times.ts')).href;

/** Starts a sandbox on five free ports; resolves once it is ready. */
export async function startSandbox(settings: SandboxStart = {}): Promise<RunningSandbox> {
  const state = settings.stateFolder === undefined ? makeTemporaryState() : keptState(settings.stateFolder);
  const timesPort = await freePort();
  const command = [
    process.execPath,
    ...(settings.nodeOptions ?? []),
    ...(settings.timed ? ['--import', TIMES] : []),
    COMMAND,
    'sandbox',
    '--format',
    'json',
    '--port',
    String(await freePorts()),
    '--state',
    state.folder,
  ];
  const environment = {
    DATABASE_URL: undefined,
    BENCH_TIMES_PORT: settings.timed ? String(timesPort) : undefined,
    ...settings.environment,
  };
  const started = startProcess(command, { ...settings, environment });
  const stop = async () => {
    await started.stop();
    state.remove();
  };
  try {
    const { line, at } = await started.line((candidate) => candidate.startsWith('{"ready":true'));
    return {
      ...started,
      stop,
      description: JSON.parse(line) as SandboxDescription,
      readyMs: at - started.startedAt,
      stateFolder: state.folder,
      times: () => readTimes(timesPort),
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The institution of an ecosystem. */
export function institutionOf({ description }: RunningSandbox, ecosystem: string): SandboxInstitution {
  const found = description.institutions.find((institution) => institution.ecosystem === ecosystem);
  if (!found) throw new Error(`the sandbox has no institution of ${ecosystem}`);
  return found;
}

/** The customer of an ecosystem with most to share. */
export function customerOf({ description }: RunningSandbox, ecosystem: string): SandboxCustomer {
  const found = description.customers.find((customer) => customer.ecosystem === ecosystem);
  if (!found) throw new Error(`the sandbox has no customer of ${ecosystem}`);
  return found;
}

/** The receiver that the sandbox has registered first, with its keys. */
export interface RegisteredReceiver {
  readonly clientIds: Readonly<Record<string, string>>;
  readonly redirectUri: string;
  readonly keys: ReceiverKeys;
}

/** Reads the files that the sandbox has written for its first receiver. */
export function readReceiver({ description }: RunningSandbox): RegisteredReceiver {
  const [receiver] = description.receivers;
  if (!receiver) throw new Error('the sandbox has no receiver');
  const read = (file: string) => readFileSync(file, 'utf8');
  const { keys } = JSON.parse(read(receiver.jwksFile)) as { keys: [JWK, JWK] };
  const [signing, encryption] = keys;
  return {
    clientIds: receiver.clientIds,
    redirectUri: receiver.redirectUris[0] as string,
    keys: {
      signing,
      encryption,
      certificate: read(receiver.certFile),
      certificateKey: read(receiver.keyFile),
      authorities: read(receiver.caFile),
    },
  };
}

/** A receiver that is connected to an institution of the sandbox. Closing it is the caller's. */
export interface ConnectedReceiver {
  readonly receiver: Receiver;
  readonly connection: HolderConnection;
}

/** Connects a registered receiver to the institution of an ecosystem. */
export async function connectReceiver(
  sandbox: RunningSandbox,
  { clientIds, keys }: RegisteredReceiver,
  ecosystem: string,
): Promise<ConnectedReceiver> {
  const receiver = createReceiver({ keys });
  const { name } = institutionOf(sandbox, ecosystem);
  const participants = String(sandbox.description.directory.participantsUrl);
  try {
    const holder = await findHolder(receiver, participants, { name });
    const connection = await connectHolder(receiver, { holder, clientId: clientIds[ecosystem] as string });
    return { receiver, connection };
  } catch (error) {
    await receiver.close();
    throw error;
  }
}

function keptState(folder: string): TemporaryState {
  return { folder, remove() {} };
}

/** The first of five that follow each other. */
async function freePorts(): Promise<number> {
  for (;;) {
    const first = await freePort();
    if (first + PORTS < 65_536 && (await areFree(first, PORTS))) return first;
  }
}

async function readTimes(port: number): Promise<ServerTimes> {
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  return JSON.parse(await text(socket)) as ServerTimes;
}
