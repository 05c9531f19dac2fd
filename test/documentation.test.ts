import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { describe, it } from 'node:test';
import packageFile from '../package.json' with { type: 'json' };
import { provingTests } from '../tools/conformance-page.ts';
import { GENERATED_PAGES } from '../tools/generated-pages.ts';

const ROOT = resolve(import.meta.dirname, '..');
const pages = [
  'README.md',
  'README.pt-BR.md',
  ...readdirSync(join(ROOT, 'docs'))
    .filter((file) => file.endsWith('.md'))
    .map((file) => `docs/${file}`),
];

describe('the documentation', () => {
  for (const [name, render] of Object.entries(GENERATED_PAGES)) {
    it(`docs/${name} is what the code renders`, () => {
      assert.ok(
        readFileSync(join(ROOT, 'docs', name), 'utf8') === render(),
        `docs/${name} is out of date: run npm run docs`,
      );
    });
  }

  for (const page of pages) {
    it(`${page} links only to files that exist`, () => {
      const text = readFileSync(join(ROOT, page), 'utf8');
      const links = [...text.matchAll(/\]\((?!https?:|#|mailto:)([^)#\s]+)/g)].map(
        ([, target = '']) => target,
      );
      assert.deepEqual(
        links.filter((target) => !existsSync(join(ROOT, dirname(page), target))),
        [],
      );
    });
  }

  it('docs/conformance.md names a proving test for every module of the suite', () => {
    const unproved = [...provingTests()].filter(([, files]) => files.length === 0).map(([module]) => module);
    assert.deepEqual(unproved, []);
  });

  it('docs/dependencies.md has one line for each dependency', () => {
    const text = readFileSync(join(ROOT, 'docs', 'dependencies.md'), 'utf8');
    const named = [...text.matchAll(/^\| `([^`]+)` \|/gm)].map(([, name]) => name);
    const declared = [...Object.keys(packageFile.dependencies), ...Object.keys(packageFile.devDependencies)];
    assert.deepEqual(named.toSorted(), declared.toSorted());
  });

  it('the README names every npm script that a newcomer runs', () => {
    const text = readFileSync(join(ROOT, 'README.md'), 'utf8');
    for (const script of ['start', 'test', 'run check', 'run bench'])
      assert.match(text, new RegExp(`npm ${script}`));
    for (const script of ['start', 'test', 'check', 'bench']) assert.ok(script in packageFile.scripts);
  });
});
