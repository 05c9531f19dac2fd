import { createFolderConnector } from '../../src/connectors/folder-connector.ts';
import { systemClock } from '../../src/kernel/clock.ts';
import { startCoreSystem, type Which } from '../../test/support/core-system.ts';

// An institution's own systems over HTTP, from a folder of customers, which fall asleep over some of the calls; prints
// where it listens.
//   node sleeping-core-system.ts FOLDER SLEEP_MS '[{"api": "…", "operation": "…"}]'

const [folder = '', sleepMs = '', sleeping = '[]'] = process.argv.slice(2);
const connector = await createFolderConnector({
  folder,
  passwordHash: () => undefined,
  clock: systemClock,
  onFault: (fault) => {
    throw fault;
  },
});
const core = await startCoreSystem({ over: connector });
for (const which of JSON.parse(sleeping) as Which[]) core.set({ delayMs: Number(sleepMs) }, which);
console.log(JSON.stringify({ url: core.url }));
