import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { type EmbeddedServer, startEmbeddedServer } from '../../../src/store/embedded-server.ts';
import {
  clearOfWindowEnd,
  METRICS,
  type OperatedInstitution,
  type OperatedService,
  operateGuiche,
  storedCalls,
} from '../../support/operate-guiche.ts';
import { createRedisServer, NO_REDIS, type RedisServer } from '../../support/redis-server.ts';
import { answered, failuresOf, startLoad } from '../../support/start-load.ts';
import { SILENT, temporaryStateFolder, until } from '../../support/temporary-database.ts';

const PHONES = '/open-insurance/channels/v2/phone-channels';
const ATMS = '/open-banking/channels/v2/shared-automated-teller-machines';
const BONDS = '/open-banking/opendata-capitalization/v2/bonds';
const PER_SECOND = 200;

/** Two nodes that share a PostgreSQL, and a Redis where there is one. */
function createNodes(configuration: Readonly<Record<string, unknown>> = {}) {
  const stateFolder = temporaryStateFolder();
  let database: EmbeddedServer | undefined;
  let redis: RedisServer | undefined;
  const institutions: OperatedInstitution[] = [];
  const services: OperatedService[] = [];

  async function startDatabase(): Promise<string> {
    const server = startEmbeddedServer({ stateFolder, log: SILENT });
    database = server;
    await until('the database runs', () => server.url() !== undefined);
    return server.url() as string;
  }

  return {
    institutions,
    services,
    ports: () => services.map(({ port }) => port),
    startDatabase,
    stopDatabase: () => database?.close(),
    databaseUrl: () => database?.url() as string,
    redis: () => redis as RedisServer,
    async start() {
      const env: Record<string, string> = { DATABASE_URL: await startDatabase() };
      if (NO_REDIS === false) {
        redis = await createRedisServer();
        await redis.start();
        env.REDIS_URL = redis.url;
      }
      for (let index = 0; index < 2; index += 1)
        institutions.push(await operateGuiche({ env, configuration }));
      services.push(...(await Promise.all(institutions.map((institution) => institution.start()))));
    },
    async stop() {
      await Promise.all(institutions.map((institution) => institution.stop()));
      await redis?.kill();
      await database?.close();
    },
  };
}

describe('given two nodes with one PostgreSQL', { concurrency: 2 }, () => {
  describe('when they have no low limits', { concurrency: 1 }, () => {
    const nodes = createNodes();
    before(() => nodes.start());
    after(() => nodes.stop());

    it('then the metrics of either are what both were sent', async () => {
      const load = startLoad({ ports: nodes.ports(), paths: [PHONES], callers: 8 });
      await pause(1_500);
      const requests = await load.stop();
      assert.deepEqual(failuresOf(requests), []);
      const sent = answered(requests, PHONES);
      await storesExactly(nodes.databaseUrl(), PHONES, sent);
      const invocations = await Promise.all(nodes.services.map(generalInvocations));
      for (const count of invocations) assert.ok(count >= sent && count <= sent + 10, `${count} of ${sent}`);
    });

    it('then the database may stop under load: open data goes on, status says so, no count is missing', async () => {
      const load = startLoad({ ports: nodes.ports(), paths: [ATMS], callers: 4, pauseMs: 5 });
      await pause(300);
      await nodes.stopDatabase();
      for (const [index, service] of nodes.services.entries()) {
        await until(
          'metrics answer 503',
          async () => (await service.get(METRICS['open-insurance'])).status === 503,
        );
        await until('status says so', async () => {
          const insurance = await service.statusOf('open-insurance');
          const finance = await service.statusOf('open-finance');
          return insurance[0] === 'PARTIAL_FAILURE' && finance[0] === 'UNAVAILABLE';
        });
        const { data } = (await service.get('/open-insurance/discovery/v1/status')).json();
        assert.deepEqual(data.status[0].unavailableEndpoints, [
          `https://api.banco.example${METRICS['open-insurance']}`,
        ]);
        const { status, stdout } = await (nodes.institutions[index] as OperatedInstitution).command('status');
        assert.equal(status, 1);
        assert.match(stdout, /^database +away: ./m);
        const refused = await (nodes.institutions[index] as OperatedInstitution).command(
          ...['outage', 'add', '--start', 'now', '--duration', 'PT1H', '--explanation', 'x'],
        );
        assert.equal(refused.status, 1);
        assert.match(refused.stderr, /^guiche: ./);
      }
      // Together with what went before longer than a flush, so that batches fail and wait.
      await pause(3_000);
      await nodes.startDatabase();
      const requests = await load.stop();
      assert.deepEqual(failuresOf(requests), []);
      await storesExactly(nodes.databaseUrl(), ATMS, answered(requests, ATMS));
      for (const service of nodes.services) {
        assert.equal((await service.get(METRICS['open-insurance'])).status, 200);
        await until('status is OK', async () => (await service.statusOf('open-insurance'))[0] === 'OK');
      }
    });

    it('then an outage announced at one is seen at the other', async () => {
      const [first, second] = nodes.institutions as [OperatedInstitution, OperatedInstitution];
      const [, service] = nodes.services as [OperatedService, OperatedService];
      const added = await first.command(
        ...[
          'outage',
          'add',
          '--start',
          'now',
          '--duration',
          'PT1H',
          '--explanation',
          'x',
          '--format',
          'json',
        ],
      );
      assert.equal(added.status, 0, added.stderr);
      await until(
        'the other sees it',
        async () => (await service.statusOf('open-finance'))[0] === 'SCHEDULED_OUTAGE',
      );
      const { id } = JSON.parse(added.stdout);
      assert.equal((await second.command('outage', 'cancel', id)).status, 0);
      assert.deepEqual(await service.statusOf('open-finance'), ['OK']);
    });

    it('then Redis may stop under load: no answer fails, and guiche status says so', {
      skip: NO_REDIS,
    }, async () => {
      const load = startLoad({ ports: nodes.ports(), paths: [PHONES], callers: 4, pauseMs: 5 });
      const [first] = nodes.institutions as [OperatedInstitution];
      assert.match((await first.command('status')).stdout, /^limits +shared by all nodes$/m);
      await nodes.redis().kill();
      await until('guiche status says so', async () => {
        const { status, stdout } = await first.command('status');
        return status === 1 && /^limits +counted by each process: Redis is away$/m.test(stdout);
      });
      await nodes.redis().start();
      await until(
        'guiche status says that it is back',
        async () => (await first.command('status')).status === 0,
      );
      assert.deepEqual(failuresOf(await load.stop()), []);
    });

    it('then one may be killed: no answer of the other fails, and what was lost is its last interval', async () => {
      const [victim, other] = nodes.services as [OperatedService, OperatedService];
      const load = startLoad({ ports: nodes.ports(), paths: [BONDS], callers: 6, pauseMs: 3 });
      await pause(1_000);
      victim.signal('SIGKILL');
      await victim.ended;
      await pause(500);
      const requests = await load.stop();
      assert.deepEqual(failuresOf(requests.filter(({ port }) => port === other.port)), []);
      const survived = requests.filter(({ port, status }) => port === other.port && status === 200).length;
      await until('the other has stored its own', async () => {
        await pause(200);
        return (await storedCalls(nodes.databaseUrl(), BONDS)) >= survived;
      });
      assert.ok((await storedCalls(nodes.databaseUrl(), BONDS)) <= answered(requests, BONDS) + 6);
    });
  });

  describe('when they have low limits', { concurrency: 1, skip: NO_REDIS }, () => {
    const nodes = createNodes({ limits: { perMinutePerIp: 1_000_000, perSecond: PER_SECOND } });
    before(() => nodes.start());
    after(() => nodes.stop());

    it('then the limits hold over both, within 2 % and never below', async () => {
      await clearOfWindowEnd(1_000, 950);
      const first = Math.floor(Date.now() / 1_000);
      const load = startLoad({ ports: nodes.ports(), paths: [PHONES], callers: 12 });
      await pause(4_600);
      const requests = await load.stop();
      const statuses = new Set(requests.map(({ status }) => status));
      assert.deepEqual([...statuses].sort(), [200, 429]);
      const total = requests.filter(({ status }) => status === 200).length;
      // A busy machine decides in which second a request is counted, but not how many seconds there were.
      const begun = secondOf(Math.max(...requests.map(({ endedAt }) => endedAt))) - first + 1;
      const usedUp = secondOf(Math.max(...requests.map(({ sentAt }) => sentAt)) - 400) - first + 1;
      assert.ok(
        total >= usedUp * PER_SECOND * 0.98 && total <= begun * PER_SECOND * 1.02,
        `${total} passed in ${usedUp} to ${begun} seconds`,
      );
    });
  });
});

function secondOf(time: number): number {
  return Math.floor(time / 1_000);
}

/** Waits until so many calls are stored, and makes sure that it stays at that. */
async function storesExactly(url: string, path: string, calls: number): Promise<void> {
  let stored = 0;
  await until(`${calls} calls are stored`, async () => {
    await pause(200);
    stored = await storedCalls(url, path);
    return stored >= calls;
  });
  assert.equal(stored, calls);
}

async function generalInvocations(service: OperatedService): Promise<number> {
  const answer = await service.get(METRICS['open-insurance']);
  assert.equal(answer.status, 200);
  return (
    answer.json().data.invocations.currentDay ?? answer.json().data.invocations.unauthenticated.currentDay
  );
}
