import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  existsSync,
  lchownSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import {
  checkClusterVersion,
  DATABASE_OWNER,
  initializeCluster,
  serverEnvironment,
} from './initialize-cluster.ts';
import { copyPostgresBinaries, findPostgresBinaries, type PostgresBinaries } from './postgres-binaries.ts';
import { findBarrier, type ServerAccount, serverAccount } from './server-account.ts';
import { openSocketFolder } from './socket-folder.ts';
import { lockStateFolder, type StateFolderLock } from './state-folder-lock.ts';
import { stopOrphan } from './stop-orphan.ts';
import { StoreFailure } from './store-failure.ts';
import type { StoreLog } from './store-log.ts';

const SHORTEST_WAIT_MS = 250;
const LONGEST_WAIT_MS = 10_000;
/** A server that ran this long had started well: the next failure is the first again. */
const SETTLED_MS = 30_000;
const FAST_STOP_MS = 10_000;
const IMMEDIATE_STOP_MS = 3000;
const SOCKET_PORT = 5432;

/** A small server on a shared machine; what protects data (`fsync`, `full_page_writes`) keeps its default, on. */
const SERVER_SETTINGS: Readonly<Record<string, string>> = {
  shared_buffers: '32MB',
  max_connections: '50',
  max_wal_size: '256MB',
  min_wal_size: '32MB',
  // Nobody replicates this server.
  wal_level: 'minimal',
  max_wal_senders: '0',
  jit: 'off',
  timezone: 'UTC',
  log_timezone: 'UTC',
  lc_messages: 'C',
  log_line_prefix: '',
  log_checkpoints: 'off',
  log_min_messages: 'warning',
  // Statements and row values are not for the log.
  log_min_error_statement: 'panic',
  log_error_verbosity: 'terse',
};

/** A PostgreSQL that this process started and looks after. */
export interface EmbeddedServer {
  /** Where it is to be reached, password included; undefined while it does not run. */
  url(): string | undefined;
  /** Why it does not run; undefined while it starts for the first time and while it runs. */
  trouble(): string | undefined;
  /** Finishes what runs, writes everything down and ends the server. */
  close(): Promise<void>;
}

export interface EmbeddedServerOptions {
  readonly stateFolder: string;
  readonly log: StoreLog;
  /** Called whenever `url()` or `trouble()` has changed. */
  readonly onChange?: () => void;
  /** On by default wherever the system has unix sockets; otherwise a free port of the loopback interface. */
  readonly useUnixSocket?: boolean;
}

interface Site {
  readonly stateFolder: string;
  readonly dataFolder: string;
  readonly password: string;
  readonly socketFolder: string | undefined;
  readonly account: ServerAccount | undefined;
  readonly binaries: PostgresBinaries;
}

/**
 * Starts the server that lives under `<state>/postgres`, creating it the first time, and starts it again whenever it
 * ends. Throws {@link StoreFailure} at once for what waiting does not mend: the folder is in use by another process,
 * cannot be reached by the server's account, or holds another version's files. Nothing is thrown later.
 */
export function startEmbeddedServer(options: EmbeddedServerOptions): EmbeddedServer {
  const { log, onChange = () => {}, useUnixSocket = process.platform !== 'win32' } = options;
  const stateFolder = openStateFolder(options.stateFolder);
  const lock = lockStateFolder(stateFolder);
  const site = orRelease(lock, () => surveySite(stateFolder, useUnixSocket));

  let url: string | undefined;
  let trouble: string | undefined;
  let child: ChildProcess | undefined;
  let interruptPause = () => {};
  const closing = new AbortController();
  const supervision = supervise();

  async function supervise(): Promise<void> {
    let wait = SHORTEST_WAIT_MS;
    while (!closing.signal.aborted) {
      const startedAt = performance.now();
      try {
        await prepare(site, log);
        if (closing.signal.aborted) break;
        trouble = await runOnce();
      } catch (error) {
        trouble = (error as Error).message;
      }
      url = undefined;
      if (closing.signal.aborted) break;
      log.warn({ reason: trouble }, `the database server does not run: ${trouble}`);
      onChange();
      if (performance.now() - startedAt > SETTLED_MS) wait = SHORTEST_WAIT_MS;
      await pause(wait);
      wait = Math.min(wait * 2, LONGEST_WAIT_MS);
    }
  }

  /** Resolves with the reason when the server has ended. */
  async function runOnce(): Promise<string> {
    const port = site.socketFolder ? SOCKET_PORT : await findFreePort();
    if (closing.signal.aborted) return 'guiche stops';
    const server = spawnServer(site, port);
    child = server;
    const watchdog = endWithUs(server, site);
    let lastWords = '';
    const ended = new Promise<string>((resolve) => {
      server.once('error', (error) => resolve(error.message));
      server.once('close', (status, signal) =>
        resolve(lastWords || `it ended with ${signal ?? `status ${status}`}`),
      );
    });
    createInterface({ input: server.stderr }).on('line', (line) => {
      logLine(log, line, closing.signal.aborted);
      if (line.startsWith('FATAL:') || line.startsWith('PANIC:')) lastWords = line;
      if (!line.includes('database system is ready to accept connections')) return;
      url = serverUrl(site, port);
      trouble = undefined;
      lastWords = '';
      onChange();
    });
    const reason = await ended;
    child = undefined;
    watchdog?.kill('SIGKILL');
    return reason;
  }

  function pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      interruptPause = () => {
        clearTimeout(timer);
        resolve();
      };
      if (closing.signal.aborted) interruptPause();
    });
  }

  async function close(): Promise<void> {
    if (!closing.signal.aborted) {
      closing.abort();
      interruptPause();
    }
    const server = child;
    const escalations = server
      ? [
          setTimeout(() => server.kill('SIGQUIT'), FAST_STOP_MS),
          setTimeout(() => server.kill('SIGKILL'), FAST_STOP_MS + IMMEDIATE_STOP_MS),
        ]
      : [];
    if (server) stopFast(server, site);
    await supervision;
    if (site.socketFolder) rmSync(site.socketFolder, { recursive: true, force: true });
    for (const escalation of escalations) clearTimeout(escalation);
    lock.release();
  }

  return { url: () => url, trouble: () => trouble, close };
}

/**
 * The URL of the server that a guiche runs under a state folder, for another process of the same user; undefined
 * when none does.
 */
export function findEmbeddedServer(stateFolder: string): string | undefined {
  try {
    const dataFolder = join(stateFolder, 'postgres');
    const lines = readFileSync(join(dataFolder, 'postmaster.pid'), 'utf8').split('\n');
    const [, , , port = '', socketFolder = '', , , status = ''] = lines;
    if (status.trim() !== 'ready') return undefined;
    const password = readFileSync(join(stateFolder, 'postgres-password'), 'utf8').trim();
    return serverUrl({ password, socketFolder: socketFolder || undefined }, Number(port));
  } catch {
    return undefined;
  }
}

function orRelease<T>(lock: StateFolderLock, action: () => T): T {
  try {
    return action();
  } catch (error) {
    lock.release();
    throw error;
  }
}

function openStateFolder(stateFolder: string): string {
  try {
    const created = mkdirSync(stateFolder, { recursive: true });
    // Whatever the umask, the server's account must pass through a folder that we made for it.
    if (created !== undefined && process.getuid?.() === 0) chmodSync(stateFolder, 0o711);
    return realpathSync(stateFolder);
  } catch (error) {
    throw new StoreFailure(`state folder ${stateFolder} cannot be created: ${(error as Error).message}`);
  }
}

function surveySite(stateFolder: string, useUnixSocket: boolean): Site {
  const installed = findPostgresBinaries();
  const account = serverAccount();
  const dataFolder = join(stateFolder, 'postgres');
  if (account) refuseBarrier(stateFolder, account);
  const isReachable = !account || findBarrier(installed.folder, account) === undefined;
  const binaries = isReachable ? installed : copyPostgresBinaries(installed, stateFolder);
  const isInitialized = existsSync(dataFolder);
  if (isInitialized) checkClusterVersion(dataFolder, binaries.version);
  return {
    stateFolder,
    dataFolder,
    password: readPassword(join(stateFolder, 'postgres-password'), isInitialized),
    socketFolder: useUnixSocket ? openSocketFolder(stateFolder, account) : undefined,
    account,
    binaries,
  };
}

function refuseBarrier(folder: string, account: ServerAccount): void {
  const barrier = findBarrier(folder, account);
  if (barrier !== undefined)
    throw new StoreFailure(
      `state folder ${folder} cannot be reached by user ${account.name}, whom the database runs as: ${barrier} lets no one else pass (chmod o+x ${barrier}, or choose another folder)`,
    );
}

function readPassword(file: string, isInitialized: boolean): string {
  if (existsSync(file)) return readFileSync(file, 'utf8').trim();
  if (isInitialized)
    throw new StoreFailure(
      `${file} is missing, and the database beside it opens to nothing else: restore it`,
    );
  const password = randomBytes(24).toString('base64url');
  writeFileSync(file, `${password}\n`, { mode: 0o600, flag: 'wx', flush: true });
  return password;
}

async function prepare(site: Site, log: StoreLog): Promise<void> {
  if (!existsSync(site.dataFolder)) {
    await initializeCluster(site);
    log.info({ folder: site.dataFolder }, `database created in ${site.dataFolder}`);
    return;
  }
  if (await stopOrphan(site.dataFolder))
    log.warn({ folder: site.dataFolder }, 'stopped the database server that an earlier guiche left behind');
  // The owner may have changed since: guiche ran as another user, or the folder was restored from a copy.
  if (site.account) giveTo(site.account, site.dataFolder);
}

function giveTo({ uid, gid }: ServerAccount, folder: string): void {
  if (statSync(folder).uid === uid) return;
  for (const entry of readdirSync(folder, { recursive: true, encoding: 'utf8' }))
    lchownSync(join(folder, entry), uid, gid);
  chownSync(folder, uid, gid);
}

function spawnServer({ dataFolder, socketFolder, binaries, account }: Site, port: number) {
  const settings = {
    ...SERVER_SETTINGS,
    port: String(port),
    listen_addresses: socketFolder ? '' : '127.0.0.1',
    unix_socket_directories: socketFolder ?? '',
  };
  const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  return spawn(binaries.postgres, ['-D', dataFolder, ...flags], {
    cwd: dataFolder,
    env: serverEnvironment(),
    stdio: ['ignore', 'ignore', 'pipe'],
    // In a session of its own, so that Ctrl-C reaches guiche alone, which stops it last.
    detached: true,
    ...(account && { uid: account.uid, gid: account.gid }),
  });
}

/**
 * Has the system stop the server when this process is killed: a shell waits at a pipe that only we hold open. Without
 * a shell, the next start finds the server and stops it.
 */
function endWithUs({ pid }: ChildProcess, { account }: Site): ChildProcess | undefined {
  if (pid === undefined || process.platform === 'win32') return undefined;
  const watchdog = spawn('/bin/sh', ['-c', 'read -r _; kill -INT "$0"', String(pid)], {
    stdio: ['pipe', 'ignore', 'ignore'],
    cwd: '/',
    env: {},
    detached: true,
    ...(account && { uid: account.uid, gid: account.gid }),
  });
  watchdog.on('error', () => {});
  watchdog.stdin?.on('error', () => {});
  return watchdog;
}

function stopFast(server: ChildProcess, { binaries, dataFolder }: Site): void {
  if (process.platform === 'win32')
    spawn(binaries.pgCtl, ['stop', '-D', dataFolder, '-m', 'fast'], { stdio: 'ignore' }).on(
      'error',
      () => {},
    );
  else server.kill('SIGINT');
}

function serverUrl(
  { password, socketFolder }: Pick<Site, 'password' | 'socketFolder'>,
  port: number,
): string {
  const login = `postgresql://${DATABASE_OWNER}:${password}@`;
  return socketFolder
    ? `${login}localhost:${port}/postgres?host=${encodeURIComponent(socketFolder)}`
    : `${login}127.0.0.1:${port}/postgres`;
}

/** While the server is being stopped, what it says of connections that it ends is routine. */
function logLine(log: StoreLog, line: string, isStopping: boolean): void {
  const isRoutine = isStopping || /^(LOG|INFO|NOTICE|HINT|DETAIL):/.test(line);
  if (line.trim() !== '') log[isRoutine ? 'debug' : 'warn']({ component: 'postgres' }, line);
}

function findFreePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}
