import { writeFile } from 'node:fs/promises';
import { renderConfigurationPage } from '../src/app/configuration/configuration-page.ts';

/** The generated pages of `docs/`: file name to what renders it. */
const PAGES: Readonly<Record<string, () => string | Promise<string>>> = {
  'configuration.md': renderConfigurationPage,
};

for (const [name, render] of Object.entries(PAGES)) {
  await writeFile(new URL(`../docs/${name}`, import.meta.url), await render());
  console.log(`docs/${name}`);
}
