import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { SecureContext } from 'node:tls';
import { type ConsentedRequests, createConsentedRequests } from './consented-requests.ts';
import { hasFailed, type PlannedRequest, startCountedLoad } from './counted-load.ts';
import { CONNECTIONS } from './generate-load.ts';
import type { Figure, Measure } from './measure.ts';
import { freshFolder, projectFolder } from './places.ts';
import { OTHER, type ProfiledTime, readProfile, type Stretch } from './processor-profile.ts';
import { secureIdentity } from './receiver-token.ts';
import { type RunningNode, startNode } from './start-node.ts';
import { type RunningSandbox, readReceiver, startSandbox } from './start-sandbox.ts';
import { median, rounded } from './statistics.ts';

const MOST_PERCENT = 15;
const RECORDS = 25;
const ECOSYSTEM = 'open-finance';
const LIST = '/open-banking/accounts/v2/accounts';
/** All there are, which the connector need not choose from. */
const PAGE = `transactions?fromBookingDate=2020-01-01&toBookingDate=2030-01-01&page-size=${RECORDS}`;

const CONNECTOR_FILE = join(import.meta.dirname, 'peers', 'fresh-records.ts');
const CUSTOMERS = join(projectFolder, 'examples', 'bank', 'customers');
const REMEMBERED_SECONDS = 5;
const PROFILE = 'node.cpuprofile';

/** A stretch under load, and how many requests were answered in it. */
interface Round extends Stretch {
  readonly answered: number;
}

/** What of the platform's time goes into holding answers to their contract, when every record of every answer is new. */
export const measureAnswerValidation: Measure = async ({ quick, tell }) => {
  const { rounds, seconds, warmUp } = quick
    ? { rounds: 2, seconds: 2, warmUp: 4 }
    : { rounds: 7, seconds: 5, warmUp: 15 };
  const folder = freshFolder('answer-validation');
  const sandbox = await startSandbox();
  try {
    const identity = secureIdentity(readReceiver(sandbox).keys);
    const node = await startProfiledNode(sandbox, folder);
    try {
      const requests = createConsentedRequests(sandbox, ECOSYSTEM, node.origin, identity);
      const { path, bytes } = await findPage(requests);
      tell(`validation: ${rounds} rounds of ${seconds} s, a page of ${RECORDS} records of ${bytes} bytes`);
      const driven = await drive({ identity, next: () => requests.plan(path), rounds, seconds, warmUp });
      await node.stop();
      const timeOf = readProfile(join(folder, PROFILE));
      const found = driven.rounds.map((round) => judgeRound(round, timeOf(round, groupOf)));
      return {
        figures: judge(found, driven.failures),
        details: { page: { records: RECORDS, bytes }, connections: CONNECTIONS, rounds: found },
      };
    } finally {
      await node.stop();
    }
  } finally {
    await sandbox.stop();
  }
};

function startProfiledNode(sandbox: RunningSandbox, folder: string): Promise<RunningNode> {
  return startNode({
    sandbox,
    connector: {
      ecosystem: ECOSYSTEM,
      settings: {
        kind: 'module',
        module: CONNECTOR_FILE,
        options: { customers: CUSTOMERS },
        rememberedSeconds: REMEMBERED_SECONDS,
      },
    },
    nodeOptions: ['--cpu-prof', `--cpu-prof-dir=${folder}`, `--cpu-prof-name=${PROFILE}`],
  });
}

/** The first account's page, asked for once to see that it is full. */
async function findPage({ read }: ConsentedRequests) {
  const { data: accounts } = JSON.parse(await read(LIST)) as { data: readonly { accountId: string }[] };
  const path = `${LIST}/${accounts[0]?.accountId}/${PAGE}`;
  const text = await read(path);
  const { data } = JSON.parse(text) as { data: readonly unknown[] };
  if (data.length !== RECORDS) throw new Error(`${path} has ${data.length} records`);
  return { path, bytes: Buffer.byteLength(text) };
}

interface Drive {
  readonly identity: SecureContext;
  readonly next: () => PlannedRequest;
  readonly rounds: number;
  /** Of a round. */
  readonly seconds: number;
  /** Seconds before the first round: connections are made, and code is compiled again and again. */
  readonly warmUp: number;
}

async function drive({ identity, next, rounds, seconds, warmUp }: Drive) {
  const load = startCountedLoad({ connections: CONNECTIONS, identity, next });
  await pause(warmUp * 1000);
  const found: Round[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const [from, before] = [process.hrtime.bigint(), load.samples.length];
    await pause(seconds * 1000);
    found.push({ from, to: process.hrtime.bigint(), answered: load.samples.length - before });
  }
  await load.stop();
  return { rounds: found, failures: load.samples.filter(hasFailed).length };
}

const VALIDATION = 'validation';
const CONNECTOR = 'connector';

/** What compiled schemas do has no file, and counts for whoever has called it. */
function groupOf(url: string): string | undefined {
  if (url.endsWith('/src/customer-data/check-answers.ts')) return VALIDATION;
  if (url.endsWith('/bench/peers/fresh-records.ts') || url.includes('/src/connectors/')) return CONNECTOR;
  return undefined;
}

/** Microseconds a request, and shares in percent. */
interface JudgedRound {
  readonly requestsPerSecond: number;
  readonly validation: number;
  /** Functions of the platform, validation included. */
  readonly platform: number;
  readonly connector: number;
  readonly collection: number;
  readonly native: number;
  /** Of the functions of the platform. */
  readonly share: number;
  /** Of everything but the functions of the connector. */
  readonly shareOfAll: number;
}

function judgeRound({ from, to, answered }: Round, time: ProfiledTime): JudgedRound {
  const { [VALIDATION]: validation = 0, [CONNECTOR]: connector = 0, [OTHER]: other = 0 } = time.groups;
  if (answered === 0 || validation === 0 || connector === 0)
    throw new Error('the profile does not tell validation, connector and the rest apart');
  const platform = validation + other;
  const each = (microseconds: number) => rounded(microseconds / answered);
  return {
    requestsPerSecond: rounded(answered / (Number(to - from) / 1e9)),
    validation: each(validation),
    platform: each(platform),
    connector: each(connector),
    collection: each(time.collection),
    native: each(time.native),
    share: rounded((validation / platform) * 100),
    shareOfAll: rounded((validation / (platform + time.collection + time.native)) * 100),
  };
}

function judge(rounds: readonly JudgedRound[], failures: number): Figure[] {
  const middle = (value: (round: JudgedRound) => number) => rounded(median(rounds.map(value)));
  const failed = failures > 0 ? `; ${failures} failed requests` : '';
  return [
    {
      name: `answer validation, ${RECORDS} records that are new each time`,
      value: middle(({ share }) => share),
      unit: '% of the platform',
      target: { atMost: MOST_PERCENT },
      remark: `of the time in functions, without the connector's and without collecting garbage; with that and what no function has called, ${middle(({ shareOfAll }) => shareOfAll)} %; median of ${rounds.length} rounds${failed}`,
    },
    {
      name: 'answer validation, a request',
      value: middle(({ validation }) => validation),
      unit: 'µs',
      remark: `of ${middle(({ platform }) => platform)} µs in functions of the platform; the connector ${middle(({ connector }) => connector)}, garbage ${middle(({ collection }) => collection)}, called by no function ${middle(({ native }) => native)}; ${middle(({ requestsPerSecond }) => requestsPerSecond)} requests/s with the profiler on`,
    },
  ];
}
