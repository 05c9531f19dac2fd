import { existsSync } from 'node:fs';
import { resolve } from 'node:path';

const folder =
  process.env.GUICHE_REFERENCE_CONTRACTS ?? resolve(import.meta.dirname, '../../../shared/contracts');

/**
 * The folder of the regulators' own OpenAPI documents, which are no part of the project: the one that
 * `GUICHE_REFERENCE_CONTRACTS` names, else the one beside the checkout. `undefined` where there is none; a test that
 * needs it then skips and says so.
 */
export const referenceContracts: string | undefined = existsSync(folder) ? folder : undefined;
