import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parseDocument } from '../src/contract/parse-document.ts';
import { findEmbeddedServer } from '../src/store/embedded-server.ts';
import { freePort } from './free-port.ts';
import { createKeepAliveConnection } from './keep-alive-connection.ts';
import { projectFolder } from './places.ts';
import { secureIdentity } from './receiver-token.ts';
import { UNREACHABLE_LIMIT } from './start-guiche.ts';
import { type ProcessSettings, type StartedProcess, startProcess } from './start-process.ts';
import { institutionOf, type RunningSandbox, readReceiver } from './start-sandbox.ts';

/** How a node reaches the systems of one of the sandbox's institutions, in terms of the configuration. */
export interface NodeConnector {
  readonly ecosystem: string;
  /** The connector, by its members. */
  readonly settings: Readonly<Record<string, unknown>>;
}

export interface NodeStart extends ProcessSettings {
  /** Whose state, keys and consents the node has; it must run as long as the node does. */
  readonly sandbox: RunningSandbox;
  /** Takes the place of the institution's folder. */
  readonly connector: NodeConnector;
  /** Of Node itself. */
  readonly nodeOptions?: readonly string[];
}

/** Another node over a sandbox's database. */
export interface RunningNode extends StartedProcess {
  /** Origin of its listener for clients with certificates. */
  readonly origin: string;
  /** What it was started with, for other commands. */
  readonly configurationFile: string;
}

/** What the node's connector is called. */
export const NODE_CONNECTOR = 'core';

/** The command, by which everything is started. */
export const COMMAND = join(projectFolder, 'bin', 'guiche.js');

const LONGEST_START_MS = 60_000;
const POLL_MS = 50;

type Members = Readonly<Record<string, unknown>>;

/**
 * Starts `guiche serve` over the database and the state of a running sandbox, on ports of its own, with another connector
 * for one institution; resolves once it listens. What was consented to in the sandbox counts at the node too.
 */
export async function startNode({
  sandbox,
  connector,
  nodeOptions = [],
  ...settings
}: NodeStart): Promise<RunningNode> {
  const databaseUrl = findEmbeddedServer(sandbox.stateFolder);
  if (databaseUrl === undefined) throw new Error('the database of the sandbox does not run');
  const configurationFile = await writeConfiguration(sandbox, connector);
  const command = [process.execPath, ...nodeOptions, COMMAND, 'serve', '--config', configurationFile];
  const started = startProcess(command, {
    ...settings,
    environment: { DATABASE_URL: databaseUrl, REDIS_URL: undefined, ...settings.environment },
  });
  try {
    const { line } = await started.line((text) => text.includes('"listening"'));
    const [open, origin] = (JSON.parse(line) as { listening: [string, string] }).listening;
    await untilConsentsCount(open, sandbox, connector.ecosystem);
    return { ...started, origin, configurationFile };
  } catch (error) {
    await started.stop();
    throw error;
  }
}

/** A node listens before it has the database; until then it refuses everything that takes a consent. */
async function untilConsentsCount(open: string, sandbox: RunningSandbox, ecosystem: string): Promise<void> {
  const { pathname } = new URL(institutionOf(sandbox, ecosystem).discoveryUrl);
  const connection = createKeepAliveConnection(open, secureIdentity(readReceiver(sandbox).keys));
  try {
    const deadline = performance.now() + LONGEST_START_MS;
    for (;;) {
      const { status } = await connection.ask(pathname);
      if (status === 200) return;
      if (performance.now() > deadline) throw new Error(`the node answers ${pathname} with ${status}`);
      await pause(POLL_MS);
    }
  } finally {
    connection.close();
  }
}

/** The sandbox's own, with other ports. Receivers are told the sandbox's addresses, as if both were behind one. */
async function writeConfiguration(sandbox: RunningSandbox, connector: NodeConnector): Promise<string> {
  const source = join(sandbox.stateFolder, 'guiche.yaml');
  const written = parseDocument(source, readFileSync(source)).value as {
    readonly listen: Members;
    readonly mtls: Members;
    readonly institutions: Readonly<Record<string, Members | undefined>>;
  };
  const {
    customers: _customers,
    passwords: _passwords,
    ...institution
  } = written.institutions[connector.ecosystem] ?? {};
  const adminPort = await freePort();
  const configuration = {
    ...written,
    listen: { ...written.listen, port: await freePort() },
    mtls: { ...written.mtls, port: await freePort() },
    admin: { port: adminPort },
    limits: { perMinutePerIp: Number(UNREACHABLE_LIMIT), perSecond: Number(UNREACHABLE_LIMIT) },
    connectors: { [NODE_CONNECTOR]: connector.settings },
    institutions: {
      ...written.institutions,
      [connector.ecosystem]: { ...institution, connector: NODE_CONNECTOR },
    },
  };
  const file = join(sandbox.stateFolder, `node-${adminPort}.yaml`);
  // JSON is YAML.
  writeFileSync(file, JSON.stringify(configuration, null, 2), { mode: 0o600 });
  return file;
}
