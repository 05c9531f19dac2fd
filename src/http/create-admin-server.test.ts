import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type AdminActions, createAdminServer } from './create-admin-server.ts';

function adminServer(actions: Partial<AdminActions> = {}) {
  return createAdminServer({
    readiness: () => ({ isReady: true, reasons: [] }),
    prometheus: async () => ({ contentType: 'text/plain; version=0.0.4', text: 'up 1\n' }),
    status: async () => ({ isOk: true }),
    listOutages: () => [{ id: 'o1' }],
    addOutage: async (request) => ({ accepted: true, body: { request } }),
    cancelOutage: async (id) => ({ accepted: true, body: { id } }),
    connectorChanged: async (connector, changed) => ({ accepted: true, body: { connector, changed } }),
    explain: async () => undefined,
    ...actions,
  });
}

const JSON_BODY = { 'content-type': 'application/json' };

describe('given the operational listener', () => {
  it('when it lives and can serve, then health says so', async () => {
    const app = adminServer();
    assert.equal((await app.inject('/health/live')).statusCode, 200);
    assert.deepEqual((await app.inject('/health/ready')).json(), { status: 'ready', reasons: [] });
  });

  it('when it cannot serve, then it lives, is not ready, and says why', async () => {
    const app = adminServer({ readiness: () => ({ isReady: false, reasons: ['no worker listens'] }) });
    assert.equal((await app.inject('/health/live')).statusCode, 200);
    const ready = await app.inject('/health/ready');
    assert.equal(ready.statusCode, 503);
    assert.deepEqual(ready.json(), { status: 'not ready', reasons: ['no worker listens'] });
  });

  it('when Prometheus scrapes, then it gets its own format', async () => {
    const answer = await adminServer().inject('/metrics');
    assert.match(String(answer.headers['content-type']), /version=0\.0\.4/);
    assert.equal(answer.body, 'up 1\n');
  });

  it('when outages are asked for, added and cancelled, then the actions answer', async () => {
    const app = adminServer();
    assert.deepEqual((await app.inject('/outages')).json(), [{ id: 'o1' }]);
    const added = await app.inject({ method: 'POST', url: '/outages', payload: { startsAt: 'now' } });
    assert.equal(added.statusCode, 201);
    assert.deepEqual(added.json(), { request: { startsAt: 'now' } });
    const cancelled = await app.inject({ method: 'DELETE', url: '/outages/a%2Fb' });
    assert.deepEqual(cancelled.json(), { id: 'a/b' });
  });

  it('when an action refuses, then the status says so and the body why', async () => {
    const faults = { faults: [{ field: 'duration', message: 'wrong' }] };
    const app = adminServer({
      addOutage: async () => ({ accepted: false, body: faults }),
      cancelOutage: async () => ({ accepted: false, body: { result: 'unknown' } }),
    });
    const added = await app.inject({ method: 'POST', url: '/outages', payload: {} });
    assert.equal(added.statusCode, 422);
    assert.deepEqual(added.json(), faults);
    assert.equal((await app.inject({ method: 'DELETE', url: '/outages/o1' })).statusCode, 409);
  });

  it('when an id is asked about, then what is known of it comes back, or 404 with one line', async () => {
    const app = adminServer({ explain: async (id) => (id === 'known' ? { id } : undefined) });
    assert.deepEqual((await app.inject('/explain/known')).json(), { id: 'known' });
    const unknown = await app.inject('/explain/unknown');
    assert.equal(unknown.statusCode, 404);
    assert.equal(typeof unknown.json().error, 'string');
  });

  it('when an action fails, then the answer is 503 with one line', async () => {
    const app = adminServer({
      addOutage: async () => {
        throw new Error('the database is away');
      },
    });
    const answer = await app.inject({ method: 'POST', url: '/outages', payload: {} });
    assert.equal(answer.statusCode, 503);
    assert.deepEqual(answer.json(), { error: 'the database is away' });
  });

  for (const [header, value] of [
    ['origin', 'https://evil.example'],
    ['origin', 'null'],
    ['sec-fetch-site', 'cross-site'],
    ['sec-fetch-site', 'same-origin'],
  ] as const)
    for (const [method, url] of [
      ['POST', '/outages'],
      ['DELETE', '/outages/o1'],
      ['GET', '/status'],
      ['OPTIONS', '/outages'],
    ] as const)
      it(`when ${method} ${url} comes with ${header}: ${value}, then it is refused and nothing is done`, async () => {
        let isDone = false;
        const act = async () => {
          isDone = true;
          return { accepted: true, body: {} };
        };
        const app = adminServer({ addOutage: act, cancelOutage: act, status: act });
        const answer = await app.inject({ method, url, headers: { [header]: value } });
        assert.equal(answer.statusCode, 403);
        assert.equal(answer.headers['access-control-allow-origin'], undefined);
        assert.equal(isDone, false);
      });

  for (const { when, payload, headers, status } of [
    { when: 'is no JSON', payload: '{"startsAt":', headers: JSON_BODY, status: 400 },
    { when: 'is empty', payload: '', headers: JSON_BODY, status: 400 },
    { when: 'is too large', payload: `"${'x'.repeat(70_000)}"`, headers: JSON_BODY, status: 413 },
    {
      when: 'is a form',
      payload: 'a=b',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      status: 415,
    },
    { when: 'would pollute', payload: '{"__proto__":{"a":1}}', headers: JSON_BODY, status: 400 },
  ])
    it(`when a body ${when}, then the answer is ${status} with one line`, async () => {
      const answer = await adminServer().inject({ method: 'POST', url: '/outages', payload, headers });
      assert.equal(answer.statusCode, status);
      assert.equal(typeof answer.json().error, 'string');
    });

  it('when there is no such thing, then the answer is 404 as JSON', async () => {
    for (const [method, url] of [
      ['GET', '/nothing'],
      ['PUT', '/outages'],
      ['GET', '/'],
    ] as const) {
      const answer = await adminServer().inject({ method, url });
      assert.equal(answer.statusCode, 404, url);
      assert.equal(typeof answer.json().error, 'string');
    }
  });

  it('when the institution tells what has changed, then it is taken or refused', async () => {
    const post = (app: ReturnType<typeof adminServer>) =>
      app.inject({
        method: 'POST',
        url: '/connectors/core/changed',
        headers: JSON_BODY,
        payload: '{"resources":[]}',
      });
    const taken = await post(adminServer());
    assert.equal(taken.statusCode, 202);
    assert.deepEqual(taken.json(), { connector: 'core', changed: { resources: [] } });
    const refused = await post(
      adminServer({ connectorChanged: async () => ({ accepted: false, body: { faults: ['x'] } }) }),
    );
    assert.equal(refused.statusCode, 422);
  });
});
