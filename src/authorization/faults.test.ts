import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { exchangeTls } from '../../test/support/exchange-tls.ts';
import { createMemorySigningKeyStore } from '../../test/support/memory-artifact-store.ts';
import { postForm, type RegisteredReceiver, registerMadeUp } from '../../test/support/receiver-requests.ts';
import {
  makeReceiver,
  type RunningAuthorizationServer,
  startAuthorizationServer,
} from '../../test/support/start-authorization-server.ts';
import { createVirtualClock } from '../kernel/clock.ts';

const DAY = 86_400_000;
const OWN_GRANT = { grant_type: 'client_credentials', scope: 'consents' };

describe('given an authorization server whose keys take turns', () => {
  it('when a successor is due, then it is published first and then signs, without a request failing', async () => {
    const clock = createVirtualClock(Date.now());
    const running = await startAuthorizationServer({
      settings: { clock, keySchedule: { signsFor: 3 * DAY, publishedBefore: DAY, publishedAfter: DAY } },
    });
    const signingKeys = async () =>
      (await exchangeTls(`${running.issuer}/jwks`))
        .json()
        .keys.filter(({ use }: { use: string }) => use === 'sig')
        .map(({ kid }: { kid: string }) => kid);
    const [first] = await signingKeys();
    assert.deepEqual(await signingKeys(), [first]);
    await clock.advance(2 * DAY + 60_000);
    const [stillFirst, next] = await signingKeys();
    assert.equal(stillFirst, first);
    assert.ok(next);
    await clock.advance(DAY);
    assert.deepEqual(await signingKeys(), [next, first]);
    assert.deepEqual(running.faults, []);
  });

  it('when the store is away later on, then it goes on with the keys it has and tells of it', async () => {
    const clock = createVirtualClock(Date.now());
    const signingKeys = createMemorySigningKeyStore();
    const running = await startAuthorizationServer({ settings: { clock, signingKeys } });
    signingKeys.list = () => Promise.reject(new Error('away'));
    await clock.advance(60_000);
    assert.equal((await exchangeTls(`${running.issuer}/jwks`)).status, 200);
    assert.match(String(running.faults[0]), /away/);
  });

  it('when the store is away at the start, then it does not start', async () => {
    const signingKeys = { ...createMemorySigningKeyStore(), list: () => Promise.reject(new Error('away')) };
    await assert.rejects(startAuthorizationServer({ settings: { signingKeys } }), /away/);
  });
});

describe('given an authorization server that something happens to', () => {
  let running: RunningAuthorizationServer;
  let receiver: RegisteredReceiver;

  before(async () => {
    running = await startAuthorizationServer();
    receiver = await registerMadeUp(running, await makeReceiver());
  });

  it('when the directory’s word cannot be had, then nobody gets in and nothing is told', async () => {
    const { certificate } = running.trust;
    running.trust.certificate = () => Promise.reject(new Error('no revocation list of 10.1.2.3'));
    const answer = await postForm(running, receiver, '/token', OWN_GRANT);
    running.trust.certificate = certificate;
    assert.equal(answer.status, 500);
    assert.deepEqual(answer.json(), {
      error: 'server_error',
      error_description: 'something unexpected happened',
    });
    assert.match(String(running.faults.at(-1)), /revocation list/);
  });

  it('when the store fails in the middle, then the answer tells nothing of it', async () => {
    const { find } = running.artifacts;
    running.artifacts.find = () => Promise.reject(new Error('connection to 10.1.2.3 lost'));
    const answer = await postForm(running, receiver, '/token', OWN_GRANT);
    running.artifacts.find = find;
    assert.equal(answer.status, 500);
    assert.equal(answer.json().error, 'server_error');
    assert.doesNotMatch(answer.text, /10\.1\.2\.3/);
    assert.match(String(running.faults.at(-1)), /connection/);
  });

  it('when its keys cannot be had, then a receiver is not believed', async () => {
    const fresh = await startAuthorizationServer();
    const another = await registerMadeUp(fresh, await makeReceiver());
    fresh.trust.keys = () => Promise.reject(new Error('away'));
    const answer = await postForm(fresh, another, '/token', OWN_GRANT);
    assert.equal(answer.status, 401);
    assert.equal(answer.json().error, 'invalid_client');
  });
});
