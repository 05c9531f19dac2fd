import { accessSync, constants } from 'node:fs';
import type { Diagnostic, Severity } from '../../kernel/diagnostic.ts';
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
    ...entries.flatMap(([ecosystem, institution]) => checkInstitution(ecosystem, institution, canRead)),
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
