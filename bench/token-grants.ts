import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type CryptoKey, importJWK, SignJWT } from 'jose';
import type { PlannedRequest } from './counted-load.ts';
import { driveSecureLoad, type SecureRound } from './drive-secure-load.ts';
import { CONNECTIONS } from './generate-load.ts';
import type { Figure, Measure } from './measure.ts';
import { secureIdentity } from './receiver-token.ts';
import {
  institutionOf,
  type RegisteredReceiver,
  type RunningSandbox,
  readReceiver,
  startSandbox,
} from './start-sandbox.ts';
import { median, rounded } from './statistics.ts';

const LEAST_SHARE = 0.7;
const ECOSYSTEM = 'open-finance';
/** More than a round uses: those left over are thrown away. */
const ASSERTIONS_PER_SECOND = 3000;
const SIGNED_AT_ONCE = 64;
/** Rounds before those that count: what runs often is compiled again and again for some seconds. */
const WARM_UPS = 3;

interface RsaRound {
  readonly perSecond: number;
  readonly perProcessorSecond: number;
  readonly signMs: number;
  readonly verifyMs: number;
}

/** A round of grants between two of bare RSA, as many at once and one after the other. */
interface TokenRound {
  readonly grants: SecureRound;
  readonly rsa: RsaRound;
  readonly rsaOneByOne: RsaRound;
}

/** Client credentials at the token endpoint, beside the RSA operations that a grant needs and nothing else. */
export const measureTokenGrants: Measure = async ({ quick, tell }) => {
  const [rounds, seconds] = quick ? [2, 2] : [7, 4];
  const sandbox = await startSandbox();
  try {
    const receiver = readReceiver(sandbox);
    const keyFile = sandbox.description.receivers[0]?.jwksFile ?? '';
    tell(`tokens: ${rounds} rounds of ${seconds} s, each of grants and of RSA alone`);
    for (let warmUp = 0; warmUp < WARM_UPS; warmUp += 1) await driveGrants(sandbox, receiver, seconds);
    const found: TokenRound[] = [];
    for (let round = 0; round < rounds; round += 1)
      found.push({
        rsa: await driveRsa(keyFile, CONNECTIONS, seconds),
        grants: await driveGrants(sandbox, receiver, seconds),
        rsaOneByOne: await driveRsa(keyFile, 1, seconds),
      });
    return { figures: judge(found), details: { connections: CONNECTIONS, rounds: found } };
  } finally {
    await sandbox.stop();
  }
};

async function driveGrants(
  sandbox: RunningSandbox,
  receiver: RegisteredReceiver,
  seconds: number,
): Promise<SecureRound> {
  const requests = await signRequests(sandbox, receiver, (seconds + 1) * ASSERTIONS_PER_SECOND);
  return driveSecureLoad({
    pid: sandbox.pid,
    identity: secureIdentity(receiver.keys),
    seconds,
    next: () => requests.pop(),
  });
}

/** Signed before the round, so that the client's part of the RSA is not done while the server is measured. */
async function signRequests(
  sandbox: RunningSandbox,
  { clientIds, keys }: RegisteredReceiver,
  count: number,
): Promise<PlannedRequest[]> {
  const { issuer, mtlsBase } = institutionOf(sandbox, ECOSYSTEM);
  const { origin, pathname } = new URL(`${mtlsBase}/token`);
  const clientId = clientIds[ECOSYSTEM] as string;
  const key = (await importJWK(keys.signing, 'PS256')) as CryptoKey;
  const kid = String(keys.signing.kid);

  async function signRequest(): Promise<PlannedRequest> {
    const assertion = await new SignJWT({ jti: randomUUID() })
      .setProtectedHeader({ alg: 'PS256', kid })
      .setIssuer(clientId)
      .setSubject(clientId)
      .setAudience(issuer)
      .setIssuedAt()
      .setExpirationTime('5m')
      .sign(key);
    const form = new URLSearchParams({
      grant_type: 'client_credentials',
      scope: 'consents',
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: assertion,
    });
    return {
      origin,
      endpoint: `POST ${pathname}`,
      path: pathname,
      headers: { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' },
      body: form.toString(),
    };
  }

  const requests: PlannedRequest[] = [];
  while (requests.length < count)
    requests.push(...(await Promise.all(Array.from({ length: SIGNED_AT_ONCE }, signRequest))));
  return requests;
}

async function driveRsa(keyFile: string, inFlight: number, seconds: number): Promise<RsaRound> {
  const program = join(import.meta.dirname, 'peers', 'sign-and-verify.ts');
  const { stdout } = await promisify(execFile)(process.execPath, [
    program,
    keyFile,
    String(inFlight),
    String(seconds),
  ]);
  return JSON.parse(stdout) as RsaRound;
}

function judge(rounds: readonly TokenRound[]): Figure[] {
  const middle = (value: (round: TokenRound) => number) => rounded(median(rounds.map(value)));
  const rate = middle(({ grants }) => grants.requestsPerSecond);
  const bare = middle(({ rsa }) => rsa.perSecond);
  const oneByOne = middle(({ rsaOneByOne }) => rsaOneByOne.perSecond);
  const failures = rounds.reduce((sum, { grants }) => sum + grants.failures, 0);
  return [
    {
      name: `client credentials beside the RSA of a grant, both ${CONNECTIONS} at once`,
      value: middle(({ grants, rsa }) => grants.requestsPerSecond / rsa.perSecond),
      unit: '× the rate',
      target: { atLeast: LEAST_SHARE },
      remark: `${rate} grants/s against ${bare} signatures with verification/s${failures > 0 ? `; ${failures} failed requests` : ''}`,
    },
    {
      name: 'client credentials beside the RSA of a grant, the latter one after the other',
      value: middle(({ grants, rsaOneByOne }) => grants.requestsPerSecond / rsaOneByOne.perSecond),
      unit: '× the rate',
      remark: `${oneByOne} signatures with verification/s: ${middle(({ rsaOneByOne }) => rsaOneByOne.signMs)} ms and ${middle(({ rsaOneByOne }) => rsaOneByOne.verifyMs)} ms, their JSON and base64 among it`,
    },
    {
      name: 'client credentials beside the RSA of a grant, per second of processor time',
      value: middle(
        ({ grants, rsa }) => grants.requestsPerSecond / grants.serverShare / rsa.perProcessorSecond,
      ),
      unit: '× the rate',
      remark:
        'the database server’s time is the service’s; others ' +
        `${middle(({ grants }) => grants.otherShare)} processors`,
    },
    {
      name: `client credentials at ${CONNECTIONS} connections over mTLS, p99`,
      value: middle(({ grants }) => grants.p99),
      unit: 'ms',
      remark: `p50 ${middle(({ grants }) => grants.p50)} ms; the service and its database ${middle(({ grants }) => grants.serverShare)} processors, the load generator ${middle(({ grants }) => grants.generatorShare)}`,
    },
  ];
}
