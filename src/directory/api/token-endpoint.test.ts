import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { connect } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { createSandboxDirectory, presentedBy } from '../../../test/support/sandbox-directory.ts';
import { createTokenEndpoint } from './token-endpoint.ts';

let server: Server;
let url: string;
let isBroken = false;
const errors: unknown[] = [];

before(async () => {
  const sandbox = createSandboxDirectory();
  await sandbox.seed();
  const handle = createTokenEndpoint({
    tokens: sandbox.directory.tokens,
    certificateOf: () => {
      if (isBroken) throw new Error('broken');
      return presentedBy('super-user');
    },
    onError: (error) => errors.push(error),
  });
  server = createServer(handle);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/token`;
});
after(() => server.close());

const send = (body: string, headers: Record<string, string> = {}) =>
  fetch(url, {
    method: 'POST',
    body,
    headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
  });

describe('given the token endpoint over HTTP', () => {
  it('when a form asks for client credentials, then a token is answered that nobody may keep', async () => {
    const answer = await send('grant_type=client_credentials');
    assert.equal(answer.status, 200);
    assert.equal(answer.headers.get('cache-control'), 'no-store');
    assert.equal(((await answer.json()) as { token_type: string }).token_type, 'Bearer');
  });

  it('when the form is not one, repeats a parameter or is too long, then the answer is 400', async () => {
    const answers = await Promise.all([
      send('grant_type=client_credentials', { 'content-type': 'application/json' }),
      send('grant_type=client_credentials', { 'content-encoding': 'gzip' }),
      send('grant_type=client_credentials&grant_type=client_credentials'),
      send(`grant_type=client_credentials&scope=${'a'.repeat(5000)}`),
      send(''),
    ]);
    for (const answer of answers) {
      assert.equal(answer.status, 400);
      assert.deepEqual(await answer.json(), { error: 'invalid_request' });
    }
  });

  it('when it is asked with another method, then the answer is 405', async () => {
    const answer = await fetch(url);
    assert.equal(answer.status, 405);
    assert.equal(answer.headers.get('allow'), 'POST');
  });

  it('when something breaks, then the answer says nothing of it', async () => {
    isBroken = true;
    const answer = await send('grant_type=client_credentials');
    isBroken = false;
    assert.equal(answer.status, 500);
    assert.deepEqual(await answer.json(), { error: 'server_error' });
    assert.equal((errors.pop() as Error).message, 'broken');
  });

  it('when the caller leaves in the middle of its form, then the next one is served', async () => {
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    socket.write(
      'POST /token HTTP/1.1\r\nhost: a\r\ncontent-type: application/x-www-form-urlencoded\r\ncontent-length: 100\r\n\r\ngrant',
    );
    await new Promise((resolve) => setTimeout(resolve, 50));
    socket.destroy();
    assert.equal((await send('grant_type=client_credentials')).status, 200);
    assert.equal(errors.length, 0);
  });
});
