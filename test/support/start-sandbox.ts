import { after } from 'node:test';
import type { FastifyBaseLogger } from 'fastify';
import { pino } from 'pino';
import type { SandboxCustomer, SandboxInstitution } from '../../src/app/sandbox/sandbox-description.ts';
import { approveAsCustomer } from '../../src/app/sandbox/simulated-customer.ts';
import { type Sandbox, startSandbox } from '../../src/app/sandbox/start-sandbox.ts';
import { readConsentProfiles } from '../../src/consents/read-consent-profiles.ts';
import { authorizationUrl, redeemCode } from '../../src/receiver/authorization-url.ts';
import { connectHolder, type HolderConnection } from '../../src/receiver/connect-holder.ts';
import { createConsent } from '../../src/receiver/consents.ts';
import { findHolder } from '../../src/receiver/find-holder.ts';
import type { Holder } from '../../src/receiver/holder.ts';
import { createMtlsFetch, type MtlsFetch } from '../../src/receiver/mtls-fetch.ts';
import { createReceiver, type Receiver } from '../../src/receiver/receiver.ts';
import type { ReceiverKeys } from '../../src/receiver/receiver-keys.ts';
import { catalogFolder } from './contract-folder.ts';
import { prepareSandbox } from './prepared-sandbox.ts';

/** A whole sandbox in this process, until the test file ends. */
export interface TestSandbox {
  readonly sandbox: Sandbox;
  /** Lines that were logged with level `error`. */
  readonly logged: readonly string[];
  institution(ecosystem: string): SandboxInstitution;
  /** A receiver with these keys, closed when the test file ends. */
  createReceiver(keys: ReceiverKeys): Receiver;
  /** An institution as the list of participants has it. */
  findHolder(receiver: Receiver, ecosystem: string): Promise<Holder>;
  /** A registered receiver (0 or 1) connected to an institution with `openid-client`. */
  connect(receiver: number, ecosystem: string): Promise<HolderConnection>;
  /** Customers of an institution, the one with most to share first. */
  customers(ecosystem: string): readonly SandboxCustomer[];
  redirectUri(receiver: number): string;
  /** Members of `data` of a sound request for a consent. */
  consentRequest(ecosystem: string, customer?: SandboxCustomer): Record<string, unknown>;
  /** Creates a consent and answers with its id. */
  awaitingConsent(
    connection: HolderConnection,
    ecosystem: string,
    customer?: SandboxCustomer,
  ): Promise<string>;
  /** The whole way to tokens, with a simulated customer. */
  authorised(receiver: number, ecosystem: string, customer?: SandboxCustomer): Promise<AuthorisedConsent>;
  /** Requests without a client certificate, as a browser sends them. */
  readonly browser: MtlsFetch;
}

export interface AuthorisedConsent {
  readonly connection: HolderConnection;
  readonly consentId: string;
  readonly accessToken: string;
  readonly refreshToken: string;
}

const running: (() => Promise<unknown>)[] = [];
after(async () => {
  for (const end of running) await end();
});

/** Scopes that every receiver of data may have in either ecosystem. */
export const BASE_SCOPES = ['openid', 'resources', 'customers'] as const;

/** Starts a sandbox with ports and a database of its own, without consents unless they are wanted. */
export async function startTestSandbox({ withConsents = false } = {}): Promise<TestSandbox> {
  const logged: string[] = [];
  const logger = pino({ level: 'error' }, { write: (line: string) => logged.push(line) });
  const { stateFolder, ports, release } = await prepareSandbox();
  const sandbox = await startSandbox({
    stateFolder,
    ports,
    logger: logger as unknown as FastifyBaseLogger,
    withConsents,
  });
  const { description } = sandbox;
  const browser = createMtlsFetch({ authorities: sandbox.directory.authorities });
  const receivers: Receiver[] = [];
  running.push(async () => {
    await Promise.all([browser.close(), ...receivers.map((receiver) => receiver.close())]);
    await sandbox.close();
    release();
  });

  const institution = (ecosystem: string) =>
    description.institutions.find((one) => one.ecosystem === ecosystem) as SandboxInstitution;
  const customers = (ecosystem: string) =>
    description.customers.filter((customer) => customer.ecosystem === ecosystem);
  const redirectUri = (receiver: number) => description.receivers[receiver]?.redirectUris[0] as string;

  function newReceiver(keys: ReceiverKeys): Receiver {
    const created = createReceiver({ keys });
    receivers.push(created);
    return created;
  }

  function holderOf(receiver: Receiver, ecosystem: string): Promise<Holder> {
    const { name } = institution(ecosystem);
    return findHolder(receiver, String(description.directory.participantsUrl), { name });
  }

  async function connect(receiver: number, ecosystem: string): Promise<HolderConnection> {
    const reader = newReceiver((sandbox.receivers[receiver] as Sandbox['receivers'][number]).keys);
    return connectHolder(reader, {
      holder: await holderOf(reader, ecosystem),
      clientId: description.receivers[receiver]?.clientIds[ecosystem] as string,
    });
  }

  function consentRequest(ecosystem: string, customer = customers(ecosystem)[0] as SandboxCustomer) {
    return {
      permissions: sharedPermissions(ecosystem),
      loggedUser: { document: { identification: customer.document, rel: 'CPF' } },
      expirationDateTime: new Date(Date.now() + 7_200_000).toISOString().replace(/\.\d+/, ''),
    };
  }

  async function awaitingConsent(
    connection: HolderConnection,
    ecosystem: string,
    customer?: SandboxCustomer,
  ): Promise<string> {
    const request = consentRequest(ecosystem, customer);
    const { consentId } = await createConsent(connection, request);
    return consentId;
  }

  async function authorised(
    receiver: number,
    ecosystem: string,
    customer = customers(ecosystem)[0] as SandboxCustomer,
  ): Promise<AuthorisedConsent> {
    const connection = await connect(receiver, ecosystem);
    const consentId = await awaitingConsent(connection, ecosystem, customer);
    const started = await authorizationUrl(connection, {
      consentId,
      redirectUri: redirectUri(receiver),
      scopes: BASE_SCOPES,
    });
    const callback = await approveAsCustomer(started.url, redirectUri(receiver), {
      ...customer,
      fetch: browser.fetch,
    });
    const tokens = await redeemCode(connection, callback, started);
    return {
      connection,
      consentId,
      accessToken: tokens.access_token,
      refreshToken: String(tokens.refresh_token),
    };
  }

  return {
    sandbox,
    logged,
    institution,
    createReceiver: newReceiver,
    findHolder: holderOf,
    connect,
    customers,
    redirectUri,
    consentRequest,
    awaitingConsent,
    authorised,
    browser,
  };
}

/** What a natural person shares with every receiver: who they are, and what they picked. */
function sharedPermissions(ecosystem: string): string[] {
  const profile = readConsentProfiles(catalogFolder).find((one) => one.ecosystem === ecosystem);
  const first = profile?.groups.find(
    ({ rule, permissions }) =>
      rule !== 'exclusive' &&
      permissions.every((name) => profile.permissions.get(name)?.person === 'natural'),
  );
  return [...(first?.permissions ?? []), profile?.companion ?? ''];
}
