import { stringify } from 'yaml';
import { loadConfiguration } from '../configuration/load-configuration.ts';
import type { Configuration } from '../configuration/settings.ts';
import type { SandboxDirectory } from './create-sandbox-directory.ts';
import type { SandboxEcosystem } from './read-ecosystem.ts';
import { holderAddress, originOf, SANDBOX_HOST, type SandboxPorts } from './sandbox-addresses.ts';
import type { SandboxFiles } from './sandbox-files.ts';

/** Nobody is to meet the limits of production on a laptop. */
const NO_LIMIT = 1_000_000;

/** Writes the configuration of the institutions, for whoever wants to read or copy it, and loads it. */
export async function configureInstitutions(
  { stateFolder, ports }: { readonly stateFolder: string; readonly ports: SandboxPorts },
  { holders }: SandboxEcosystem,
  directory: SandboxDirectory,
  files: SandboxFiles,
): Promise<Configuration> {
  const server = await directory.serverCertificate('institutions');
  const tls = { certificate: server.certificateFile, key: server.keyFile };
  const written = {
    listen: { host: SANDBOX_HOST, port: ports.public },
    tls,
    mtls: { host: SANDBOX_HOST, port: ports.mtls, ...tls },
    ...(ports.operations !== undefined && { admin: { host: SANDBOX_HOST, port: ports.operations } }),
    baseUrl: originOf(ports.public),
    state: stateFolder,
    data: holders.map(({ data }) => data),
    limits: { perMinutePerIp: NO_LIMIT, perSecond: NO_LIMIT },
    institutions: Object.fromEntries(
      holders.map((holder) => {
        const { issuer, mtlsBase } = holderAddress(holder, ports);
        const profile = directory.profiles.find((candidate) => candidate.ecosystem === holder.ecosystem);
        return [
          holder.ecosystem,
          {
            name: holder.organisation.name,
            organisationId: holder.organisation.id,
            namespace: holder.namespace,
            ...(holder.accent && { accent: holder.accent }),
            issuer,
            mtlsBase: `${mtlsBase}/${holder.path}`,
            customers: holder.customers,
            passwords: files.path('passwords.json'),
            directory: {
              keystore: directory.keyStoreUrl,
              participants: `${originOf(ports.directory)}/participants`,
              anchors: directory.authoritiesFile,
              authorities: directory.authoritiesFile,
              statementIssuer: profile?.statementIssuer.sandbox,
            },
          },
        ];
      }),
    ),
  };
  files.write('guiche.yaml', `# Written at every start of the sandbox.\n${stringify(written)}`);
  const { configuration, diagnostics } = await loadConfiguration({
    file: files.path('guiche.yaml'),
    flags: {},
    env: {},
    cwd: files.path('.'),
  });
  if (!configuration) throw new Error(diagnostics.map(({ message }) => message).join('; '));
  return configuration;
}
