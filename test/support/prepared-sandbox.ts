import { scryptSync } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import type { FastifyBaseLogger } from 'fastify';
import { pino } from 'pino';
import type { SandboxPorts } from '../../src/app/sandbox/sandbox-addresses.ts';
import { startSandbox } from '../../src/app/sandbox/start-sandbox.ts';
import { keptFolder } from './kept-folder.ts';
import { copyState, initializeState, temporaryStateFolder } from './temporary-database.ts';

/** A sandbox that was started once, and that whoever has it can start again. */
export interface PreparedSandbox {
  readonly stateFolder: string;
  readonly ports: SandboxPorts;
  /** Lets others have the ports. */
  release(): void;
}

/** Between the ports that `freePorts` finds and those that systems take for outgoing connections. */
const LOWEST_PORT = 32_000;
const HIGHEST_PORT = 32_767;
/** Four of a sandbox; who listens on the last one has them all. */
const PORTS_PER_SANDBOX = 5;

/**
 * A copy of what the first start of a sandbox leaves behind: keys, certificates, registrations, all of them as they were
 * made for these ports. A start that finds them takes a fraction of the first one's time. Customers' passwords are hashed
 * at next to no cost, which a hash may say of itself.
 */
export async function prepareSandbox(): Promise<PreparedSandbox> {
  for (let first = LOWEST_PORT; first + PORTS_PER_SANDBOX <= HIGHEST_PORT; first += PORTS_PER_SANDBOX) {
    const claim = await claimPorts(first);
    if (!claim) continue;
    const ports = { public: first, mtls: first + 1, directory: first + 2, directoryMtls: first + 3 };
    const kept = await keptFolder(`sandbox-${first}`, (folder) => startOnce(join(folder, 'state'), ports));
    const stateFolder = temporaryStateFolder();
    copyState(join(kept, 'state'), stateFolder);
    return { stateFolder, ports, release: () => claim.close() };
  }
  throw new Error('every port for sandboxes is taken');
}

async function startOnce(stateFolder: string, ports: SandboxPorts): Promise<void> {
  await initializeState(stateFolder);
  const logger = pino({ level: 'silent' }) as unknown as FastifyBaseLogger;
  const sandbox = await startSandbox({ stateFolder, ports, logger, withConsents: false });
  await sandbox.close();
  const passwords = JSON.parse(readFileSync(join(stateFolder, 'customers.json'), 'utf8'));
  const hashes = Object.entries<string>(passwords).map(([login, password]) => [login, hashCheaply(password)]);
  writeFileSync(join(stateFolder, 'passwords.json'), JSON.stringify(Object.fromEntries(hashes)));
}

/** As `hashPassword` writes it, at a thousandth of the cost. */
function hashCheaply(password: string): string {
  const [N, r, p, salt] = [16, 8, 1, 'salt of tests'];
  const key = scryptSync(password.normalize('NFKC'), salt, 32, { N, r, p });
  return ['scrypt', N, r, p, Buffer.from(salt).toString('base64url'), key.toString('base64url')].join('$');
}

/** Listens on the last of the ports when the others are free; the system gives it back whatever becomes of us. */
async function claimPorts(first: number): Promise<Server | undefined> {
  const claim = await listenOn(first + PORTS_PER_SANDBOX - 1);
  if (!claim) return undefined;
  for (let port = first; port < first + PORTS_PER_SANDBOX - 1; port += 1) {
    const probe = await listenOn(port);
    if (!probe) {
      claim.close();
      return undefined;
    }
    probe.close();
    await once(probe, 'close');
  }
  return claim.unref();
}

async function listenOn(port: number): Promise<Server | undefined> {
  const server = createServer().listen(port, '127.0.0.1');
  return once(server, 'listening').then(
    () => server,
    () => undefined,
  );
}
