import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import {
  childrenOf,
  databaseOf,
  type OperatedInstitution,
  type OperatedService,
  operateGuiche,
  STATUS,
  storedCalls,
} from '../../support/operate-guiche.ts';
import type { Json } from '../../support/send-request.ts';
import { answered, failuresOf, startLoad } from '../../support/start-load.ts';
import { until } from '../../support/temporary-database.ts';

const PHONES = '/open-insurance/channels/v2/phone-channels';
const ATMS = '/open-banking/channels/v2/shared-automated-teller-machines';
const BONDS = '/open-banking/opendata-capitalization/v2/bonds';
const NO_PROC: string | false = process.platform === 'linux' ? false : 'needs /proc to find the workers';

describe('given a service of two workers', { concurrency: 1, skip: NO_PROC }, () => {
  let institution: OperatedInstitution;
  let service: OperatedService;
  /** What was answered by processes that were not killed, over all tests. */
  let phones = 0;
  before(async () => {
    institution = await operateGuiche({ configuration: { workers: 2 } });
    service = await institution.start();
  });
  after(() => institution.stop());

  it('when it starts, then both listen as one', () => {
    assert.equal(service.line.workers, 2);
    assert.equal(workersOf(service.pid).length, 2);
  });

  it('when an outage is announced, then every worker says so at once; when it is cancelled, too', async () => {
    const codes = () =>
      Promise.all(Array.from({ length: 24 }, () => freshStatus(service.port))).then((all) => [
        ...new Set(all),
      ]);
    assert.deepEqual(await codes(), ['OK']);
    const added = await institution.command(
      ...['outage', 'add', '--start', 'now', '--duration', 'PT1H', '--explanation', 'x', '--format', 'json'],
    );
    assert.equal(added.status, 0, added.stderr);
    assert.deepEqual(await codes(), ['SCHEDULED_OUTAGE']);
    await institution.command('outage', 'cancel', JSON.parse(added.stdout).id);
    assert.deepEqual(await codes(), ['OK']);
  });

  it('when Prometheus scrapes, then it gets the sum of the workers', async () => {
    const load = startLoad({ ports: [service.port], paths: [PHONES], callers: 6, isNewConnection: true });
    await pause(700);
    const requests = await load.stop();
    assert.deepEqual(failuresOf(requests), []);
    phones += answered(requests, PHONES);
    assert.equal(await scraped(institution, PHONES), phones);
  });

  it('when a worker is killed, then the other answers, and it is replaced', async () => {
    const [victim] = workersOf(service.pid) as [number];
    const load = startLoad({ ports: [service.port], paths: [ATMS], callers: 6, pauseMs: 2 });
    await pause(300);
    process.kill(victim, 'SIGKILL');
    await until(
      'it is replaced',
      () => workersOf(service.pid).length === 2 && !workersOf(service.pid).includes(victim),
    );
    const scrape = await institution.askAdmin('/metrics');
    assert.equal(scrape.status, 200, 'while the new one starts');
    assert.match(scrape.bytes.toString(), /^guiche_requests_total/m);
    await until('both listen', async () => (await scrapedProcesses(institution)) === 2);
    await pause(500);
    const requests = await load.stop();
    const failed = requests.filter(({ status }) => status === undefined);
    // Those that the victim held: at most one for each caller.
    assert.ok(failed.length <= 6, failuresOf(requests).join('\n'));
    assert.deepEqual(failuresOf(requests.filter((each) => !failed.includes(each))), []);
    assert.equal((await institution.askAdmin('/health/ready')).status, 200);
    assert.equal((await institution.command('status')).status, 0);
  });

  it('when the replacement is killed while it starts, then that is replaced too', async () => {
    const [victim] = workersOf(service.pid) as [number];
    const known = workersOf(service.pid);
    process.kill(victim, 'SIGKILL');
    const starting = () => workersOf(service.pid).find((pid) => !known.includes(pid));
    await until('another one starts', () => starting() !== undefined);
    const second = starting() as number;
    process.kill(second, 'SIGKILL');
    await until('a third one listens', () => {
      const now = workersOf(service.pid);
      return now.length === 2 && !now.includes(second) && !now.includes(victim);
    });
    await until('it has its data', async () => (await scrapedProcesses(institution)) === 2);
  });

  it('when it is told to stop under load, then all processes end, and what they answered is counted', async () => {
    const workers = workersOf(service.pid);
    const load = startLoad({ ports: [service.port], paths: [BONDS], callers: 6, isNewConnection: true });
    await pause(700);
    const toldAt = Date.now();
    service.signal('SIGTERM');
    const { status } = await service.ended;
    const requests = await load.stop();
    assert.equal(status, 0);
    assert.deepEqual(failuresOf(requests.filter(({ isBegun, endedAt }) => isBegun || endedAt < toldAt)), []);
    for (const pid of workers) assert.throws(() => process.kill(pid, 0), { code: 'ESRCH' });

    const next = await institution.start(['--workers', '1']);
    const url = databaseOf(institution);
    assert.equal(await storedCalls(url, BONDS), answered(requests, BONDS));
    next.signal('SIGTERM');
    await next.ended;
  });
});

/** The serving processes: those of node, not the database and what watches over it. */
function workersOf(pid: number): number[] {
  return childrenOf(pid).filter(isNode);
}

function isNode(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('guiche.js');
  } catch {
    return false;
  }
}

/** The first code of status over a connection of its own, so that either worker may get it. */
function freshStatus(port: number): Promise<string> {
  return fetch(`http://127.0.0.1:${port}${STATUS['open-insurance']}`, { headers: { connection: 'close' } })
    .then((answer) => answer.json())
    .then((body) => (body as Json).data.status[0].code);
}

async function scraped(institution: OperatedInstitution, path: string): Promise<number> {
  const text = (await institution.askAdmin('/metrics')).bytes.toString();
  const counts = text
    .split('\n')
    .filter((line) => line.startsWith('guiche_requests_total{') && line.includes(`"GET ${path}"`));
  return counts.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
}

/** How many processes a scrape is the sum of, by a figure that is the same in each. */
async function scrapedProcesses(institution: OperatedInstitution): Promise<number> {
  const text = (await institution.askAdmin('/metrics')).bytes.toString();
  const sum = /^process_max_fds (\d+)$/m.exec(text)?.[1];
  const own = /^Max open files +(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1];
  return Number(sum) / Number(own);
}
