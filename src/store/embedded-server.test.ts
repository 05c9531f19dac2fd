import assert from 'node:assert/strict';
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, describe, it } from 'node:test';
import { query, SILENT, temporaryStateFolder, until } from '../../test/support/temporary-database.ts';
import { type EmbeddedServer, findEmbeddedServer, startEmbeddedServer } from './embedded-server.ts';
import { identifyProcess } from './process-identity.ts';
import { StoreFailure } from './store-failure.ts';

/** Most cases share one cluster, each starting where the one before ended: creating it takes the longest. */
const stateFolder = temporaryStateFolder();
const running = new Set<{ close(): Promise<void> }>();
after(() => Promise.all([...running].map((server) => server.close())));

async function start(folder = stateFolder, useUnixSocket = true): Promise<EmbeddedServer> {
  const server = startEmbeddedServer({ stateFolder: folder, log: SILENT, useUnixSocket });
  running.add(server);
  await until('the database server runs', () => server.url() !== undefined);
  return server;
}

const urlOf = (server: EmbeddedServer) => server.url() as string;

function postmasterPid(): number {
  return Number(readFileSync(join(stateFolder, 'postgres', 'postmaster.pid'), 'utf8').split('\n')[0]);
}

/** Another process that runs the embedded server of the shared state folder, as guiche does. */
async function startInAnotherProcess(): Promise<ChildProcess> {
  const program = `
    import { startEmbeddedServer } from ${JSON.stringify(import.meta.resolve('./embedded-server.ts'))};
    const log = { debug() {}, info() {}, warn() {}, error() {} };
    const server = startEmbeddedServer({
      stateFolder: ${JSON.stringify(stateFolder)},
      log,
      onChange: () => console.log(server.url() ? 'running' : server.trouble()),
    });`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  for await (const line of createInterface({ input: child.stdout })) if (line === 'running') break;
  return child;
}

async function kill(child: ChildProcess): Promise<void> {
  child.kill('SIGKILL');
  await until('the process is dead', () => child.exitCode !== null || child.signalCode !== null);
}

/** The shell that would end the server in its guiche's place. */
function killWatchdog(postmaster: number): void {
  const shells = execFileSync('ps', ['-eo', 'pid=,args='], { encoding: 'utf8' })
    .split('\n')
    .filter((line) => line.includes('kill -INT') && line.trim().endsWith(` ${postmaster}`));
  assert.equal(shells.length, 1);
  process.kill(Number.parseInt(shells[0] as string, 10), 'SIGKILL');
}

describe('the embedded database server', () => {
  it('is created once, with a password of its own, out of reach of others', async () => {
    const server = await start();
    const url = urlOf(server);
    await query(url, 'create table kept as select 42 as answer');

    const [settings] = await query(
      url,
      `select current_setting('fsync') as fsync, current_setting('listen_addresses') as addresses,
        current_setting('password_encryption') as passwords, current_setting('data_checksums') as checksums`,
    );
    assert.deepEqual(settings, { fsync: 'on', addresses: '', passwords: 'scram-sha-256', checksums: 'on' });
    assert.equal(statSync(join(stateFolder, 'postgres-password')).mode & 0o777, 0o600);
    const socketFolder = new URL(url).searchParams.get('host') as string;
    assert.equal(statSync(socketFolder).mode & 0o777, 0o700);
    await assert.rejects(query(url.replace(/:[^:@]+@/, ':wrong@'), 'select 1'), { code: '28P01' });
    assert.equal(findEmbeddedServer(stateFolder), url);

    await server.close();
    assert.equal(existsSync(socketFolder), false);
    assert.equal(findEmbeddedServer(stateFolder), undefined);
  });

  it('does not run as root', { skip: process.getuid?.() !== 0 }, async () => {
    const server = await start();
    const owner = execFileSync('ps', ['-o', 'uid=', '-p', String(postmasterPid())], { encoding: 'utf8' });
    assert.notEqual(Number(owner), 0);
    await server.close();
  });

  it('refuses a second one on the same state folder, with a line that names the first', async () => {
    const server = await start();
    assert.throws(() => startEmbeddedServer({ stateFolder, log: SILENT }), {
      name: 'StoreFailure',
      message: `state folder ${stateFolder} is in use by process ${process.pid}`,
    });
    assert.deepEqual(await query(urlOf(server), 'select answer from kept'), [{ answer: 42 }]);
    await server.close();
  });

  it('takes over the lock of a process that has died, or whose number another one has now', async () => {
    for (const stale of ['4194305\nlong ago\n', `${process.pid}\nlong ago\n`, 'nonsense']) {
      writeFileSync(join(stateFolder, 'guiche.lock'), stale);
      const server = await start();
      await server.close();
      assert.equal(existsSync(join(stateFolder, 'guiche.lock')), false);
    }
  });

  it('starts the server again when it is killed', async () => {
    const server = await start();
    process.kill(postmasterPid(), 'SIGKILL');
    await until('the loss is noticed', () => server.url() === undefined);
    assert.match(server.trouble() ?? '', /SIGKILL/);
    await until('the server runs again', () => server.url() !== undefined);
    assert.equal(server.trouble(), undefined);
    assert.deepEqual(await query(urlOf(server), 'select answer from kept'), [{ answer: 42 }]);
    await server.close();
  });

  it('ends with a guiche that is killed', async () => {
    const guiche = await startInAnotherProcess();
    const postmaster = postmasterPid();
    await kill(guiche);
    await until('the server has ended', () => identifyProcess(postmaster) === undefined);
    assert.equal(existsSync(join(stateFolder, 'postgres', 'postmaster.pid')), false, 'it ended cleanly');
  });

  it('stops a server that a killed guiche has left behind, and recovers', async () => {
    const guiche = await startInAnotherProcess();
    const postmaster = postmasterPid();
    killWatchdog(postmaster);
    await kill(guiche);
    assert.ok(identifyProcess(postmaster), 'the server is an orphan');

    const server = await start();

    assert.equal(identifyProcess(postmaster), undefined);
    assert.deepEqual(await query(urlOf(server), 'select answer from kept'), [{ answer: 42 }]);
    await server.close();
  });

  it('recovers when guiche and the server were killed together', async () => {
    const guiche = await startInAnotherProcess();
    const postmaster = postmasterPid();
    killWatchdog(postmaster);
    process.kill(guiche.pid as number, 'SIGSTOP');
    process.kill(postmaster, 'SIGKILL');
    await kill(guiche);
    assert.ok(existsSync(join(stateFolder, 'postgres', 'postmaster.pid')), 'what it left says that it runs');

    const server = await start();

    assert.deepEqual(await query(urlOf(server), 'select answer from kept'), [{ answer: 42 }]);
    await server.close();
  });

  it('is not misled by a process number that another program has', async () => {
    writeFileSync(join(stateFolder, 'postgres', 'postmaster.pid'), `${process.pid}\n`);
    const server = await start();
    await server.close();
  });

  it('listens on loopback only where there are no unix sockets', async () => {
    const server = await start(stateFolder, false);
    assert.equal(new URL(urlOf(server)).hostname, '127.0.0.1');
    assert.deepEqual(await query(urlOf(server), 'select answer from kept'), [{ answer: 42 }]);
    assert.equal(findEmbeddedServer(stateFolder), urlOf(server));
    await server.close();
  });

  it('stops while it starts', async () => {
    const server = startEmbeddedServer({ stateFolder, log: SILENT });
    await server.close();
    await server.close();
    assert.equal(server.url(), undefined);
  });

  it('refuses files of another PostgreSQL, and a database whose password is lost', async () => {
    const folder = temporaryStateFolder();
    mkdirSync(join(folder, 'postgres'), { recursive: true });
    chmodSync(folder, 0o711);
    writeFileSync(join(folder, 'postgres', 'PG_VERSION'), '9.6\n');
    assert.throws(
      () => startEmbeddedServer({ stateFolder: folder, log: SILENT }),
      /written by PostgreSQL 9\.6/,
    );
    writeFileSync(join(folder, 'postgres', 'PG_VERSION'), '18\n');
    assert.throws(
      () => startEmbeddedServer({ stateFolder: folder, log: SILENT }),
      /postgres-password is missing/,
    );
    assert.equal(existsSync(join(folder, 'guiche.lock')), false, 'a refusal leaves no lock');
  });

  it('refuses a state folder that its user cannot reach', { skip: process.getuid?.() !== 0 }, () => {
    const folder = temporaryStateFolder();
    const barrier = dirname(folder);
    chmodSync(barrier, 0o700);
    assert.throws(
      () => startEmbeddedServer({ stateFolder: folder, log: SILENT }),
      (error) => error instanceof StoreFailure && error.message.includes(`${barrier} lets no one else pass`),
    );
  });
});
