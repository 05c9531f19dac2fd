import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { contractFolder } from '../../test/support/contract-folder.ts';
import { type ContractDocument, isObject } from './contract-document.ts';
import { createContractLibrary } from './contract-library.ts';
import { MAX_DOCUMENT_BYTES } from './parse-document.ts';

const fragment = { Thing: { type: 'string' }, 'a/b~c d': { type: 'integer' }, list: [{ x: 1 }] };

/** A folder with a contract in `api/`, and beside the folder a file that no reference may reach. */
function secretBeside() {
  const parent = contractFolder({
    'contracts/api/main.yaml': { openapi: '3.0.0', schema: { type: 'boolean' } },
    'contracts/api/fragment.yaml': fragment,
    'contracts/shared.json': fragment,
    'contracts/api/..odd.yaml': fragment,
    'contracts-secret/secret.yaml': fragment,
    'secret.yaml': fragment,
  });
  const root = join(parent, 'contracts');
  const library = createContractLibrary();
  const { document } = library.open(join(root, 'api/main.yaml'), root);
  assert.ok(document);
  const resolve = (reference: string, from: ContractDocument = document) => {
    const resolution = library.resolve(from, reference);
    return resolution.found ? resolution.site.node : resolution.code;
  };
  return { parent, root, library, document, resolve };
}

describe('contract library: following references', () => {
  it('follows references within a document and into files of the folder, and remembers those files', () => {
    const { root, library, resolve } = secretBeside();
    assert.deepEqual(resolve('#/schema'), { type: 'boolean' });
    assert.deepEqual(resolve('fragment.yaml#/Thing'), fragment.Thing);
    assert.deepEqual(resolve('./fragment.yaml'), fragment);
    assert.deepEqual(resolve('../shared.json#/Thing'), fragment.Thing);
    assert.deepEqual(resolve('../../contracts/shared.json#/Thing'), fragment.Thing);
    assert.deepEqual(resolve('..odd.yaml#/Thing'), fragment.Thing);
    assert.deepEqual(
      [...library.referenced].sort(),
      [join(root, 'api/..odd.yaml'), join(root, 'api/fragment.yaml'), join(root, 'shared.json')].sort(),
    );
  });

  it('reads escapes of JSON pointers and of URLs', () => {
    const { resolve } = secretBeside();
    assert.deepEqual(resolve('fragment.yaml#/a~1b~0c%20d'), { type: 'integer' });
    assert.deepEqual(resolve('%66ragment.yaml#/list/0/x'), 1);
  });

  const dangling = [
    '#/nothing',
    '#/schema/type/deeper',
    '#/schema/constructor',
    '#/schema/__proto__',
    '#anchor',
    'fragment.yaml#/list/1',
    'fragment.yaml#/list/length/x',
    'gone.yaml#/Thing',
    './',
    'main.yaml\u0000',
    '%E0%A4%A.yaml',
  ];
  for (const reference of dangling) {
    it(`says that ${JSON.stringify(reference)} leads nowhere`, () => {
      assert.equal(secretBeside().resolve(reference), 'contract-ref-dangling');
    });
  }

  for (const reference of [
    'https://example.com/a.yaml#/Thing',
    'http:a.yaml',
    'HTTPS://example.com/a',
    'file:///etc/passwd',
    '//example.com/a.yaml',
    'ftp://example.com',
    'urn:thing',
  ]) {
    it(`never leaves the machine for ${reference}`, () => {
      assert.equal(secretBeside().resolve(reference), 'contract-ref-network');
    });
  }

  for (const reference of [
    '../../secret.yaml#/Thing',
    '../../contracts-secret/secret.yaml#/Thing',
    '%2e%2e/%2e%2e/secret.yaml#/Thing',
    '..%2f..%2fsecret.yaml',
    './x/../../../secret.yaml',
    '/etc/passwd',
    '%2Fetc%2Fpasswd',
    '..',
    '../..',
  ]) {
    it(`never leaves the folder for ${reference}`, () => {
      assert.equal(secretBeside().resolve(reference), 'contract-ref-outside');
    });
  }

  it('never leaves the folder through a symbolic link to a file or a folder', () => {
    const { parent, root, resolve } = secretBeside();
    symlinkSync(join(parent, 'secret.yaml'), join(root, 'api/link.yaml'));
    symlinkSync(parent, join(root, 'api/up'));
    assert.equal(resolve('link.yaml#/Thing'), 'contract-ref-outside');
    assert.equal(resolve('up/secret.yaml#/Thing'), 'contract-ref-outside');
  });

  it('follows a link that stays inside, also where the folder itself is reached through a link', () => {
    const { parent, root } = secretBeside();
    symlinkSync(join(root, 'shared.json'), join(root, 'api/inside.yaml'));
    symlinkSync(root, join(parent, 'mounted'));
    const mounted = join(parent, 'mounted');
    const library = createContractLibrary();
    const { document } = library.open(join(mounted, 'api/main.yaml'), mounted);
    assert.ok(document);
    assert.equal(library.resolve(document, 'inside.yaml#/Thing').found, true);
    assert.equal(library.resolve(document, '../shared.json').found, true);
    assert.equal(library.resolve(document, '../../secret.yaml').found, false);
  });
});

describe('contract library: reading files', () => {
  function open(files: Parameters<typeof contractFolder>[0], name = 'contract.yaml') {
    const folder = contractFolder(files);
    const { document, diagnostics } = createContractLibrary().open(join(folder, name), folder);
    return { document, found: diagnostics.map(({ severity, code }) => `${severity} ${code}`) };
  }

  it('reads a file once', () => {
    const folder = contractFolder({ 'contract.yaml': { openapi: '3.0.0' } });
    const library = createContractLibrary();
    const file = join(folder, 'contract.yaml');
    assert.equal(library.open(file, folder), library.open(file, folder));
  });

  it('knows documents of 3.1 and later from those of 3.0', () => {
    const modern = (openapi: unknown) => open({ 'contract.yaml': { openapi } }).document?.modern;
    assert.deepEqual(['3.0.0', '3.0.3', '3.1.0', '3.2.0'].map(modern), [false, false, true, true]);
  });

  it('refuses a document that is no mapping', () => {
    for (const text of ['[1, 2]', 'just text', '42']) {
      assert.deepEqual(open({ 'contract.yaml': text }).found, ['error contract-not-openapi']);
    }
  });

  it('refuses a file larger than any contract, without reading it', () => {
    const folder = contractFolder({ 'contract.yaml': 'a: 1' });
    truncateSync(join(folder, 'contract.yaml'), MAX_DOCUMENT_BYTES + 1);
    const { document, diagnostics } = createContractLibrary().open(join(folder, 'contract.yaml'), folder);
    assert.equal(document, undefined);
    assert.deepEqual(
      diagnostics.map(({ code }) => code),
      ['contract-too-large'],
    );
  });

  it('reports what cannot be read: a missing file, a folder, a pipe', {
    skip: process.platform === 'win32',
  }, () => {
    const folder = contractFolder();
    mkdirSync(join(folder, 'folder.yaml'));
    execFileSync('mkfifo', [join(folder, 'pipe.yaml')]);
    for (const name of ['gone.yaml', 'folder.yaml', 'pipe.yaml']) {
      const { document, diagnostics } = createContractLibrary().open(join(folder, name), folder);
      assert.equal(isObject(document), false);
      assert.deepEqual(
        diagnostics.map(({ code }) => code),
        ['contract-unreadable'],
        name,
      );
    }
  });
});
