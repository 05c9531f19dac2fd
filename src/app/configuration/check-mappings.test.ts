import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { temporaryFolder, writeBelow } from '../../../test/support/temporary-folder.ts';
import type { Operation } from '../../contract/operation.ts';
import { checkMappings } from './check-mappings.ts';
import type { Configuration } from './settings.ts';

const SAMPLE = join(import.meta.dirname, '../../../examples/connectors/insurer.sql.yaml');
const BASE = '/open-insurance/insurance-financial-assistance/v1/insurance-financial-assistance';
const operations = ['/contracts', '/{contractId}/contract-info', '/{contractId}/movements'].map((path) => ({
  path: `${BASE}${path}`,
  kind: 'customer-data',
  api: 'insurance-financial-assistance',
})) as Operation[];

function check(mapping: string, served = operations, apis = {}): string[] {
  const configuration = {
    connectors: { core: { kind: 'sql', mapping }, other: { kind: 'folder' } },
    institutions: { 'open-insurance': { apis } },
  } as unknown as Configuration;
  return checkMappings(configuration, served).map(
    ({ severity, file, line, message }) => `${severity} ${file}:${line} ${message}`,
  );
}

describe('given connectors that read a database', () => {
  it('when the mapping is sound, then nothing is found', () => {
    assert.deepEqual(check(SAMPLE), []);
  });

  it('when it is not, then its own lines tell', () => {
    const folder = temporaryFolder();
    writeBelow(folder, 'wrong.yaml', 'customer:\n  byCpf: 3\n');
    const file = join(folder, 'wrong.yaml');
    const found = check(file);
    assert.ok(found.length > 0);
    assert.ok(found.every((line) => line.startsWith(`error ${file}:`)));
  });

  it('when no contract has a path of it, then that is told', () => {
    const found = check(SAMPLE, operations.slice(1));
    assert.ok(found.length > 0);
    assert.ok(found.every((line) => /^warning .*no contract has .*\/contracts/.test(line)));
  });

  it('when the file is not there, then somebody else tells', () => {
    assert.deepEqual(check('/gone.yaml'), []);
  });

  it('when an institution sends an API elsewhere that is none, then that is told', () => {
    assert.deepEqual(check(SAMPLE, operations, { 'insurance-financial-assistance': 'core' }), []);
    assert.match(check(SAMPLE, operations, { lones: 'core' })[0] ?? '', /no contract .* called lones/);
  });
});
