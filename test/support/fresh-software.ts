import { createPublicKey, randomUUID } from 'node:crypto';
import type { CertificateInFiles } from '../../src/app/sandbox/sandbox-certificates.ts';
import { keySetUrl } from '../../src/directory/key-set-path.ts';
import { connectHolder } from '../../src/receiver/connect-holder.ts';
import { publicHalf, type ReceiverKeys } from '../../src/receiver/receiver-keys.ts';
import type { TestReceiver } from './conformance.ts';
import type { TlsAnswer } from './exchange-tls.ts';
import { sendJson } from './receiver-requests.ts';
import type { Json } from './send-request.ts';
import { spareKey, spareReceiverKeys } from './spare-keys.ts';
import type { TestSandbox } from './start-sandbox.ts';

/** Who keys and certificates of software belong to. */
export interface SoftwareOwner {
  readonly organisationId: string;
  readonly softwareId: string;
}

/** Software that the sandbox's directory knows and certifies in one ecosystem, registered nowhere yet. */
export interface FreshSoftware {
  readonly ecosystem: string;
  readonly owner: SoftwareOwner;
  readonly keys: ReceiverKeys;
  /** Its transport certificate. */
  readonly identity: Pick<CertificateInFiles, 'certificate' | 'key'>;
  readonly jwksUri: string;
  readonly redirectUris: readonly [string, string];
}

/** Software with the client that it has registered. */
export interface RegisteredSoftware extends FreshSoftware {
  readonly receiver: TestReceiver;
  readonly registrationUri: string;
  readonly registrationToken: string;
  /** The answer to the registration. */
  readonly metadata: Json;
}

const ROLE = 'DADOS';

/** Enters new software of the sandbox's first receiver into the directory, with keys and a certificate of its own. */
export async function freshSoftware(running: TestSandbox, ecosystem: string): Promise<FreshSoftware> {
  const { directory, receivers, description } = running.sandbox;
  const organisationId = receivers[0]?.plan.organisation.id as string;
  const softwareId = randomUUID();
  const owner = { organisationId, softwareId };
  const host = `s${softwareId.slice(0, 8)}.receiver.example`;
  const callback = `https://${host}/callback`;
  const redirectUris = [callback, `${callback}?dummy1=lorem&dummy2=ipsum`] as const;
  const domain = directory.profiles.find((profile) => profile.ecosystem === ecosystem)?.authorisationDomain;
  await directory.seed({
    authorities: [],
    organisations: [
      {
        id: organisationId,
        members: {},
        softwareStatements: [
          {
            id: softwareId,
            members: {
              ClientName: `Software ${softwareId.slice(0, 8)}`,
              ClientUri: `https://${host}`,
              LogoUri: `https://${host}/logo.svg`,
              PolicyUri: `https://${host}/privacidade`,
              TermsOfServiceUri: `https://${host}/termos`,
              RedirectUri: [...redirectUris],
              Version: 1,
            },
            roles: [{ domain: domain ?? '', role: ROLE }],
          },
        ],
      },
    ],
  });
  const [jsonKeys, identity] = await Promise.all([
    spareReceiverKeys(softwareId.slice(0, 8)),
    certify(running, owner),
  ]);
  await publishKey(running, owner, 'sigkey', { ...publicHalf(jsonKeys.signing) });
  await publishKey(running, owner, 'enckey', { ...publicHalf(jsonKeys.encryption) });
  return {
    ecosystem,
    owner,
    identity,
    redirectUris,
    jwksUri: keySetUrl(String(description.directory.keystoreUrl), owner, 'application', 'active'),
    keys: {
      ...jsonKeys,
      certificate: identity.certificate,
      certificateKey: identity.key,
      authorities: directory.authorities,
    },
  };
}

/** Has the directory certify another key of software. */
export async function certify(
  running: TestSandbox,
  owner: SoftwareOwner,
): Promise<FreshSoftware['identity']> {
  const { directory, authority } = running.sandbox.directory;
  const privateKey = await spareKey();
  const publicPem = createPublicKey(privateKey).export({ type: 'spki', format: 'pem' }) as string;
  const issued = await directory.keys.issue(owner, 'brcac', publicPem);
  if (!issued.isIssued) throw new Error(`no certificate: ${issued.detail}`);
  const certificate = await authority.find(String(issued.record.body.SerialNumber));
  return {
    certificate: certificate?.chain as string,
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
  };
}

/** Has the directory publish a public key of software under its `kid`. */
export async function publishKey(
  running: TestSandbox,
  owner: SoftwareOwner,
  type: 'sigkey' | 'enckey',
  jwk: Readonly<Record<string, unknown>>,
): Promise<void> {
  const issued = await running.sandbox.directory.directory.keys.issue(owner, type, JSON.stringify(jwk));
  if (!issued.isIssued) throw new Error(`no key: ${issued.detail}`);
}

/** A software statement of this moment. */
export function statementFor(running: TestSandbox, { ecosystem, owner }: FreshSoftware): Promise<string> {
  return running.sandbox.directory.statement(ecosystem, owner.organisationId, owner.softwareId);
}

/** A registration request as the suite makes it: nothing is said of how ID tokens are encrypted. Undefined leaves out. */
export async function registrationRequest(
  running: TestSandbox,
  software: FreshSoftware,
  change: Readonly<Record<string, unknown>> = {},
): Promise<Readonly<Record<string, unknown>>> {
  return {
    software_statement: await statementFor(running, software),
    redirect_uris: [software.redirectUris[0]],
    jwks_uri: software.jwksUri,
    token_endpoint_auth_method: 'private_key_jwt',
    grant_types: ['authorization_code', 'implicit', 'refresh_token', 'client_credentials'],
    response_types: ['code id_token'],
    tls_client_certificate_bound_access_tokens: true,
    ...change,
  };
}

/** Where software of an ecosystem registers. */
export function registrationEndpoint(running: TestSandbox, { ecosystem }: FreshSoftware): string {
  return `${running.institution(ecosystem).mtlsBase}/register`;
}

/** Sends a registration request; a certificate of null sends it without. */
export async function tryToRegister(
  running: TestSandbox,
  software: FreshSoftware,
  change: Readonly<Record<string, unknown>> = {},
  identity: FreshSoftware['identity'] | null = software.identity,
): Promise<TlsAnswer> {
  const request = await registrationRequest(running, software, change);
  return sendJson(registrationEndpoint(running, software), 'POST', request, identity ?? undefined);
}

/** Registers software, which must work, and connects it. */
export async function registerSoftware(
  running: TestSandbox,
  software: FreshSoftware,
  change: Readonly<Record<string, unknown>> = {},
): Promise<RegisteredSoftware> {
  const answer = await tryToRegister(running, software, change);
  if (answer.status !== 201) throw new Error(`not registered: ${answer.text}`);
  const metadata = answer.json();
  return {
    ...software,
    metadata,
    registrationUri: metadata.registration_client_uri,
    registrationToken: metadata.registration_access_token,
    receiver: await connectSoftware(running, software, metadata.client_id),
  };
}

async function connectSoftware(
  running: TestSandbox,
  { ecosystem, keys, identity, redirectUris }: FreshSoftware,
  clientId: string,
): Promise<TestReceiver> {
  const reader = running.createReceiver(keys);
  const holder = await running.findHolder(reader, ecosystem);
  const connection = await connectHolder(reader, { holder, clientId });
  const metadata = connection.configuration.serverMetadata();
  const aliases = metadata.mtls_endpoint_aliases ?? {};
  return {
    ecosystem,
    issuer: metadata.issuer,
    clientId,
    keys,
    identity,
    redirectUri: redirectUris[0],
    connection,
    endpoints: {
      authorization: String(metadata.authorization_endpoint),
      par: String(aliases.pushed_authorization_request_endpoint),
      token: String(aliases.token_endpoint),
      userinfo: String(aliases.userinfo_endpoint),
      jwks: String(metadata.jwks_uri),
    },
  };
}

/** Manages a registration: reads, updates or ends it. */
export function manage(
  registered: Pick<RegisteredSoftware, 'registrationUri' | 'registrationToken' | 'identity'>,
  method: 'GET' | 'PUT' | 'DELETE',
  settings: {
    readonly body?: unknown;
    readonly token?: string;
    /** Null for no certificate. */
    readonly identity?: FreshSoftware['identity'] | null;
  } = {},
): Promise<TlsAnswer> {
  const { body, token = registered.registrationToken, identity = registered.identity } = settings;
  const headers = { authorization: `Bearer ${token}` };
  return sendJson(registered.registrationUri, method, body ?? '', identity ?? undefined, headers);
}

/** Members that an update repeats, with a new statement: what the registration answered, without what is the server's. */
export async function updateRequest(
  running: TestSandbox,
  registered: RegisteredSoftware,
  change: Readonly<Record<string, unknown>> = {},
): Promise<Readonly<Record<string, unknown>>> {
  const { registration_access_token, registration_client_uri, client_id_issued_at, ...kept } =
    registered.metadata;
  return { ...kept, software_statement: await statementFor(running, registered), ...change };
}
