import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { describe, it } from 'node:test';
import { exchangeBytes } from '../../test/support/exchange-bytes.ts';
import { readAnswers } from '../../test/support/read-answers.ts';
import { sendRequest } from '../../test/support/send-request.ts';
import { answerWith, madeUpOperation, startListener } from '../../test/support/start-listener.ts';
import { createLimitGuard, createLimitStep } from './limits/check-limits.ts';
import { createLimiter } from './limits/limiter.ts';
import type { Mount } from './mounts.ts';

const things = {
  operation: madeUpOperation({ path: '/open-insurance/made-up/v1/things' }),
  steps: [answerWith(() => 'things')],
};

/** Answers with who was reached, and by what URL. */
function named(name: string, path: string): Mount {
  return { path, handle: (request, response) => sayText(response, `${name} ${request.url}`) };
}

function sayText(response: ServerResponse, text: string): void {
  response.setHeader('content-type', 'text/plain');
  response.end(text);
}

describe('given a listener with mounts at two paths', async () => {
  const { port } = await startListener({
    operations: [things],
    mounts: [named('bank', '/banco'), named('pages', '/banco/paginas')],
  });
  const get = async (path: string) => {
    const received = await sendRequest(port, { path });
    return received.status === 200 ? String(received.bytes) : received.status;
  };

  it('when the path is that of a mount or below it, then the deepest one has it, with the whole URL', async () => {
    assert.equal(await get('/banco'), 'bank /banco');
    assert.equal(await get('/banco?a=/banco/paginas'), 'bank /banco?a=/banco/paginas');
    assert.equal(await get('/banco/auth?x=%2F'), 'bank /banco/auth?x=%2F');
    assert.equal(await get('/banco/paginas'), 'pages /banco/paginas');
    assert.equal(await get('/banco/paginas/a.css'), 'pages /banco/paginas/a.css');
    assert.equal(await get('http://elsewhere.example/banco/auth'), 'bank /banco/auth');
  });

  it('when the path only begins alike, then no mount has it', async () => {
    for (const path of ['/bancos', '/banco2/auth', '/Banco', '//banco', '/x/banco', '/', '/%62anco'])
      assert.equal(await get(path), 404, path);
    assert.equal(await get('/banco/paginas2'), 'bank /banco/paginas2');
    assert.match(String(await get('/open-insurance/made-up/v1/things')), /things/);
  });
});

describe('given a mount for all that is no API', async () => {
  const { port } = await startListener({ operations: [things], mounts: [named('root', '/')] });

  it('when no operation has the first segment, then the mount has it', async () => {
    for (const path of ['/', '/auth', '/.well-known/openid-configuration?a', '/open-insurances/made-up'])
      assert.equal(String((await sendRequest(port, { path })).bytes), `root ${path}`);
    assert.equal(String((await sendRequest(port, { path: 'http://elsewhere.example' })).bytes), 'root /');
    assert.equal(
      String((await sendRequest(port, { path: 'http://elsewhere.example?a=1' })).bytes),
      'root /?a=1',
    );
  });

  it('when it is an API’s, then the answer is regulated, whether there is such an operation or not', async () => {
    for (const [path, method, status] of [
      ['/open-insurance/made-up/v1/things', 'GET', 200],
      ['/open%2Dinsurance/made-up/v1/things', 'GET', 200],
      ['/open-insurance/made-up/v1/things', 'DELETE', 405],
      ['/open-insurance/nothing', 'GET', 404],
      ['/open-insurance', 'GET', 404],
      ['//open-insurance/made-up/v1/things', 'GET', 404],
      ['//evil.example/auth', 'GET', 404],
    ] as const) {
      const received = await sendRequest(port, { path, method });
      assert.equal(received.status, status, path);
      assert.equal(received.headers['content-type'], 'application/json; charset=utf-8');
    }
  });
});

describe('given a mount whose handler does anything', async () => {
  const handlers: Record<string, Mount['handle']> = {
    plain: (_request, response) => void response.end('plain'),
    own: (_request, response) => {
      response.setHeader('content-security-policy', "default-src 'self'");
      response.writeHead(200, { 'cache-control': 'public' }).end();
    },
    throws: (_request, response) => {
      response.setHeader('set-cookie', 'secret=1');
      response.setHeader('content-encoding', 'gzip');
      throw new Error('a secret of the inside');
    },
    rejects: async () => {
      await Promise.resolve();
      throw new Error('a secret of the inside');
    },
    breaks: async (_request, response) => {
      response.write('half of it');
      await new Promise((resolve) => setTimeout(resolve, 10));
      throw new Error('a secret of the inside');
    },
    waits: async (request, response) => {
      let size = 0;
      for await (const chunk of request) size += chunk.length;
      response.end(String(size));
    },
  };
  const { port, server, logged } = await startListener({
    mounts: [
      {
        path: '/as',
        handle: (request, response) => handlers[request.url?.split('/')[2] as string]?.(request, response),
      },
    ],
  });

  it('when it says nothing of protection, then the answer has it; what it says itself holds', async () => {
    const plain = await sendRequest(port, { path: '/as/plain' });
    assert.equal(plain.headers['x-content-type-options'], 'nosniff');
    assert.equal(plain.headers['x-frame-options'], 'DENY');
    assert.match(plain.headers['strict-transport-security'] as string, /max-age/);
    assert.equal(plain.headers['content-security-policy'], "frame-ancestors 'none'");
    assert.equal(plain.headers['cache-control'], 'no-store');
    assert.equal(plain.headers['content-type'], undefined);
    const own = await sendRequest(port, { path: '/as/own' });
    assert.equal(own.headers['content-security-policy'], "default-src 'self'");
    assert.equal(own.headers['cache-control'], 'public');
  });

  it('when it fails, then the answer is opaque, with nothing of what was prepared, and the log has the cause', async () => {
    for (const way of ['throws', 'rejects']) {
      const before = logged.length;
      const received = await sendRequest(port, { path: `/as/${way}` });
      assert.equal(received.status, 500);
      assert.equal(received.json().errors[0].code, 'ERRO_INTERNO');
      assert.doesNotMatch(String(received.bytes), /secret/);
      assert.equal(received.headers['set-cookie'], undefined);
      assert.equal(received.headers['content-encoding'], undefined);
      assert.match(logged[before] ?? '', /a secret of the inside/);
      assert.match(logged[before] ?? '', new RegExp(received.headers['x-fapi-interaction-id'] as string));
    }
  });

  it('when it fails in the middle of its answer, then the connection ends and the rest goes on', async () => {
    await assert.rejects(sendRequest(port, { path: '/as/breaks' }));
    assert.equal((await sendRequest(port, { path: '/as/plain' })).status, 200);
  });

  it('when a request has no host, then it is refused before the mount', async () => {
    const text = 'GET /as/plain HTTP/1.1\r\nConnection: close\r\n\r\n';
    const [answer] = readAnswers(await exchangeBytes(port, { pieces: [Buffer.from(text)] }));
    assert.equal(answer?.status, 400);
  });

  it('when the caller waits to be told to send a body, then it is told', async () => {
    const head =
      'POST /as/waits HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n';
    const bytes = await exchangeBytes(port, { pieces: [Buffer.from(head), Buffer.from('{}')], pauseMs: 50 });
    assert.match(String(bytes), /^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 OK\r\n[\s\S]*\r\n\r\n2$/);
  });

  it('when the caller goes away in the middle of a body, then that is no error of the service', async () => {
    const before = logged.length;
    const text = 'POST /as/waits HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n{';
    await exchangeBytes(port, { pieces: [Buffer.from(text)] });
    await sendRequest(port, { path: '/as/plain' });
    assert.deepEqual(logged.slice(before), []);
  });

  it('when a body is broken or never ends, then the refusal does not wait for the mount', async () => {
    const chunked =
      'POST /as/waits HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\nzz\r\n';
    const [broken] = readAnswers(await exchangeBytes(port, { pieces: [Buffer.from(chunked)], ends: false }));
    assert.equal(broken?.status, 400);
    // In service it is given seconds.
    server.app.server.headersTimeout = 300;
    server.app.server.requestTimeout = 500;
    const long = 'POST /as/waits HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n{';
    const [slow] = readAnswers(await exchangeBytes(port, { pieces: [Buffer.from(long)], ends: false }));
    assert.equal(slow?.status, 408);
  });

  it('when the service is stopping, then the connection is not kept', async () => {
    server.drain();
    assert.equal((await sendRequest(port, { path: '/as/plain' })).headers.connection, 'close');
  });
});

describe('given limits for mounts and operations together', async () => {
  const limiter = (name: string, limit: number) =>
    createLimiter({ name, limit, windowMs: 60_000, shared: undefined, now: () => 0 });
  const limits = { perAddress: limiter('address', 3), overall: limiter('all', 1_000) };
  const { port } = await startListener({
    operations: [{ ...things, steps: [createLimitStep(limits), ...things.steps] }],
    mounts: [named('bank', '/banco')],
    guardMounts: createLimitGuard(limits),
  });

  it('when a caller asks for more than it may, then neither answers', async () => {
    const ask = async (path: string) => (await sendRequest(port, { path })).status;
    const path = things.operation.path;
    assert.deepEqual([await ask('/banco'), await ask(path), await ask('/banco')], [200, 200, 200]);
    const refused = await sendRequest(port, { path: '/banco' });
    assert.equal(refused.status, 429);
    assert.ok(Number(refused.headers['retry-after']) > 0);
    assert.equal(await ask(path), 429);
  });
});

describe('given mounts that cannot be', () => {
  for (const [mounts, fault] of [
    [[named('a', 'banco')], /not the path/],
    [[named('a', '/banco/')], /not the path/],
    [[named('a', '/banco?x')], /not the path/],
    [[named('a', '/banco'), named('b', '/banco')], /two mounts/],
    [[named('a', '/'), named('b', '')], /two mounts/],
    [[named('a', '/open-insurance')], /would hide/],
    [[named('a', '/open-insurance/made-up/v1/things')], /would hide/],
  ] as const)
    it(`when they are ${mounts.map(({ path }) => JSON.stringify(path)).join(' and ')}, then the listener is not built`, async () => {
      await assert.rejects(startListener({ operations: [things], mounts }), fault);
    });
});
