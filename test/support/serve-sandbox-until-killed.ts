import { writeSync } from 'node:fs';
import type { FastifyBaseLogger } from 'fastify';
import { pino } from 'pino';
import { startSandbox } from '../../src/app/sandbox/start-sandbox.ts';

/**
 * A program: serves a sandbox in a state folder, says how it is reached, and goes on until it is killed. Told to end, it
 * says what the ledger tells, and ends.
 */
const [stateFolder, ...numbers] = process.argv.slice(2) as [string, ...string[]];
const [publicPort, mtls, directory, directoryMtls] = numbers.map(Number) as [number, number, number, number];

const sandbox = await startSandbox({
  stateFolder,
  ports: { public: publicPort, mtls, directory, directoryMtls },
  logger: pino({ level: 'error' }, pino.destination(2)) as unknown as FastifyBaseLogger,
  withConsents: false,
});
say(sandbox.description);
process.once('SIGTERM', async () => {
  say(await sandbox.store.ledger.verify());
  await sandbox.close();
});

function say(what: unknown): void {
  writeSync(1, `${JSON.stringify(what)}\n`);
}
