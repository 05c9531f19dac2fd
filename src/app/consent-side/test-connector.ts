import type { ConnectorRead } from '../../connectors/conformance/connector-read.ts';
import { type CaseResult, runConnectorCases } from '../../connectors/conformance/run-connector-cases.ts';
import type { TrialCustomers } from '../../connectors/conformance/trial.ts';
import type { ConsentProfile } from '../../consents/consent-profile.ts';
import { readConsentProfiles } from '../../consents/read-consent-profiles.ts';
import type { Clock } from '../../kernel/clock.ts';
import type { ConnectorSettings } from '../configuration/connector-settings.ts';
import type { InstitutionSettings } from '../configuration/institution-settings.ts';
import type { Configuration } from '../configuration/settings.ts';
import { CATALOG, loadService } from '../load-service.ts';
import { describeConnectorReads } from './connector-reads.ts';
import type { SideLog } from './institution-side.ts';
import { openConnector } from './open-connector.ts';

export type { CaseResult, TrialCustomers };

/** A connector of the configuration, and the institution that it is tried for. */
export interface TestedConnector {
  readonly name: string;
  readonly settings: ConnectorSettings;
  readonly ecosystem: string;
  readonly institution: InstitutionSettings;
}

export interface ConnectorTestSettings {
  readonly configuration: Configuration;
  readonly customers: TrialCustomers;
  readonly clock: Clock;
  readonly logger: Pick<SideLog, 'info' | 'warn'>;
}

/**
 * Finds a connector by its name, or the folder of customers of an institution by the name of its ecosystem.
 *
 * @param ecosystem needed only where institutions of several ecosystems use the connector
 * @returns why there is none, in words for the operator, when there is none
 */
export function findTestedConnector(
  { connectors, institutions }: Configuration,
  name: string,
  ecosystem: string | undefined,
): TestedConnector | string {
  const candidates = Object.entries(institutions).flatMap(([of, institution]): TestedConnector[] => {
    const { customers, passwords } = institution;
    const named = Object.hasOwn(connectors, name) ? connectors[name] : undefined;
    if (named)
      return usesConnector(institution, name) ? [{ name, settings: named, ecosystem: of, institution }] : [];
    if (of !== name || customers === undefined) return [];
    return [{ name, settings: { kind: 'folder', customers, passwords }, ecosystem: of, institution }];
  });
  const fitting = candidates.filter(
    (candidate) => ecosystem === undefined || candidate.ecosystem === ecosystem,
  );
  const [first, second] = fitting;
  if (first && !second) return first;
  if (second) return `institutions of both ecosystems use ${name}: name one with --ecosystem`;
  if (!Object.hasOwn(connectors, name)) return describeMissing(connectors, institutions);
  return `no institution${ecosystem === undefined ? '' : ` of ${ecosystem}`} uses the connector of that name`;
}

/** Opens a connector and tries it case by case. Rejects when it cannot be opened; it is closed at the end. */
export async function* testConnector(
  { name, settings, ecosystem, institution }: TestedConnector,
  { configuration, customers, clock, logger }: ConnectorTestSettings,
): AsyncGenerator<CaseResult> {
  const profile = profileOf(ecosystem);
  const operations = loadService(configuration)
    .routes.map(({ operation }) => operation)
    .filter((operation) => operation.ecosystem === ecosystem);
  const all = describeConnectorReads(operations, profile);
  const isAsked = ({ operation: { api } }: ConnectorRead) => connectorOf(institution, api, name) === name;
  const reads = all.filter(isAsked);
  // What is remembered would be tried, and not the connector.
  const forgetful = settings.kind === 'folder' ? settings : { ...settings, rememberedSeconds: 0 };
  const connector = await openConnector(name, forgetful, { clock, logger });
  try {
    yield* runConnectorCases({
      connector,
      brand: institution.name,
      ecosystem,
      reads,
      types: typesAskedOf(
        reads,
        all,
        profile,
        institution.connector === undefined || institution.connector === name,
      ),
      customers,
      clock,
    });
  } finally {
    await connector.close?.();
  }
}

function usesConnector({ connector, apis, login }: InstitutionSettings, name: string): boolean {
  return connector === name || login === name || Object.values(apis).includes(name);
}

/** The connector that serves an API; the institution's own where it has no other. */
function connectorOf({ connector, apis }: InstitutionSettings, api: string, own: string): string {
  return apis[api] ?? connector ?? own;
}

function describeMissing(
  connectors: Configuration['connectors'],
  institutions: Configuration['institutions'],
): string {
  const folders = Object.entries(institutions).filter(([, { customers }]) => customers !== undefined);
  const known = [...Object.keys(connectors), ...folders.map(([ecosystem]) => ecosystem)];
  return `the configuration has no connector of that name; it has ${known.join(', ') || 'none'}`;
}

function profileOf(ecosystem: string): ConsentProfile {
  const profile = readConsentProfiles(CATALOG).find((candidate) => candidate.ecosystem === ecosystem);
  if (!profile) throw new Error(`the catalog has no consent profile of ${ecosystem}`);
  return profile;
}

/** An API's own connector is asked for the types of that API, and the institution's for all others. */
function typesAskedOf(
  reads: readonly ConnectorRead[],
  all: readonly ConnectorRead[],
  { permissions }: ConsentProfile,
  isMain: boolean,
): string[] {
  const own = new Set(reads.flatMap(({ types }) => types));
  if (!isMain) return [...own];
  const others = new Set(all.filter((read) => !reads.includes(read)).flatMap(({ types }) => types));
  const known = new Set([...permissions.values()].flatMap(({ resourceType }) => resourceType ?? []));
  return [...known].filter((type) => own.has(type) || !others.has(type));
}
