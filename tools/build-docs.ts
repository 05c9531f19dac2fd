import { writeFile } from 'node:fs/promises';
import { GENERATED_PAGES } from './generated-pages.ts';

for (const [name, render] of Object.entries(GENERATED_PAGES)) {
  await writeFile(new URL(`../docs/${name}`, import.meta.url), render());
  console.log(`docs/${name}`);
}
