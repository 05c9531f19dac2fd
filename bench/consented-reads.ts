import { randomUUID } from 'node:crypto';
import type { SecureContext } from 'node:tls';
import type { PlannedRequest } from './counted-load.ts';
import { driveSecureLoad, type SecureRound } from './drive-secure-load.ts';
import { CONNECTIONS } from './generate-load.ts';
import { createKeepAliveConnection } from './keep-alive-connection.ts';
import type { Figure, Measure } from './measure.ts';
import { secureIdentity } from './receiver-token.ts';
import { institutionOf, type RunningSandbox, readReceiver, startSandbox } from './start-sandbox.ts';
import { median, rounded } from './statistics.ts';

const LEAST_PER_SECOND = 3000;
const MOST_MS = 15;
/** Rounds before those that count: what runs often is compiled again and again for some seconds. */
const WARM_UPS = 3;

/** What is read in turn; `{id}` stands for each resource of the list that begins the group. */
const READS: Readonly<Record<string, readonly (readonly string[])[]>> = {
  'open-finance': [
    [
      '/open-banking/accounts/v2/accounts',
      '/open-banking/accounts/v2/accounts/{id}',
      '/open-banking/accounts/v2/accounts/{id}/balances',
      '/open-banking/accounts/v2/accounts/{id}/transactions?fromBookingDate=2020-01-01&toBookingDate=2030-01-01&page-size=25',
    ],
  ],
  'open-insurance': [
    [
      '/open-insurance/insurance-financial-assistance/v1/insurance-financial-assistance/contracts',
      '/open-insurance/insurance-financial-assistance/v1/insurance-financial-assistance/{id}/contract-info',
      '/open-insurance/insurance-financial-assistance/v1/insurance-financial-assistance/{id}/movements',
    ],
  ],
};

/** Reads of a customer's data over mTLS from the folder connector: lists, single records and pages of 25 in turn. */
export const measureConsentedReads: Measure = async ({ quick, tell }) => {
  const [rounds, seconds] = quick ? [2, 2] : [7, 5];
  const sandbox = await startSandbox();
  try {
    const identity = secureIdentity(readReceiver(sandbox).keys);
    const figures: Figure[] = [];
    const details: Record<string, unknown> = {};
    for (const ecosystem of Object.keys(READS)) {
      const { next, answers } = await planReads(sandbox, identity, ecosystem);
      tell(`customer-data: ${rounds} rounds of ${seconds} s in ${ecosystem}, ${answers.length} addresses`);
      const load = { pid: sandbox.pid, identity, seconds, next };
      for (let warmUp = 0; warmUp < WARM_UPS; warmUp += 1) await driveSecureLoad(load);
      const found: SecureRound[] = [];
      for (let round = 0; round < rounds; round += 1) found.push(await driveSecureLoad(load));
      figures.push(...judge(ecosystem, found));
      details[ecosystem] = { answers, rounds: found };
    }
    return { figures, details: { connections: CONNECTIONS, ...details } };
  } finally {
    await sandbox.stop();
  }
};

interface PlannedReads {
  readonly next: () => PlannedRequest;
  /** What was asked once before: how large each answer is. */
  readonly answers: readonly { readonly path: string; readonly bytes: number }[];
}

async function planReads(
  sandbox: RunningSandbox,
  identity: SecureContext,
  ecosystem: string,
): Promise<PlannedReads> {
  const { origin } = new URL(institutionOf(sandbox, ecosystem).resourcesUrl);
  const consent = sandbox.description.consents.find((each) => each.ecosystem === ecosystem);
  const connection = createKeepAliveConnection(origin, identity);
  const headers = () => ({
    authorization: `Bearer ${consent?.accessToken}`,
    accept: 'application/json',
    'x-fapi-interaction-id': randomUUID(),
  });

  async function read(path: string): Promise<string> {
    const answer = await connection.ask(path, headers());
    if (answer.status !== 200) throw new Error(`${path} is answered with ${answer.status}: ${answer.body()}`);
    return answer.body();
  }

  const paths: string[] = [];
  for (const [list = '', ...others] of READS[ecosystem] ?? []) {
    const ids = [...(await read(list)).matchAll(/"(?:accountId|contractId)":"([^"]+)"/g)].map(([, id]) => id);
    if (ids.length === 0) throw new Error(`${list} is empty`);
    paths.push(list, ...ids.flatMap((id) => others.map((path) => path.replace('{id}', id as string))));
  }
  const answers = [];
  for (const path of paths) answers.push({ path, bytes: Buffer.byteLength(await read(path)) });
  connection.close();

  let turn = 0;
  const next = (): PlannedRequest => {
    const path = paths[turn % paths.length] as string;
    turn += 1;
    return { origin, endpoint: `GET ${path}`, path, headers: headers() };
  };
  return { next, answers };
}

function judge(ecosystem: string, rounds: readonly SecureRound[]): Figure[] {
  const middle = (value: (round: SecureRound) => number) => rounded(median(rounds.map(value)));
  const failures = rounds.reduce((sum, round) => sum + round.failures, 0);
  const shares = `of two processors, the service and its database ${middle((round) => round.serverShare)}, the load generator ${middle((round) => round.generatorShare)}, others ${middle((round) => round.otherShare)}`;
  return [
    {
      name: `${ecosystem}, consented GET at ${CONNECTIONS} connections over mTLS`,
      value: middle(({ requestsPerSecond }) => requestsPerSecond),
      unit: 'requests/s',
      target: { atLeast: LEAST_PER_SECOND },
      remark: `median of ${rounds.length} rounds; ${shares}${failures > 0 ? `; ${failures} failed requests` : ''}`,
    },
    {
      name: `${ecosystem}, consented GET, p95`,
      value: middle(({ p95 }) => p95),
      unit: 'ms',
      target: { atMost: MOST_MS },
      remark: `p50 ${middle(({ p50 }) => p50)} ms, p99 ${middle(({ p99 }) => p99)} ms`,
    },
  ];
}
