import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A folder to keep state in that goes with the measure. */
export interface TemporaryState {
  readonly folder: string;
  remove(): void;
}

/** Makes one where the account that the database runs as can reach it, which a checkout in root's home does not allow. */
export function makeTemporaryState(): TemporaryState {
  const parent = mkdtempSync(join(tmpdir(), 'guiche-bench-'));
  chmodSync(parent, 0o711);
  return {
    folder: join(parent, 'state'),
    remove: () => rmSync(parent, { recursive: true, force: true }),
  };
}
