import { accessSync, constants } from 'node:fs';
import type { Diagnostic, Severity } from '../../kernel/diagnostic.ts';
import type { ConnectorSettings } from './connector-settings.ts';
import type { InstitutionSettings } from './institution-settings.ts';
import type { Configuration } from './settings.ts';

/** Where a configuration runs. */
export interface Surroundings {
  readonly isProduction: boolean;
  /** Whether a file or folder can be read. */
  readonly canRead?: (path: string) => boolean;
}

/**
 * What keeps the institutions of a configuration from holding consents: members that contradict each other, files that
 * are not there, and what suits a laptop only. An error stops the start.
 */
export function checkInstitutions(
  configuration: Configuration,
  { isProduction, canRead = isReadable }: Surroundings,
): Diagnostic[] {
  const { institutions, masterKeys, databaseUrl } = configuration;
  const found = [...checkPair('tls', configuration), ...checkPair('mtls', configuration)];
  const entries = Object.entries(institutions);
  if (entries.length === 0) return found;
  if (masterKeys === undefined && (isProduction || databaseUrl !== undefined))
    found.push(
      finding(
        'masterKeys',
        isProduction ? 'error' : 'warning',
        'masterKeys are not set: a key is made under the state folder, which no other node has; name them',
        'config-development-default',
      ),
    );
  return [
    ...found,
    ...checkMtls(configuration),
    ...entries.flatMap(([ecosystem, institution]) => [
      ...checkInstitution(ecosystem, institution, canRead),
      ...checkConnectorNames(ecosystem, institution, Object.keys(configuration.connectors)),
    ]),
    ...Object.entries(configuration.connectors).flatMap(([name, connector]) =>
      checkConnector(name, connector, canRead),
    ),
    ...checkMounts(entries),
  ];
}

/** A listener has both files or neither. */
function checkPair(listener: 'tls' | 'mtls', configuration: Configuration): Diagnostic[] {
  const { certificate, key } = configuration[listener];
  if ((certificate === undefined) === (key === undefined)) return [];
  const missing = certificate === undefined ? 'certificate' : 'key';
  return [finding(`${listener}.${missing}`, 'error', `${listener} needs its ${missing} too`)];
}

/** Without TLS of its own and without a proxy nobody could show a certificate. */
function checkMtls({ mtls }: Configuration): Diagnostic[] {
  const { proxy } = mtls;
  if (!proxy)
    return mtls.certificate === undefined
      ? [
          finding(
            'mtls.certificate',
            'error',
            'receivers have to show certificates: mtls needs a certificate and its key, or a proxy',
          ),
        ]
      : [];
  if (proxy.thumbprints.length > 0) return [];
  return proxy.addresses.length > 0 && proxy.secret !== undefined
    ? []
    : [
        finding(
          'mtls.proxy',
          'error',
          'the proxy proves itself by thumbprints, or by addresses and a secret',
        ),
      ];
}

function checkInstitution(
  ecosystem: string,
  { issuer, mtlsBase, customers, passwords, directory }: InstitutionSettings,
  canRead: (path: string) => boolean,
): Diagnostic[] {
  const at = (member: string) => `institutions.${ecosystem}.${member}`;
  const files = {
    customers,
    passwords,
    'directory.anchors': directory.anchors,
    'directory.authorities': directory.authorities,
  };
  const unreadable = Object.entries(files)
    .filter(([, file]) => file !== undefined && !canRead(file))
    .map(([member, file]) => finding(at(member), 'error', `${file} cannot be read`));
  if (new URL(issuer).pathname === new URL(mtlsBase).pathname) return unreadable;
  return [
    ...unreadable,
    finding(at('mtlsBase'), 'error', `the path must be that of the issuer, ${new URL(issuer).pathname}`),
  ];
}

/** An institution has a connector or a folder of customers, and names only connectors that there are. */
function checkConnectorNames(
  ecosystem: string,
  { connector, customers, login, apis }: InstitutionSettings,
  known: readonly string[],
): Diagnostic[] {
  const at = `institutions.${ecosystem}`;
  const named = [
    ['connector', connector],
    ['login', login],
    ...Object.entries(apis).map(([api, name]) => [`apis.${api}`, name] as const),
  ] as const;
  const unknown = named
    .filter(([, name]) => name !== undefined && !known.includes(name))
    .map(([member, name]) =>
      finding(
        `${at}.${member}`,
        'error',
        `connectors has none called ${name}; it has ${known.join(', ') || 'none'}`,
      ),
    );
  if ((connector === undefined) !== (customers === undefined)) return unknown;
  return [
    ...unknown,
    finding(
      at,
      'error',
      connector === undefined
        ? 'it needs a connector, or a folder of customers'
        : 'it has a connector and a folder of customers; keep one of them',
    ),
  ];
}

/** Files of a connector can be read, and what belongs together is there together. */
function checkConnector(
  name: string,
  connector: ConnectorSettings,
  canRead: (path: string) => boolean,
): Diagnostic[] {
  const at = `connectors.${name}`;
  const unreadable = Object.entries(filesOf(connector))
    .filter(([, path]) => path !== undefined && !canRead(path))
    .map(([member, path]) => finding(`${at}.${member}`, 'error', `${path} cannot be read`));
  if (connector.kind !== 'http') return unreadable;
  const { url, certificate, key, signing } = connector;
  return [
    ...unreadable,
    ...((certificate === undefined) === (key === undefined)
      ? []
      : [finding(at, 'error', 'certificate and key go together')]),
    ...(url?.startsWith('http:') && !isLoopback(new URL(url).hostname)
      ? [finding(`${at}.url`, 'error', 'it must be https, unless the system is on this machine')]
      : []),
    ...(certificate === undefined && signing === undefined
      ? [
          finding(
            at,
            'warning',
            'it has neither a certificate nor signing: the other side cannot tell guiche from anybody else',
          ),
        ]
      : []),
  ];
}

function filesOf(connector: ConnectorSettings): Record<string, string | undefined> {
  switch (connector.kind) {
    case 'folder':
      return { customers: connector.customers, passwords: connector.passwords };
    case 'http': {
      const { certificate, key, authorities, signing } = connector;
      return { certificate, key, authorities, 'signing.key': signing?.key };
    }
    case 'sql':
      return { mapping: connector.mapping };
    case 'module':
      return { module: connector.module };
  }
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '127.0.0.1' || host === '[::1]';
}

/** Each issuer is a part of the same listeners, by its path. */
function checkMounts(entries: readonly (readonly [string, InstitutionSettings])[]): Diagnostic[] {
  const paths = entries.map(([, { issuer }]) => new URL(issuer).pathname);
  return entries
    .filter(([, { issuer }], index) => paths.indexOf(new URL(issuer).pathname) < index)
    .map(([ecosystem]) =>
      finding(
        `institutions.${ecosystem}.issuer`,
        'error',
        'two institutions of one process need issuers with different paths',
      ),
    );
}

function finding(
  key: string,
  severity: Severity,
  message: string,
  code: Diagnostic['code'] = 'config-institution',
): Diagnostic {
  return { file: key, line: 0, column: 0, severity, code, pointer: `/${key.replaceAll('.', '/')}`, message };
}

function isReadable(path: string): boolean {
  try {
    accessSync(path, constants.R_OK);
    return true;
  } catch {
    return false;
  }
}
