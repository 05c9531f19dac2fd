import type { ChangedResource, Connector } from '../../connectors/connector.ts';
import type { RememberingConnector } from '../../connectors/remember-discoveries.ts';
import { routeConnectors } from '../../connectors/route-connectors.ts';
import type { ConsentProfile } from '../../consents/consent-profile.ts';
import { canonicalPermission } from '../../consents/version-spelling.ts';
import type { InstitutionSettings } from '../configuration/institution-settings.ts';
import type { Configuration } from '../configuration/settings.ts';
import type { Service } from '../load-service.ts';
import { type OpenConnectorSettings, openConnector } from './open-connector.ts';

export interface ConnectorsSettings extends OpenConnectorSettings {
  readonly configuration: Configuration;
  readonly service: Service;
  readonly profiles: readonly ConsentProfile[];
}

/** The connector of an institution, and what the operator calls the one of them that serves what. */
export interface NamedConnector {
  readonly connector: Connector;
  readonly connectorName: string;
  readonly connectorNameOf: (api: string) => string;
}

/** The connectors of a configuration, each opened once. */
export interface Connectors {
  /** The connector of an ecosystem's institution. Rejects when one that it is made of cannot be opened. */
  of(ecosystem: string): Promise<NamedConnector>;
  forget(name: string, changed: readonly ChangedResource[]): void;
  close(): Promise<void>;
}

/** Creates the connectors. None is opened before it is asked for; one that could not be opened is tried again. */
export function createConnectors(settings: ConnectorsSettings): Connectors {
  const { configuration, service, profiles } = settings;
  const opened = new Map<string, Promise<RememberingConnector>>();

  function open(name: string, kind = configuration.connectors[name]): Promise<RememberingConnector> {
    const known = opened.get(name);
    if (known) return known;
    if (!kind) return Promise.reject(new Error(`the configuration has no connector called ${name}`));
    const opening = openConnector(name, kind, settings);
    opened.set(name, opening);
    opening.catch(() => opened.delete(name));
    return opening;
  }

  function openMain(ecosystem: string, institution: InstitutionSettings): Promise<RememberingConnector> {
    const { connector, customers = '', passwords } = institution;
    return connector === undefined
      ? open(folderOf(ecosystem), { kind: 'folder', customers, passwords })
      : open(connector);
  }

  /** Types of the resources that an API is about, as its permissions tell. */
  function typesOf(ecosystem: string, api: string): string[] {
    const profile = profiles.find((candidate) => candidate.ecosystem === ecosystem);
    const permissions = service.routes
      .filter(({ operation }) => operation.ecosystem === ecosystem && operation.api === api)
      .flatMap(({ operation }) => operation.permissions);
    return permissions.flatMap(
      (name) => profile?.permissions.get(canonicalPermission(profile, name))?.resourceType ?? [],
    );
  }

  return {
    async of(ecosystem) {
      const institution = configuration.institutions[ecosystem];
      if (!institution) throw new Error(`the configuration has no institution of ${ecosystem}`);
      const connector = routeConnectors({
        main: await openMain(ecosystem, institution),
        login: institution.login === undefined ? undefined : await open(institution.login),
        byApi: new Map(
          await Promise.all(
            Object.entries(institution.apis).map(async ([api, name]) => [api, await open(name)] as const),
          ),
        ),
        typesOf: (api) => typesOf(ecosystem, api),
      });
      const connectorName = institution.connector ?? folderOf(ecosystem);
      return {
        connector,
        connectorName,
        connectorNameOf: (api) => institution.apis[api] ?? connectorName,
      };
    },
    forget(name, changed) {
      void opened.get(name)?.then(
        (connector) => connector.forget(changed),
        () => undefined,
      );
    },
    async close() {
      const all = await Promise.allSettled(opened.values());
      await Promise.all(all.map((each) => (each.status === 'fulfilled' ? each.value.close?.() : undefined)));
    },
  };
}

/** What a folder of customers is called that an institution has in place of a connector. */
function folderOf(ecosystem: string): string {
  return `${ecosystem}-customers`;
}

/** Whether a connector of that name serves an institution of the configuration. */
export function isConnectorOf({ connectors, institutions }: Configuration, name: string): boolean {
  if (Object.hasOwn(connectors, name)) return true;
  return Object.entries(institutions).some(
    ([ecosystem, { customers }]) => customers !== undefined && folderOf(ecosystem) === name,
  );
}
