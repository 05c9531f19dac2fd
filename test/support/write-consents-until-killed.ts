import { writeSync } from 'node:fs';
import type { ConsentAct } from '../../src/consents/consent-store.ts';
import { loadMasterKeys } from '../../src/store/load-master-keys.ts';
import { openStore } from '../../src/store/open-store.ts';
import { madeUpConsent } from './made-up-consent.ts';
import { SILENT, until } from './temporary-database.ts';

/** A program: creates and rejects consents in a state folder for as long as it lives, and says which have been acknowledged. */
const [stateFolder] = process.argv.slice(2) as [string];
const CALLERS = 32;
const CREATED: ConsentAct = { event: 'created', actor: 'client:client-1' };
const REJECTED: ConsentAct = { event: 'rejected', actor: 'clock' };

const store = openStore({ stateFolder, masterKeys: loadMasterKeys({ stateFolder }), log: SILENT });
await until('the store is ready', () => store.health().state === 'ready');
await Promise.all(Array.from({ length: CALLERS }, writeOn));

async function writeOn(): Promise<never> {
  for (let turn = 0; ; turn += 1) {
    const consent = madeUpConsent();
    await store.consents.create(consent, CREATED);
    say('created', consent.id);
    if (turn % 3) continue;
    await store.consents.change(consent.id, 1, { status: 'REJECTED' }, REJECTED);
    say('rejected', consent.id);
  }
}

/** Written at once: what this process holds back when it is killed has not been acknowledged to anyone. */
function say(what: string, id: string): void {
  writeSync(1, `${what} ${id}\n`);
}
