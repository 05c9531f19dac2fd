import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import {
  clearOfWindowEnd,
  ECOSYSTEMS,
  METRICS,
  type OperatedInstitution,
  type OperatedService,
  OUTAGES,
  operateGuiche,
  STATUS,
} from '../../support/operate-guiche.ts';
import type { Json } from '../../support/send-request.ts';
import { until } from '../../support/temporary-database.ts';
import { temporaryFolder, writeBelow } from '../../support/temporary-folder.ts';

const BRANCHES = '/open-insurance/channels/v2/branches';
const BONDS = '/open-banking/opendata-capitalization/v2/bonds';
const ACCOUNTS = '/open-banking/opendata-accounts/v1/personal-accounts';
const MINUTE = 60_000;

describe('given the service of both institutions', { concurrency: 2 }, () => {
  describe('when it runs in one process', { concurrency: 1 }, () => {
    let institution: OperatedInstitution;
    let service: OperatedService;
    before(async () => {
      institution = await operateGuiche();
      service = await institution.start();
    });
    after(() => institution.stop());

    for (const ecosystem of ECOSYSTEMS)
      it(`then the status of ${ecosystem} is OK, and there are no outages`, async () => {
        const status = await service.get(STATUS[ecosystem]);
        assert.equal(status.status, 200);
        const [entry, ...others] = status.json().data.status;
        assert.equal(entry.code, 'OK');
        assert.deepEqual(others, []);
        assert.equal(entry.unavailableEndpoints, undefined);
        const outages = await service.get(OUTAGES[ecosystem]);
        assert.equal(outages.status, 200);
        assert.deepEqual(outages.json().data, []);
      });

    it('then guiche status finds all well', async () => {
      const text = await institution.command('status');
      assert.equal(text.status, 0, text.stdout + text.stderr);
      assert.match(text.stdout, /^open-insurance\n {2}OK /m);
      assert.match(text.stdout, /^database +ready$/m);
      const json = JSON.parse((await institution.command('status', '--format', 'json')).stdout);
      assert.equal(json.isOk, true);
      assert.equal(json.sharedLimits, undefined);
    });

    it('then an outage is announced, running in both ecosystems, and cancelled', async () => {
      const added = await institution.command(
        'outage',
        'add',
        ...['--start', 'now', '--duration', 'PT2H30M', '--explanation', 'Atualização.', '--format', 'json'],
      );
      assert.equal(added.status, 0, added.stderr);
      assert.match(added.stderr, /^guiche: warning: .*seven days/m);
      const { id } = JSON.parse(added.stdout);

      for (const ecosystem of ECOSYSTEMS) {
        const { data } = (await service.get(STATUS[ecosystem])).json();
        assert.deepEqual(
          data.status.map(({ code }: Json) => code),
          ['SCHEDULED_OUTAGE'],
        );
        assert.match(data.status[0].explanation, /Atualização\./);
        assert.ok(data.status[0].detectionTime && data.status[0].expectedResolutionTime);
        const [outage, ...others] = (await service.get(OUTAGES[ecosystem])).json().data;
        assert.deepEqual(others, []);
        assert.equal(outage.duration, 'PT2H30M');
        assert.equal(outage.isPartial, false);
        assert.equal(outage.explanation, 'Atualização.');
      }
      const [listed] = JSON.parse((await institution.command('outage', 'list', '--format', 'json')).stdout);
      assert.equal(listed.id, id);
      assert.equal(listed.phase, 'running');
      assert.equal((await institution.command('status')).status, 1);

      const cancelled = await institution.command('outage', 'cancel', id);
      assert.equal(cancelled.status, 0, cancelled.stderr);
      for (const ecosystem of ECOSYSTEMS) {
        assert.deepEqual(await service.statusOf(ecosystem), ['OK']);
        assert.deepEqual((await service.get(OUTAGES[ecosystem])).json().data, []);
      }
      const again = await institution.command('outage', 'cancel', id);
      assert.equal(again.status, 1);
      assert.match(again.stderr, /not cancelled: cancelled-before/);
    });

    it('then an outage of one endpoint concerns its ecosystem alone', async () => {
      const added = await institution.command(
        ...['outage', 'add', '--start', 'now', '--duration', 'PT1H', '--explanation', 'Canais.'],
        ...['--endpoint', BRANCHES, '--format', 'json'],
      );
      assert.equal(added.status, 0, added.stderr);
      const { data } = (await service.get(STATUS['open-insurance'])).json();
      assert.equal(data.status[0].code, 'SCHEDULED_OUTAGE');
      assert.deepEqual(data.status[0].unavailableEndpoints, [`https://api.banco.example${BRANCHES}`]);
      assert.deepEqual(await service.statusOf('open-finance'), ['OK']);
      assert.equal((await service.get(BRANCHES)).status, 200, 'an announced outage stops nothing by itself');
      await institution.command('outage', 'cancel', JSON.parse(added.stdout).id);
    });

    for (const { wrong, args, line } of [
      {
        wrong: 'a duration',
        args: ['--start', 'now', '--duration', '2 hours', '--explanation', 'x'],
        line: /duration: /,
      },
      {
        wrong: 'a start',
        args: ['--start', 'soon', '--duration', 'PT1H', '--explanation', 'x'],
        line: /startsAt: /,
      },
      {
        wrong: 'an endpoint',
        args: ['--start', 'now', '--duration', 'PT1H', '--explanation', 'x', '--endpoint', '/nowhere'],
        line: /endpoints: /,
      },
      {
        wrong: 'an ecosystem',
        args: ['--start', 'now', '--duration', 'PT1H', '--explanation', 'x', '--ecosystem', 'open-water'],
        line: /ecosystem: /,
      },
    ])
      it(`then ${wrong} that cannot be is refused with a line and status 1`, async () => {
        const { status, stdout, stderr } = await institution.command('outage', 'add', ...args);
        assert.equal(status, 1);
        assert.equal(stdout, '');
        assert.match(stderr, line);
      });

    it('then a second guiche on its state folder is refused with a line and status 1', async () => {
      const { status, stderr } = await institution.command('serve');
      assert.equal(status, 1);
      assert.match(
        stderr,
        new RegExp(`^guiche: cannot start: state folder .* is in use by process ${service.pid};`, 'm'),
      );
    });

    it('then a forged X-Forwarded-For decides nothing', async () => {
      const forged = await service.get(METRICS['open-insurance'], { 'x-forwarded-for': '203.0.113.9' });
      assert.equal(forged.status, 200);
    });

    it('then the operational listener lives, is ready, and has metrics for Prometheus', async () => {
      assert.equal((await institution.askAdmin('/health/live')).status, 200);
      assert.equal((await institution.askAdmin('/health/ready')).status, 200);
      const text = (await institution.askAdmin('/metrics')).bytes.toString();
      assert.match(text, /^guiche_requests_total\{.*status="200"\} \d+$/m);
    });

    it('then the regulatory metrics are what was sent, when it has been stored', async () => {
      const before = await reportOf(service);
      await Promise.all(Array.from({ length: 40 }, () => service.get(BONDS)));
      await Promise.all(Array.from({ length: 7 }, () => service.send({ method: 'HEAD', path: BONDS })));
      // The version asked for does not exist, so these are answered 406; no such page: 4xx of the operation all the same.
      await Promise.all(Array.from({ length: 5 }, () => service.get(BONDS, { 'x-v': '99.0.0' })));
      await Promise.all(Array.from({ length: 3 }, () => service.get(`${BONDS}?page=9999`)));
      await Promise.all(Array.from({ length: 4 }, () => service.get(`${BONDS}/unknown`)));
      await Promise.all(Array.from({ length: 9 }, () => service.get(ACCOUNTS)));
      await until('the counts are stored', async () => {
        await pause(250);
        return (await reportOf(service)).get(ACCOUNTS)?.invocations === 9;
      });
      const report = await reportOf(service);
      assert.deepEqual(report.get(BONDS), { invocations: 55, errors: 0, rejections: 0 });
      assert.deepEqual(before.get(BONDS), { invocations: 0, errors: 0, rejections: 0 });
    });
  });

  describe('when it has low limits, a proxy, an allow-list, older versions pinned and a broken file', {
    concurrency: 1,
  }, () => {
    let institution: OperatedInstitution;
    let service: OperatedService;
    before(async () => {
      const data = temporaryFolder();
      writeBelow(data, `${BRANCHES.slice(1)}.json`, { data: { brand: 7 } });
      institution = await operateGuiche({
        configuration: {
          data: [data, join(import.meta.dirname, '../../../examples/bank/data')],
          operations: {
            [`GET ${STATUS['open-insurance']}`]: { version: '1.0.0' },
            [`GET ${OUTAGES['open-insurance']}`]: { version: '1.0.0' },
            [`GET ${METRICS['open-insurance']}`]: { version: '1.0.0' },
          },
          limits: { perMinutePerIp: 20, perSecond: 40, trustedProxies: ['127.0.0.1'] },
          metrics: { allow: ['203.0.113.0/24'] },
        },
      });
      service = await institution.start(['--lenient']);
    });
    after(() => institution.stop());

    it('then the versions that were pinned answer', async () => {
      const from = { 'x-forwarded-for': '203.0.113.1' };
      for (const path of [STATUS, OUTAGES, METRICS].map((paths) => paths['open-insurance'])) {
        const answer = await service.get(path, from);
        assert.equal(answer.status, 200, path);
        assert.equal(answer.headers['x-v'], '1.0.0', path);
      }
    });

    it('then status names the endpoint of the broken file, and the other ecosystem is OK', async () => {
      const from = { 'x-forwarded-for': '192.0.2.50' };
      const [entry] = (await service.get(STATUS['open-insurance'], from)).json().data.status;
      assert.equal(entry.code, 'PARTIAL_FAILURE');
      assert.deepEqual(entry.unavailableEndpoints, [`https://api.banco.example${BRANCHES}`]);
      const [other] = (await service.get(STATUS['open-finance'], from)).json().data.status;
      assert.equal(other.code, 'OK');
      const { status, stdout } = await institution.command('status');
      assert.equal(status, 1);
      assert.match(stdout, /PARTIAL_FAILURE/);
      assert.match(stdout, /branches/);
    });

    it('then only the regulator’s addresses read the metrics, by what the trusted proxy says', async () => {
      for (const [address, status] of [
        ['203.0.113.7', 200],
        ['192.0.2.60', 403],
        ['203.0.113.7, 192.0.2.60', 403],
      ] as const) {
        const answer = await service.get(METRICS['open-finance'], { 'x-forwarded-for': address });
        assert.equal(answer.status, status, address);
      }
      assert.equal((await service.get(METRICS['open-finance'])).status, 403);
    });

    it('then an address may send its limit in a minute, and is told when to come back', async () => {
      await clearOfWindowEnd(MINUTE, 4_000);
      const from = { 'x-forwarded-for': '192.0.2.1' };
      const answers = await Promise.all(Array.from({ length: 28 }, () => service.get(ACCOUNTS, from)));
      const refused = answers.filter(({ status }) => status === 429);
      assert.equal(answers.filter(({ status }) => status === 200).length, 20);
      assert.equal(refused.length, 8);
      for (const { headers, json } of refused) {
        assert.ok(Number(headers['retry-after']) >= 1 && Number(headers['retry-after']) <= 60);
        assert.equal(headers['x-rate-limit'], '20');
        assert.equal(headers['x-rate-limit-remaining'], '0');
        assert.equal(headers['x-rate-limit-time'], headers['retry-after']);
        assert.ok(json().errors.length > 0);
      }
      assert.equal((await service.get(ACCOUNTS, { 'x-forwarded-for': '192.0.2.2' })).status, 200);
    });

    it('then all together may send their limit in a second, and refusals are counted as such', async () => {
      await pause(1_000);
      await clearOfWindowEnd(1_000, 900);
      const begun = Math.floor(Date.now() / 1_000);
      const answers = await Promise.all(
        Array.from({ length: 100 }, (_, index) =>
          service.get(BONDS, { 'x-forwarded-for': `198.51.100.${index % 10}` }),
        ),
      );
      const seconds = Math.floor(Date.now() / 1_000) - begun + 1;
      const passed = answers.filter(({ status }) => status === 200).length;
      const refused = answers.filter(({ status }) => status === 429 || status === 529).length;
      assert.ok(passed >= 40 && passed <= 40 * seconds, `${passed} passed in ${seconds} s`);
      assert.equal(refused, 100 - passed);

      const regulator = (turn: number) => ({ 'x-forwarded-for': `203.0.113.${10 + turn}` });
      let turn = 0;
      await pause(1_000);
      await until('the counts are stored', async () => {
        await pause(250);
        turn += 1;
        return ((await reportOf(service, regulator(turn))).get(BONDS)?.invocations ?? 0) > 0;
      });
      const report = await reportOf(service, regulator(turn));
      assert.deepEqual(report.get(BONDS), { invocations: 100, errors: 0, rejections: refused });
      assert.equal(report.get(ACCOUNTS)?.rejections, 8);
    });
  });
});

interface Reported {
  readonly invocations: number;
  readonly errors: number;
  readonly rejections: number;
}

/** Today's figures of each endpoint, from the regulatory report of the ecosystem that has them by endpoint. */
async function reportOf(
  service: OperatedService,
  headers: Record<string, string> = {},
): Promise<Map<string, Reported>> {
  const answer = await service.get(`${METRICS['open-finance']}?page-size=1000`, headers);
  assert.equal(answer.status, 200);
  return new Map(
    answer.json().data.map(({ endpoint, invocations, errors, rejections }: Json) => [
      new URL(endpoint).pathname,
      {
        invocations: invocations.currentDay,
        errors: errors.currentDay,
        rejections: rejections.currentDay,
      },
    ]),
  );
}
