import { once } from 'node:events';
import { connect } from 'node:tls';
import { approveAsCustomer } from '../src/app/sandbox/simulated-customer.ts';
import { authorizationUrl, redeemCode } from '../src/receiver/authorization-url.ts';
import { callHolder } from '../src/receiver/call-holder.ts';
import { type HolderConnection, ownToken } from '../src/receiver/connect-holder.ts';
import { createMtlsFetch, type MtlsFetch } from '../src/receiver/mtls-fetch.ts';
import { composeRequest, ECOSYSTEMS, widestPermissions } from './consent-requests.ts';
import type { Figure, Measure } from './measure.ts';
import { secureIdentity } from './receiver-token.ts';
import type { ServerTimes, Spent } from './server-times.ts';
import {
  connectReceiver,
  customerOf,
  institutionOf,
  type RegisteredReceiver,
  type RunningSandbox,
  readReceiver,
  startSandbox,
} from './start-sandbox.ts';
import { median, rounded } from './statistics.ts';

const TARGET_MS = 60;
/** Before anything is counted: what is compiled and remembered at first use is no part of a running server's time. */
const WARM_UP = 30;
const HANDSHAKES = 100;

/** What a single journey cost the server; milliseconds, except where it says otherwise. */
interface JourneyCost {
  /** From the heads of its requests to the ends of their answers. */
  readonly answering: number;
  readonly scrypt: number;
  readonly sign: number;
  readonly verify: number;
  readonly encrypt: number;
  readonly decrypt: number;
  readonly database: number;
  readonly processor: number;
  readonly statements: number;
  readonly requests: number;
  readonly signatures: number;
  readonly verifications: number;
  readonly encryptions: number;
  readonly handshakes: number;
}

/** Consent created, authorised by a customer in the pages, token, reads: what the server spends on it, and on what. */
export const measureConsentJourney: Measure = async ({ quick, tell }) => {
  const journeys = quick ? 20 : 100;
  const sandbox = await startSandbox({ timed: true });
  try {
    const receiver = readReceiver(sandbox);
    const figures: Figure[] = [];
    const details: Record<string, unknown> = {};
    for (const ecosystem of ECOSYSTEMS) {
      tell(`journey: ${journeys} journeys in ${ecosystem}`);
      const costs = await travelOften(sandbox, receiver, ecosystem, journeys);
      figures.push(...judge(ecosystem, costs));
      details[ecosystem] = { middle: middleOf(costs), journeys: costs };
    }
    const handshake = await costOfHandshake(sandbox, receiver);
    figures.push({
      name: 'TLS handshake with a client certificate, processor time of the process',
      value: rounded(handshake),
      unit: 'ms',
      remark: `mean of ${HANDSHAKES}; no part of the journeys, whose connections are open`,
    });
    return { figures, details: { ...details, handshakeProcessorMs: handshake } };
  } finally {
    await sandbox.stop();
  }
};

/** Connections that are new each time and ask for nothing. */
async function costOfHandshake(sandbox: RunningSandbox, { keys }: RegisteredReceiver): Promise<number> {
  const { hostname, port } = new URL(institutionOf(sandbox, ECOSYSTEMS[0]).mtlsBase);
  const secureContext = secureIdentity(keys);
  const before = await sandbox.times();
  for (let made = 0; made < HANDSHAKES; made += 1) {
    const socket = connect({ host: hostname, port: Number(port), secureContext });
    await once(socket, 'secureConnect');
    // With TLS 1.3 the client is done before the server; what the server sends then says that it is, too.
    await once(socket, 'session');
    socket.destroy();
  }
  const after = await sandbox.times();
  const made = after.handshakes.count - before.handshakes.count;
  if (made !== HANDSHAKES) throw new Error(`the server has counted ${made} handshakes of ${HANDSHAKES}`);
  return (after.processorMs - before.processorMs) / HANDSHAKES;
}

async function travelOften(
  sandbox: RunningSandbox,
  receiver: RegisteredReceiver,
  ecosystem: string,
  journeys: number,
): Promise<JourneyCost[]> {
  const { receiver: reader, connection } = await connectReceiver(sandbox, receiver, ecosystem);
  const browser = createMtlsFetch({ authorities: receiver.keys.authorities });
  const travel = () => travelOnce(sandbox, receiver, ecosystem, connection, browser);
  try {
    for (let journey = 0; journey < WARM_UP; journey += 1) await travel();
    const costs: JourneyCost[] = [];
    for (let journey = 0; journey < journeys; journey += 1) {
      const before = await sandbox.times();
      await travel();
      costs.push(costBetween(before, await sandbox.times()));
    }
    return costs;
  } finally {
    await Promise.all([reader.close(), browser.close()]);
  }
}

/** Everything a receiver and a customer do for one consent. Throws when any of it is refused. */
async function travelOnce(
  sandbox: RunningSandbox,
  { redirectUri }: RegisteredReceiver,
  ecosystem: string,
  connection: HolderConnection,
  browser: MtlsFetch,
): Promise<void> {
  const { consentsUrl, resourcesUrl } = institutionOf(sandbox, ecosystem);
  const customer = customerOf(sandbox, ecosystem);
  const token = await ownToken(connection);
  const data = composeRequest(widestPermissions(ecosystem), customer.document);
  const created = await callHolder(connection, token, consentsUrl, { method: 'POST', body: { data } });
  const { consentId } = (await answerOf(created, 201)) as { consentId: string };

  const started = await authorizationUrl(connection, { consentId, redirectUri, scopes: ['resources'] });
  const callback = await approveAsCustomer(started.url, redirectUri, { ...customer, fetch: browser.fetch });
  const tokens = await redeemCode(connection, callback, started);

  const read = await callHolder(connection, token, `${consentsUrl}/${consentId}`);
  const { status } = (await answerOf(read, 200)) as { status: string };
  if (status !== 'AUTHORISED') throw new Error(`the consent is ${status} after its journey`);
  const resources = await callHolder(connection, tokens.access_token, resourcesUrl);
  const list = (await answerOf(resources, 200)) as unknown[];
  if (list.length === 0) throw new Error('the consent opens no resource');
}

async function answerOf(response: Response, status: number): Promise<unknown> {
  const body = (await response.json()) as { data: unknown };
  if (response.status !== status) throw new Error(`${response.url} answered ${response.status}`);
  return body.data;
}

function costBetween(before: ServerTimes, after: ServerTimes): JourneyCost {
  type Kind = Exclude<keyof ServerTimes, 'processorMs'>;
  const since = (kind: Kind, unit: keyof Spent) => after[kind][unit] - before[kind][unit];
  return {
    answering: since('requests', 'ms'),
    scrypt: since('scrypt', 'ms'),
    sign: since('sign', 'ms'),
    verify: since('verify', 'ms'),
    encrypt: since('encrypt', 'ms'),
    decrypt: since('decrypt', 'ms'),
    database: since('database', 'ms'),
    processor: after.processorMs - before.processorMs,
    statements: since('database', 'count'),
    requests: since('requests', 'count'),
    signatures: since('sign', 'count'),
    verifications: since('verify', 'count'),
    encryptions: since('encrypt', 'count'),
    handshakes: since('handshakes', 'count'),
  };
}

const rsaOf = ({ sign, verify, encrypt, decrypt }: JourneyCost) => sign + verify + encrypt + decrypt;
const withoutLogin = ({ answering, scrypt }: JourneyCost) => answering - scrypt;

/** Medians of each part by itself, which need not add up. */
function middleOf(costs: readonly JourneyCost[]) {
  const middle = (value: (cost: JourneyCost) => number) => rounded(median(costs.map(value)));
  return {
    answering: middle(({ answering }) => answering),
    passwordHash: middle(({ scrypt }) => scrypt),
    answeringWithoutPasswordHash: middle(withoutLogin),
    rsa: middle(rsaOf),
    rsaSign: middle(({ sign }) => sign),
    rsaVerify: middle(({ verify }) => verify),
    rsaEncrypt: middle(({ encrypt }) => encrypt),
    rsaDecrypt: middle(({ decrypt }) => decrypt),
    database: middle(({ database }) => database),
    statements: middle(({ statements }) => statements),
    everythingElse: middle((cost) => withoutLogin(cost) - rsaOf(cost)),
    processor: middle(({ processor }) => processor),
    requests: middle(({ requests }) => requests),
    signatures: middle(({ signatures }) => signatures),
    verifications: middle(({ verifications }) => verifications),
    encryptions: middle(({ encryptions }) => encryptions),
    handshakes: middle(({ handshakes }) => handshakes),
  };
}

function judge(ecosystem: string, costs: readonly JourneyCost[]): Figure[] {
  const middle = middleOf(costs);
  const name = `${ecosystem}, consent created → authorised → token → read`;
  return [
    {
      name: `${name}, server time without the password's hash, p50`,
      value: middle.answeringWithoutPasswordHash,
      unit: 'ms',
      target: { atMost: TARGET_MS },
      remark: `${costs.length} journeys of ${middle.requests} requests, one after the other; ${middle.handshakes} TLS handshakes`,
    },
    {
      name: `${name}, server time in all, p50`,
      value: middle.answering,
      unit: 'ms',
      target: { atMost: TARGET_MS },
      remark: `${middle.passwordHash} ms of it scrypt, which is slow on purpose`,
    },
    {
      name: `${name}, RSA, p50`,
      value: middle.rsa,
      unit: 'ms',
      remark: `${middle.signatures} signatures ${middle.rsaSign} ms, ${middle.verifications} verifications ${middle.rsaVerify} ms, ${middle.encryptions} encryptions ${middle.rsaEncrypt} ms`,
    },
    {
      name: `${name}, neither RSA nor scrypt, p50`,
      value: middle.everythingElse,
      unit: 'ms',
      remark: `${middle.statements} statements of the database take ${middle.database} ms, some beside others`,
    },
    {
      name: `${name}, processor time of the process, p50`,
      value: middle.processor,
      unit: 'ms',
      remark: 'with scrypt, TLS and what runs in the background; the database server is another process',
    },
  ];
}
