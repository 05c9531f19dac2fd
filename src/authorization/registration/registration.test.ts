import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { connect } from 'node:tls';
import { exchangeTls } from '../../../test/support/exchange-tls.ts';
import {
  postForm,
  REDIRECT_URI,
  type RegisteredReceiver,
  registerMadeUp,
  sendJson,
} from '../../../test/support/receiver-requests.ts';
import {
  introduce,
  type MadeUpReceiver,
  makeReceiver,
  type RunningAuthorizationServer,
  startAuthorizationServer,
  statementOf,
} from '../../../test/support/start-authorization-server.ts';

let receiver: MadeUpReceiver;
let other: MadeUpReceiver;
let running: RunningAuthorizationServer;

before(async () => {
  [receiver, other] = await Promise.all([makeReceiver(), makeReceiver()]);
});

const register = (body: unknown, identity: MadeUpReceiver['identity'] | undefined = receiver.identity) =>
  sendJson(`${running.mtlsBase}/register`, 'POST', body, identity);

async function requestBody(change: Readonly<Record<string, unknown>> = {}) {
  return {
    software_statement: await statementOf(running, receiver),
    redirect_uris: [REDIRECT_URI],
    ...change,
  };
}

describe('given a receiver that is not registered', () => {
  before(async () => {
    running = await startAuthorizationServer();
    introduce(running, receiver);
  });

  it('when it has no certificate, then it is refused before anything is read', async () => {
    const answer = await exchangeTls(`${running.mtlsBase}/register`, { method: 'POST', body: '{' });
    assert.equal(answer.status, 401);
    assert.equal(answer.json().error, 'invalid_client');
    assert.deepEqual(running.events.at(-1), { kind: 'certificate', outcome: 'missing' });
  });

  it('when nobody vouches for its certificate, then it is refused', async () => {
    const answer = await register(await requestBody(), other.identity);
    assert.equal(answer.status, 401);
    assert.deepEqual(running.events.at(-1), { kind: 'certificate', outcome: 'untrusted-issuer' });
  });

  it('when its body is no strict JSON object, then it is refused', async () => {
    const statement = await statementOf(running, receiver);
    const twice = `{"software_statement":"a","software_statement":"${statement}","redirect_uris":["${REDIRECT_URI}"]}`;
    for (const body of ['', '{', '[]', '"text"', 'null', twice]) {
      const answer = await register(body);
      assert.equal(answer.status, 400, body);
      assert.equal(answer.json().error, 'invalid_client_metadata');
    }
  });

  it('when its body is not called JSON, then it is refused', async () => {
    const answer = await exchangeTls(`${running.mtlsBase}/register`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: 'software_statement=a',
      identity: receiver.identity,
    });
    assert.equal(answer.status, 415);
  });

  it('when its body is too large, then it is refused, announced or not', async () => {
    const body = JSON.stringify(await requestBody({ filler: 'x'.repeat(64 * 1024) }));
    assert.equal((await register(body)).status, 413);
    const headers = { 'transfer-encoding': 'chunked' };
    const chunked = await sendJson(`${running.mtlsBase}/register`, 'POST', body, receiver.identity, headers);
    assert.equal(chunked.status, 413);
  });

  it('when its body is announced and does not come, then it is not waited for long', async (test) => {
    test.mock.timers.enable({ apis: ['setTimeout'] });
    const socket = connect({
      host: '127.0.0.1',
      port: Number(new URL(running.mtlsBase).port),
      cert: receiver.identity.certificate,
      key: receiver.identity.key,
      rejectUnauthorized: false,
    });
    const answered = new Promise<string>((resolve) => socket.once('data', (data) => resolve(String(data))));
    const head =
      'POST /banco/register HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 99';
    socket.write(`${head}\r\n\r\n{`);
    const { certificate } = running.trust;
    await new Promise<void>((resolve) => {
      running.trust.certificate = async (presented) => {
        setImmediate(() => setImmediate(resolve));
        return certificate(presented);
      };
    });
    running.trust.certificate = certificate;
    test.mock.timers.tick(10_000);
    assert.match(await answered, /^HTTP\/1\.1 408 /);
    socket.destroy();
  });

  it('when its statement is old, then it is refused', async () => {
    const iat = Math.floor(Date.now() / 1000) - 301;
    const answer = await register(
      await requestBody({ software_statement: await statementOf(running, receiver, {}, { iat }) }),
    );
    assert.equal(answer.status, 400);
    assert.equal(answer.json().error, 'invalid_software_statement');
    assert.equal(answer.headers['cache-control'], 'no-store');
  });

  it('when a check refuses it, then the check has its say and nothing is kept', async () => {
    const answer = await register(await requestBody({ redirect_uris: ['https://evil.test/callback'] }));
    assert.equal(answer.status, 400);
    assert.equal(answer.json().error, 'invalid_redirect_uri');
    assert.equal(running.artifacts.count('Client'), 0);
    assert.deepEqual(running.events.at(-1), { kind: 'registration', outcome: 'invalid_redirect_uri' });
  });

  it('when the library does not take what the directory says, then it may try again', async () => {
    const statement = await statementOf(running, receiver, { logoUri: 'no address' });
    const refused = await register(await requestBody({ software_statement: statement }));
    assert.equal(refused.status, 400);
    assert.equal(refused.json().error, 'invalid_client_metadata');
    assert.equal((await register(await requestBody())).status, 201);
  });
});

describe('given software that registers twice', () => {
  before(async () => {
    running = await startAuthorizationServer();
    introduce(running, receiver);
  });

  it('when both come at once, then one is registered', async () => {
    const answers = await Promise.all([register(await requestBody()), register(await requestBody())]);
    assert.deepEqual(answers.map(({ status }) => status).sort(), [201, 400]);
    assert.equal(running.artifacts.count('Client'), 1);
  });

  it('when the second comes later, then it is refused', async () => {
    const answer = await register(await requestBody());
    assert.equal(answer.status, 400);
    assert.equal(answer.json().error, 'invalid_client_metadata');
  });
});

describe('given a registered receiver', () => {
  let registered: RegisteredReceiver;
  const bearer = (token = registered.registrationToken) => ({ authorization: `Bearer ${token}` });
  const read = (token?: string, identity: MadeUpReceiver['identity'] | undefined = receiver.identity) =>
    exchangeTls(registered.registrationUri, { headers: bearer(token), identity });

  before(async () => {
    running = await startAuthorizationServer();
    registered = await registerMadeUp(running, receiver);
    introduce(running, other);
  });

  it('when it reads its registration, then it finds all of it, under the same token, on the mTLS host', async () => {
    const answer = await read();
    assert.equal(answer.status, 200);
    const metadata = answer.json();
    assert.equal(metadata.registration_access_token, registered.registrationToken);
    assert.equal(metadata.registration_client_uri, `${running.mtlsBase}/register/${registered.clientId}`);
    assert.equal(metadata.client_id, registered.clientId);
    assert.match(metadata.scope, /^openid consents resources /);
    assert.ok(metadata.software_statement);
    assert.equal(metadata.client_secret, undefined);
    assert.equal((await read()).json().registration_access_token, registered.registrationToken);
  });

  it('when its token, its certificate or its owner is another, then nobody gets in and the token lives on', async () => {
    const attempts = [
      await read('another-token'),
      await read(undefined, other.identity),
      await exchangeTls(registered.registrationUri, { headers: bearer() }),
      await exchangeTls(registered.registrationUri, { identity: receiver.identity }),
      await exchangeTls(`${running.mtlsBase}/register/another-client`, {
        headers: bearer(),
        identity: receiver.identity,
      }),
      await exchangeTls(registered.registrationUri, {
        method: 'DELETE',
        headers: bearer('another-token'),
        identity: receiver.identity,
      }),
    ];
    for (const answer of attempts) {
      assert.equal(answer.status, 401);
      assert.equal(answer.json().error, 'invalid_token');
      assert.match(String(answer.headers['www-authenticate']), /^Bearer/);
    }
    assert.equal((await read()).status, 200);
  });

  it('when it asks with another method, then it is told which there are', async () => {
    const answer = await exchangeTls(registered.registrationUri, {
      method: 'PATCH',
      headers: bearer(),
      identity: receiver.identity,
    });
    assert.equal(answer.status, 405);
    assert.equal(answer.headers.allow, 'GET, PUT, DELETE');
  });

  describe('and its update', () => {
    const update = async (change: Readonly<Record<string, unknown>>, identity = receiver.identity) => {
      const { registration_access_token, registration_client_uri, client_id_issued_at, ...before } = (
        await read()
      ).json();
      const body = { ...before, software_statement: await statementOf(running, receiver), ...change };
      return sendJson(registered.registrationUri, 'PUT', body, identity, bearer());
    };

    it('when it adds a redirect URI of its statement, then it is kept, and so is the token', async () => {
      const redirect_uris = [REDIRECT_URI, `${REDIRECT_URI}?dummy1=lorem&dummy2=ipsum`];
      const answer = await update({ redirect_uris });
      assert.equal(answer.status, 200, answer.text);
      assert.deepEqual(answer.json().redirect_uris, redirect_uris);
      assert.equal(answer.json().registration_access_token, registered.registrationToken);
      assert.equal(answer.json().registration_client_uri, registered.registrationUri);
      assert.deepEqual((await read()).json().redirect_uris, redirect_uris);
    });

    const refused = {
      'has no statement': [{ software_statement: undefined }, 'invalid_software_statement'],
      'has a forged statement': [{ software_statement: 'forged' }, 'invalid_software_statement'],
      'names other keys': [{ jwks_uri: 'https://evil.test/jwks' }, 'invalid_client_metadata'],
      'has keys by value': [{ jwks: { keys: [] } }, 'invalid_client_metadata'],
      'has a foreign redirect URI': [
        { redirect_uris: ['https://evil.test/callback'] },
        'invalid_redirect_uri',
      ],
      'names another client': [{ client_id: 'another-client' }, 'invalid_request'],
      'has members that are the server’s': [{ client_id_issued_at: 1 }, 'invalid_request'],
    } as const;
    for (const [what, [change, error]] of Object.entries(refused))
      it(`when it ${what}, then it is refused with ${error}`, async () => {
        const answer = await update(change);
        assert.equal(answer.status, 400);
        assert.equal(answer.json().error, error);
      });

    it('when its statement is of other software, then it is refused', async () => {
      const software_statement = await statementOf(running, other);
      const answer = await update({ software_statement });
      assert.equal(answer.status, 400);
      assert.equal(answer.json().error, 'invalid_software_statement');
    });
  });

  it('when it ends its registration, then client, token and tokens are gone, and it may register again', async () => {
    const token = await postForm(running, registered, '/token', {
      grant_type: 'client_credentials',
      scope: 'consents',
    });
    assert.equal(token.status, 200);
    const ended = await exchangeTls(registered.registrationUri, {
      method: 'DELETE',
      headers: bearer(),
      identity: receiver.identity,
    });
    assert.equal(ended.status, 204);
    assert.equal(running.artifacts.count('ClientCredentials'), 0);
    assert.equal((await read()).status, 401);
    const late = await postForm(running, registered, '/token', {
      grant_type: 'client_credentials',
      scope: 'consents',
    });
    assert.equal(late.status, 401);
    assert.equal(late.json().error, 'invalid_client');
    const again = await registerMadeUp(running, receiver);
    assert.notEqual(again.clientId, registered.clientId);
    assert.deepEqual(running.faults, []);
  });
});
