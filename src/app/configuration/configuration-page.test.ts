import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { EXAMPLE, renderConfigurationPage } from './configuration-page.ts';
import { loadConfiguration } from './load-configuration.ts';
import { SETTINGS, type Setting, variableOf } from './settings.ts';

test('docs/configuration.md is what the table of settings renders to', async () => {
  const page = await readFile(new URL('../../../docs/configuration.md', import.meta.url), 'utf8');
  assert.ok(page === renderConfigurationPage(), 'docs/configuration.md is out of date: run npm run docs');
});

test('every key has its row', () => {
  const page = renderConfigurationPage();
  for (const { path } of SETTINGS) {
    const row = page.split('\n').find((line) => line.startsWith(`| \`${path}\` |`));
    assert.ok(row, path);
    assert.ok(row.includes(`\`${variableOf(path)}\``), path);
    // A bar inside a cell would add a column.
    assert.equal(row.match(/(?<!\\)\|/g)?.length, 6, path);
  }
});

test('every secret is named as one', () => {
  const section = renderConfigurationPage().split('## Secrets')[1]?.split('\n## ')[0] ?? '';
  for (const { path } of (SETTINGS as readonly Setting[]).filter(({ secret }) => secret))
    assert.ok(section.includes(`\`${path}\``), path);
});

test('the example of the page loads without a finding', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'guiche-example-'));
  t.after(() => rm(folder, { recursive: true }));
  await writeFile(join(folder, 'guiche.yaml'), EXAMPLE);
  const { configuration, diagnostics } = await loadConfiguration({ flags: {}, env: {}, cwd: folder });
  assert.deepEqual(diagnostics, []);
  assert.equal(configuration?.listen.port, 8080);
});
