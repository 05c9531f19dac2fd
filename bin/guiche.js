#!/usr/bin/env node
// Starts guiche from its sources in a clone and from its compiled form in an installed package. Plain JavaScript of
// any age, so that a Node that is too old is told so in one line.
import { existsSync } from 'node:fs';
import module from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const OLDEST_MAJOR = 24;
const root = fileURLToPath(new URL('..', import.meta.url));

if (Number(process.versions.node.split('.')[0]) < OLDEST_MAJOR) {
  console.error(
    `guiche needs Node ${OLDEST_MAJOR} or later and found ${process.versions.node}; in a clone, "npm start" and "npx guiche" bring their own`,
  );
  process.exit(1);
}
// Compiled code is kept beside the dependencies, where only those who may change the code can change it.
module.enableCompileCache?.(join(root, 'node_modules', '.cache', 'guiche'));
const sources = join(root, 'src', 'cli', 'guiche.ts');
const { runCommandLine } = await import(
  existsSync(sources) ? '../src/cli/guiche.ts' : '../dist/cli/guiche.js'
);
await runCommandLine(process.argv);
