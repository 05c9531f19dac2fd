import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import {
  databaseOf,
  ECOSYSTEMS,
  METRICS,
  type OperatedInstitution,
  type OperatedService,
  operateGuiche,
  postmasterOf,
  storedCalls,
} from '../../support/operate-guiche.ts';
import { answered, failuresOf, startLoad } from '../../support/start-load.ts';
import { until } from '../../support/temporary-database.ts';

const BRANCHES = '/open-insurance/channels/v2/branches?page-size=1000';
const PHONES = '/open-banking/channels/v2/phone-channels';
const STORED = { [BRANCHES]: '/open-insurance/channels/v2/branches', [PHONES]: PHONES };
/** Metrics are stored this often. */
const FLUSH_MS = 5_000;
/** How long the way of a batch into the database may take on a busy machine. */
const STORE_MS = 1_500;

describe('given a service under load', { concurrency: 3 }, () => {
  describe('when it is told to stop', { concurrency: 1 }, () => {
    let institution: OperatedInstitution;
    before(async () => {
      institution = await operateGuiche();
    });
    after(() => institution.stop());

    for (const isNewConnection of [true, false])
      it(`then what it accepted is answered to the end, and counted (${isNewConnection ? 'new' : 'kept'} connections)`, async () => {
        const service = await institution.start();
        const earlier = await callsStored(institution);
        const load = startLoad({
          ports: [service.port],
          paths: [BRANCHES, PHONES],
          callers: 8,
          isNewConnection,
        });
        await pause(1_000);
        const toldAt = Date.now();
        service.signal('SIGTERM');
        const { status } = await service.ended;
        const requests = await load.stop();
        assert.equal(status, 0);
        assert.ok(requests.length > 100, `${requests.length} requests`);
        assert.deepEqual(
          failuresOf(requests.filter(({ isBegun, endedAt }) => isBegun || endedAt < toldAt)),
          [],
        );
        for (const { failure } of requests)
          assert.ok(
            failure === undefined || ['ECONNREFUSED', 'ECONNRESET', 'EPIPE'].includes(failure),
            failure,
          );

        const next = await institution.start();
        const stored = await callsStored(institution);
        for (const path of [BRANCHES, PHONES])
          assert.equal((stored[path] ?? 0) - (earlier[path] ?? 0), answered(requests, path), path);
        next.signal('SIGTERM');
        await next.ended;
      });
  });

  describe('when it is killed', { concurrency: 1 }, () => {
    let institution: OperatedInstitution;
    before(async () => {
      institution = await operateGuiche();
    });
    after(() => institution.stop());

    it('then no more is lost than it counted since it last stored, and the next one mends the rest', async () => {
      const service = await institution.start();
      const load = startLoad({ ports: [service.port], paths: [BRANCHES, PHONES], callers: 4, pauseMs: 5 });
      await pause(FLUSH_MS + STORE_MS + 1_000);
      const killedAt = Date.now();
      service.signal('SIGKILL');
      await service.ended;
      const requests = await load.stop();

      const next = await institution.start();
      assert.equal((await next.get(BRANCHES)).status, 200);
      const stored = await callsStored(institution);
      for (const path of [BRANCHES, PHONES]) {
        const sure = requests.filter(({ endedAt }) => endedAt < killedAt - FLUSH_MS - STORE_MS);
        const sent = requests.filter((each) => each.path === path && each.sentAt <= killedAt);
        assert.ok((stored[path] ?? 0) >= answered(sure, path), `${stored[path]} of ${answered(sure, path)}`);
        assert.ok((stored[path] ?? 0) <= sent.length, `${stored[path]} of ${sent.length}`);
        assert.ok(answered(sure, path) > 0);
      }
      await until('status is OK', async () => (await next.statusOf('open-insurance'))[0] === 'OK');
    });
  });

  describe('when its database is killed, again and again', { concurrency: 1 }, () => {
    let institution: OperatedInstitution;
    let service: OperatedService;
    before(async () => {
      institution = await operateGuiche();
      service = await institution.start();
    });
    after(() => institution.stop());

    it('then open data goes on, status names the metrics, and nothing is missing afterwards', async () => {
      const load = startLoad({ ports: [service.port], paths: [BRANCHES, PHONES], callers: 4, pauseMs: 5 });
      await pause(500);
      const killing = killDatabase(institution, 2_500);
      await until('metrics answer 503', async () => {
        await pause(100);
        const { status } = await service.get(METRICS['open-insurance']);
        assert.ok(status === 200 || status === 503, `metrics answer ${status}`);
        return status === 503;
      });
      await until('status says so', async () => {
        const insurance = await service.statusOf('open-insurance');
        const finance = await service.statusOf('open-finance');
        return insurance[0] === 'PARTIAL_FAILURE' && finance[0] === 'UNAVAILABLE';
      });
      await until('guiche status says so', async () => {
        const { status, stdout } = await institution.command('status');
        return status === 1 && /^database +away: ./m.test(stdout);
      });
      await killing;
      await until('the database is back', async () => {
        // Twenty calls in a minute, half of them failed, would be a finding of their own.
        await pause(1_000);
        return (await service.get(METRICS['open-insurance'])).status === 200;
      });
      for (const ecosystem of ECOSYSTEMS)
        await until('status is OK', async () => (await service.statusOf(ecosystem))[0] === 'OK');
      const requests = await load.stop();
      assert.deepEqual(failuresOf(requests), []);

      const expected = { [BRANCHES]: answered(requests, BRANCHES), [PHONES]: answered(requests, PHONES) };
      await until('everything is stored', async () => {
        await pause(250);
        return JSON.stringify(await callsStored(institution)) === JSON.stringify(expected);
      });
      await pause(200);
      assert.deepEqual(await callsStored(institution), expected);
    });
  });
});

/** Kills the database, and each that is started in its place, for so long. */
async function killDatabase(institution: OperatedInstitution, ms: number): Promise<void> {
  for (const end = Date.now() + ms; Date.now() < end; await pause(50)) {
    const postmaster = postmasterOf(institution);
    try {
      if (postmaster) process.kill(postmaster, 'SIGKILL');
    } catch {
      // The one of the file has died, and the next has not written its own yet.
    }
  }
}

async function callsStored(institution: OperatedInstitution): Promise<Record<string, number>> {
  const url = databaseOf(institution);
  const counts = Object.entries(STORED).map(async ([path, stored]) => [path, await storedCalls(url, stored)]);
  return Object.fromEntries(await Promise.all(counts));
}
