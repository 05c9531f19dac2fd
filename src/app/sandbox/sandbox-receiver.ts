import type { JWK } from 'jose';
import { keySetUrl } from '../../directory/key-set-path.ts';
import type { Receiver } from '../../receiver/receiver.ts';
import { generateReceiverKeys, publicHalf, type ReceiverKeys } from '../../receiver/receiver-keys.ts';
import { registerReceiver } from '../../receiver/register-receiver.ts';
import type { SandboxDirectory } from './create-sandbox-directory.ts';
import type { SandboxHolder, SandboxReceiverPlan } from './read-ecosystem.ts';
import { type CertificateInFiles, keepCertificate } from './sandbox-certificates.ts';
import type { SandboxFiles } from './sandbox-files.ts';

/** A receiver of the sandbox, certified and with its keys published. */
export interface SandboxReceiver {
  readonly plan: SandboxReceiverPlan;
  readonly keys: ReceiverKeys;
  readonly certificate: CertificateInFiles;
  readonly jwksFile: string;
  readonly jwksUri: string;
  readonly redirectUris: readonly string[];
}

type JsonKeys = Pick<ReceiverKeys, 'signing' | 'encryption'>;

/** Prepares a receiver: its keys are made once, its certificate is renewed when due, both are published. */
export async function prepareReceiver(
  plan: SandboxReceiverPlan,
  redirectUris: readonly string[],
  directory: SandboxDirectory,
  files: SandboxFiles,
): Promise<SandboxReceiver> {
  const label = labelOf(plan);
  const jwksName = `keys/${label}.jwks.json`;
  const owner = { organisationId: plan.organisation.id, softwareId: plan.software };
  const [jsonKeys, certificate] = await Promise.all([
    keepJsonKeys(files, jwksName, label),
    keepCertificate(files, directory.authority, label, (key) => {
      const [prefix = '', ...furtherPrefixes] = directory.profiles.map(
        (profile) => profile.certificatePrefix,
      );
      return directory.authority.issueClient({
        subjectKey: { key },
        prefix,
        furtherPrefixes,
        ...owner,
        organisationName: plan.organisation.legalName,
        cnpj: plan.organisation.cnpj,
        state: plan.organisation.state,
        city: plan.organisation.city,
        commonName: plan.host,
      });
    }),
  ]);
  await publish(directory, owner, jsonKeys, certificate);
  return {
    plan,
    keys: {
      ...jsonKeys,
      certificate: certificate.certificate,
      certificateKey: certificate.key,
      authorities: directory.authorities,
    },
    certificate,
    jwksFile: files.path(jwksName),
    jwksUri: keySetUrl(directory.keyStoreUrl, owner, 'application', 'active'),
    redirectUris,
  };
}

/** Who registers where. */
export interface WantedRegistration {
  readonly receiver: SandboxReceiver;
  /** The receiver as the library has it. */
  readonly reader: Receiver;
  readonly holder: SandboxHolder;
  readonly issuer: string;
}

/** Registers a receiver with an institution, unless it is known to be registered. Answers with its client id. */
export async function registerOnce(
  { receiver, reader, holder, issuer }: WantedRegistration,
  directory: SandboxDirectory,
  files: SandboxFiles,
  isRegistered: (clientId: string) => Promise<boolean>,
): Promise<string> {
  const name = `registrations/${labelOf(receiver.plan)}-${holder.path}.json`;
  const known = files.readJson<{ clientId: string }>(name);
  if (known && (await isRegistered(known.clientId))) return known.clientId;
  const { plan, redirectUris, jwksUri } = receiver;
  const statement = await directory.statement(holder.ecosystem, plan.organisation.id, plan.software);
  const registration = await registerReceiver(reader, {
    holder: { issuer },
    statement,
    redirectUris,
    jwksUri,
  });
  files.writeJson(name, registration);
  return registration.clientId;
}

/** Part of file names: the first label of the receiver's host. */
export function labelOf({ host }: Pick<SandboxReceiverPlan, 'host'>): string {
  return host.split('.', 1)[0] as string;
}

async function keepJsonKeys(files: SandboxFiles, name: string, label: string): Promise<JsonKeys> {
  const known = files.readJson<{ keys: readonly JWK[] }>(name);
  const [signing, encryption] = known?.keys ?? [];
  if (signing && encryption) return { signing, encryption };
  const made = await generateReceiverKeys(label);
  files.writeJson(name, { keys: [made.signing, made.encryption] });
  return made;
}

async function publish(
  { keyStore }: SandboxDirectory,
  owner: { readonly organisationId: string; readonly softwareId: string },
  { signing, encryption }: JsonKeys,
  { certificate, thumbprint }: CertificateInFiles,
): Promise<void> {
  const published = new Set((await keyStore.list(owner)).map(({ kid }) => kid));
  for (const jwk of [signing, encryption])
    if (!published.has(String(jwk.kid))) await keyStore.addApplicationKey(owner, { ...publicHalf(jwk) });
  if (!published.has(thumbprint)) await keyStore.addTransportCertificate(owner, leafOf(certificate));
}

function leafOf(chain: string): string {
  const end = '-----END CERTIFICATE-----';
  return `${chain.slice(0, chain.indexOf(end) + end.length)}\n`;
}
