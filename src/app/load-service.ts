import { join } from 'node:path';
import type { EcosystemProfile } from '../contract/ecosystem-profile.ts';
import { loadContracts } from '../contract/load-contracts.ts';
import { readProfiles } from '../contract/read-profiles.ts';
import { type Route, selectRoutes } from '../contract/select-routes.ts';
import type { Diagnostic } from '../kernel/diagnostic.ts';
import type { Configuration } from './configuration/settings.ts';

/** The contracts of a configuration, decided route by route. */
export interface Service {
  readonly profiles: readonly EcosystemProfile[];
  readonly routes: readonly Route[];
  /** How many documents were read. */
  readonly documents: number;
  /** Without line and column: `locateDiagnostics` adds them where they will be shown. */
  readonly diagnostics: readonly Diagnostic[];
}

/** guiche's own documents, beside the sources or the compiled package. */
export const CATALOG = join(import.meta.dirname, '..', '..', 'catalog');

/** What a process is: an institution, or the directory of participants. */
export type ServiceSide = 'institution' | 'directory';

/** The ecosystem of the directory's own contracts. */
const DIRECTORY = 'directory';

/** Loads every contract that concerns a side and decides which document answers each route. */
export function loadService(configuration: Configuration, side: ServiceSide = 'institution'): Service {
  const profiles = readProfiles(CATALOG);
  const consented = new Map(profiles.map((profile) => [profile.ecosystem, new Set(profile.consented)]));
  const overrides = Object.entries(configuration.operations);
  const countedArrays = new Map(
    overrides.flatMap(([key, { countedArray }]) =>
      countedArray === undefined ? [] : [[key, countedArray.split('/').slice(1)] as const],
    ),
  );
  const pins = new Map(
    overrides.flatMap(([key, { version }]) => (version === undefined ? [] : [[key, version] as const])),
  );
  const loaded = loadContracts({
    profiles,
    catalog: CATALOG,
    contracts: configuration.contracts,
    countedArrays,
    isWanted: (ecosystem, api) =>
      (ecosystem === DIRECTORY) === (side === 'directory') &&
      (ecosystem in configuration.institutions || !consented.get(ecosystem)?.has(api)),
  });
  const { routes, diagnostics } = selectRoutes(loaded.operations, pins);
  const unknown = overrides.filter(([key]) => !loaded.operations.some((operation) => operation.key === key));
  return {
    profiles,
    routes,
    documents: loaded.documents,
    diagnostics: [...loaded.diagnostics, ...diagnostics, ...unknown.map(([key]) => unknownOperation(key))],
  };
}

function unknownOperation(key: string): Diagnostic {
  const message = `the configuration overrides ${key}, which no contract has; \`guiche routes\` lists the keys`;
  return {
    file: 'operations',
    line: 0,
    column: 0,
    severity: 'error',
    code: 'config-value',
    pointer: `/${key.replaceAll('/', '~1')}`,
    message,
  };
}
