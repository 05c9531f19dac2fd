import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, it } from 'node:test';
import { SILENT, temporaryStateFolder, until } from '../../test/support/temporary-database.ts';
import type { Consent } from '../consents/consent.ts';
import { loadMasterKeys } from './load-master-keys.ts';
import { openStore, type Store } from './open-store.ts';

const PROGRAM = join(import.meta.dirname, '../../test/support/write-consents-until-killed.ts');
const ACKNOWLEDGED = 1200;

interface Acknowledged {
  readonly created: Set<string>;
  readonly rejected: Set<string>;
}

/** Lets another process write until so many writes have been acknowledged, then kills it in the midst of the next ones. */
async function writeAndKill(
  stateFolder: string,
  kill: (writer: ChildProcess) => void,
): Promise<Acknowledged> {
  const writer = spawn(process.execPath, [PROGRAM, stateFolder], { stdio: ['ignore', 'pipe', 'inherit'] });
  const acknowledged = { created: new Set<string>(), rejected: new Set<string>() };
  let count = 0;
  const lines = createInterface({ input: writer.stdout });
  lines.on('line', (line) => {
    const [what, id] = line.split(' ') as ['created' | 'rejected', string];
    acknowledged[what].add(id);
    count += 1;
    if (count === ACKNOWLEDGED) kill(writer);
  });
  await Promise.all([once(lines, 'close'), once(writer, 'close')]);
  assert.ok(count >= ACKNOWLEDGED, 'it was killed, it did not end by itself');
  return acknowledged;
}

async function reopen(stateFolder: string): Promise<Store> {
  const store = openStore({ stateFolder, masterKeys: loadMasterKeys({ stateFolder }), log: SILENT });
  await until('the store is ready', () => store.health().state === 'ready', 30_000);
  return store;
}

function postmasterOf(stateFolder: string): number {
  return Number(readFileSync(join(stateFolder, 'postgres', 'postmaster.pid'), 'utf8').split('\n')[0]);
}

function killProcess(_stateFolder: string, writer: ChildProcess): void {
  writer.kill('SIGKILL');
}

/** Ends the process, and the database server under it, without a warning to either. */
function killBoth(stateFolder: string, writer: ChildProcess): void {
  process.kill(postmasterOf(stateFolder), 'SIGKILL');
  writer.kill('SIGKILL');
}

describe('given a process that is killed while it writes consents', () => {
  const stateFolder = temporaryStateFolder();
  for (const [what, kill] of [
    ['the process alone is killed', killProcess],
    ['its database server is killed too', killBoth],
  ] as const)
    it(`when ${what}, then all that was acknowledged is there, and nothing is there by halves`, async () => {
      const { created, rejected } = await writeAndKill(stateFolder, (writer) => kill(stateFolder, writer));
      const store = await reopen(stateFolder);
      try {
        const found = await Promise.all([...created].map((id) => store.consents.find(id)));
        assert.deepEqual(
          found.filter((consent) => !consent?.loggedUser || consent.permissions.length !== 3),
          [],
          'each is there, and can be read',
        );
        const ended = found.filter((consent) => rejected.has((consent as Consent).id));
        assert.deepEqual(new Set(ended.map((consent) => consent?.status)), new Set(['REJECTED']));
        const ledger = await store.ledger.verify();
        assert.ok('entries' in ledger, JSON.stringify(ledger));
        assert.ok(ledger.entries >= created.size + rejected.size);
      } finally {
        await store.close();
      }
    });
});
