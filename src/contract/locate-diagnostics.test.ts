import assert from 'node:assert/strict';
import { ftruncateSync, openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { temporaryFolder } from '../../test/support/temporary-folder.ts';
import type { Diagnostic } from '../kernel/diagnostic.ts';
import { locateDiagnostics } from './locate-diagnostics.ts';

const finding = (
  file: string,
  pointer: string,
  code: Diagnostic['code'] = 'contract-version',
): Diagnostic => ({
  file,
  line: 0,
  column: 0,
  severity: 'warning',
  code,
  pointer,
  message: 'as it is',
});

describe('locating diagnostics', () => {
  it('gives the line and column of what the pointer names', () => {
    const file = join(temporaryFolder(), 'contract.yaml');
    writeFileSync(file, 'openapi: 3.0.0\ninfo:\n  title: x\n  version: "1"\n');
    const [located] = locateDiagnostics([finding(file, '/info/version')]);
    assert.deepEqual([located?.line, located?.column], [4, 12]);
  });

  it('points to the nearest thing around what is not there', () => {
    const file = join(temporaryFolder(), 'contract.yaml');
    writeFileSync(file, 'openapi: 3.0.0\ninfo:\n  title: x\n');
    const [located] = locateDiagnostics([finding(file, '/info/version')]);
    assert.equal(located?.line, 3);
  });

  it('leaves findings about data alone, so that a file too large to read is not read for its position', () => {
    const file = join(temporaryFolder(), 'branches.json');
    ftruncateSync(openSync(file, 'w'), 3 * 1024 ** 3);
    assert.deepEqual(locateDiagnostics([finding(file, '', 'data-too-large')]), [
      finding(file, '', 'data-too-large'),
    ]);
  });

  it('leaves a finding as it is when its file has gone', () => {
    const gone = finding(join(temporaryFolder(), 'gone.yaml'), '/info');
    assert.deepEqual(locateDiagnostics([gone]), [gone]);
  });
});
