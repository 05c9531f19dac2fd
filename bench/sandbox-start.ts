import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Measure } from './measure.ts';
import { projectFolder } from './places.ts';
import { startSandbox } from './start-sandbox.ts';
import { median, rounded } from './statistics.ts';
import { makeTemporaryState } from './temporary-state.ts';

const FIRST_SECONDS = 15;
const LATER_SECONDS = 5;
const COMPILED = join(projectFolder, 'node_modules', '.cache', 'guiche');

/** The sandbox with nothing there, then again with what it has made; from the start of the process to its `ready` line. */
export const measureSandboxStart: Measure = async ({ quick, tell }) => {
  const [firsts, laters] = quick ? [1, 2] : [5, 3];
  const first: number[] = [];
  const later: number[] = [];
  for (let turn = 1; turn <= firsts; turn += 1) {
    tell(`sandbox: first start ${turn} of ${firsts}, and ${laters} later ones`);
    // A first start is also the first time that its code is compiled.
    rmSync(COMPILED, { recursive: true, force: true });
    const state = makeTemporaryState();
    try {
      first.push(await startOnce(state.folder));
      for (let start = 0; start < laters; start += 1) later.push(await startOnce(state.folder));
    } finally {
      state.remove();
    }
  }
  return {
    figures: [
      {
        name: 'sandbox, first start to ready',
        value: rounded(Math.max(...first)),
        unit: 's',
        target: { atMost: FIRST_SECONDS },
        remark: `the longest of ${first.length}, median ${rounded(median(first))} s; nothing compiled, no database, keys and certificates made`,
      },
      {
        name: 'sandbox, later starts to ready',
        value: rounded(Math.max(...later)),
        unit: 's',
        target: { atMost: LATER_SECONDS },
        remark: `the longest of ${later.length}, median ${rounded(median(later))} s`,
      },
    ],
    details: { first, later },
  };
};

async function startOnce(stateFolder: string): Promise<number> {
  const sandbox = await startSandbox({ stateFolder });
  await sandbox.stop();
  return sandbox.readyMs / 1000;
}
