import { randomUUID } from 'node:crypto';
import { composeRequest, ECOSYSTEMS, inventCpf, widestPermissions } from './consent-requests.ts';
import type { PlannedRequest } from './counted-load.ts';
import { driveSecureLoad, type SecureRound } from './drive-secure-load.ts';
import { CONNECTIONS } from './generate-load.ts';
import type { Figure, Measure } from './measure.ts';
import { receiverToken, secureIdentity } from './receiver-token.ts';
import {
  institutionOf,
  type RegisteredReceiver,
  type RunningSandbox,
  readReceiver,
  startSandbox,
} from './start-sandbox.ts';
import { median, rounded } from './statistics.ts';

const LEAST_PER_SECOND = 1000;
const MOST_MS = 50;
/** Rounds before those that count: what runs often is compiled again and again for some seconds. */
const WARM_UPS = 2;

/** `POST /consents` of the newest version, each of another person, as fast as the answers come. */
export const measureConsentWrites: Measure = async ({ quick, tell }) => {
  const [rounds, seconds] = quick ? [2, 2] : [7, 5];
  const sandbox = await startSandbox();
  try {
    const receiver = readReceiver(sandbox);
    const figures: Figure[] = [];
    const details: Record<string, unknown> = {};
    for (const ecosystem of ECOSYSTEMS) {
      tell(`consents: ${rounds} rounds of ${seconds} s in ${ecosystem}`);
      const next = await planConsentWrites(sandbox, receiver, ecosystem);
      const load = { pid: sandbox.pid, identity: secureIdentity(receiver.keys), seconds, next };
      for (let warmUp = 0; warmUp < WARM_UPS; warmUp += 1) await driveSecureLoad(load);
      const found: SecureRound[] = [];
      for (let round = 0; round < rounds; round += 1) found.push(await driveSecureLoad(load));
      figures.push(...judge(ecosystem, found));
      details[ecosystem] = { bodyBytes: Buffer.byteLength(next().body ?? ''), rounds: found };
    }
    return { figures, details: { connections: CONNECTIONS, ...details } };
  } finally {
    await sandbox.stop();
  }
};

/** Makes what gives one sound request after the other, each with a person and, where the API has them, a key of its own. */
export async function planConsentWrites(
  sandbox: RunningSandbox,
  receiver: RegisteredReceiver,
  ecosystem: string,
  firstPerson = Math.floor(Math.random() * 900_000_000),
): Promise<() => PlannedRequest> {
  const { origin, pathname } = new URL(institutionOf(sandbox, ecosystem).consentsUrl);
  const token = await receiverToken(sandbox, receiver, ecosystem);
  const permissions = widestPermissions(ecosystem);
  let person = firstPerson;
  return () => {
    person += 1;
    return {
      origin,
      endpoint: `POST ${pathname}`,
      path: pathname,
      headers: {
        authorization: `Bearer ${token}`,
        accept: 'application/json',
        'content-type': 'application/json',
        'x-fapi-interaction-id': randomUUID(),
        'x-idempotency-key': randomUUID(),
      },
      body: JSON.stringify({ data: composeRequest(permissions, inventCpf(person)) }),
    };
  };
}

function judge(ecosystem: string, rounds: readonly SecureRound[]): Figure[] {
  const middle = (value: (round: SecureRound) => number) => rounded(median(rounds.map(value)));
  const failures = rounds.reduce((sum, round) => sum + round.failures, 0);
  const shares = `of two processors, the service and its database ${middle((round) => round.serverShare)}, the load generator ${middle((round) => round.generatorShare)}, others ${middle((round) => round.otherShare)}`;
  return [
    {
      name: `${ecosystem}, POST /consents at ${CONNECTIONS} connections over mTLS`,
      value: middle(({ requestsPerSecond }) => requestsPerSecond),
      unit: 'requests/s',
      target: { atLeast: LEAST_PER_SECOND },
      remark: `median of ${rounds.length} rounds; ${shares}${failures > 0 ? `; ${failures} failed requests` : ''}`,
    },
    {
      name: `${ecosystem}, POST /consents, p99`,
      value: middle(({ p99 }) => p99),
      unit: 'ms',
      target: { atMost: MOST_MS },
      remark: `p50 ${middle(({ p50 }) => p50)} ms`,
    },
  ];
}
