import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { after, before, describe, it } from 'node:test';
import {
  createMemoryCertificateStore,
  createMemoryHeldKeyStore,
  OPEN_SEALER,
} from '../../test/support/memory-trust-stores.ts';
import { systemClock } from '../kernel/clock.ts';
import { createCertificateAuthority } from './certificate-authority.ts';
import { createFetchDocument } from './fetch-document.ts';

const LIMITS = { maxBytes: 1000, timeoutMs: 300 };

describe('given a document on a server', () => {
  let server: Server;
  let answer: RequestListener;
  const fetchDocument = createFetchDocument();
  const get = (path = '/') => fetchDocument(new URL(path, base()), LIMITS);
  const base = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  before(async () => {
    server = createServer((request, response) => answer(request, response)).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
  });
  after(() => {
    server.closeAllConnections();
    server.close();
  });

  it('when it is fetched, then it comes with what tells its versions apart', async () => {
    answer = (_request, response) => response.writeHead(200, { etag: '"a"' }).end('content');
    assert.deepEqual(await get(), {
      isChanged: true,
      body: Buffer.from('content'),
      validators: { etag: '"a"', lastModified: undefined },
    });
  });

  it('when it is still the one that is known, then it does not come again', async () => {
    answer = (request, response) =>
      response.writeHead(request.headers['if-none-match'] === '"a"' ? 304 : 200).end('content');
    const known = await fetchDocument(new URL(base()), LIMITS, { etag: '"a"' });
    assert.deepEqual(known, { isChanged: false });
    assert.equal((await get()).isChanged, true);
  });

  it('when it is exactly as large as allowed, then it is taken; one byte more and it is not', async () => {
    answer = (request, response) => response.end('x'.repeat(request.url === '/more' ? 1001 : 1000));
    assert.equal((await get()).isChanged, true);
    await assert.rejects(get('/more'), /larger than 1000 bytes/);
  });

  it('when its body never ends, then the server is not listened to any longer', async () => {
    answer = (_request, response) => {
      const write = (): void => {
        if (!response.destroyed) response.write('x'.repeat(500), () => setImmediate(write));
      };
      write();
    };
    await assert.rejects(get(), /larger than 1000 bytes/);
  });

  it('when the body comes a drop at a time, then time runs out', async () => {
    answer = (_request, response) => {
      const timer = setInterval(() => response.write('x'), 20);
      response.on('close', () => clearInterval(timer));
    };
    await assert.rejects(get(), /no answer within 300 ms/);
  });

  it('when nothing comes at all, then time runs out', async () => {
    answer = () => {};
    await assert.rejects(get(), /no answer within 300 ms/);
  });

  it('when the server sends it elsewhere, then nobody follows', async () => {
    const asked: string[] = [];
    answer = (request, response) => {
      asked.push(request.url ?? '');
      response.writeHead(302, { location: '/other' }).end();
    };
    await assert.rejects(get(), /the answer is 302/);
    assert.deepEqual(asked, ['/']);
  });

  for (const status of [204, 206, 404, 500])
    it(`when the answer is ${status}, then it is no document`, async () => {
      answer = (_request, response) => response.writeHead(status).end();
      await assert.rejects(get(), new RegExp(`the answer is ${status}`));
    });

  it('when it is compressed, then it is not unpacked', async () => {
    answer = (_request, response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end('x');
    await assert.rejects(get(), /encoded/);
  });

  it('when the connection breaks off, then half a document is none', async () => {
    answer = (_request, response) => {
      response.writeHead(200, { 'content-length': 100 }).write('half');
      setTimeout(() => response.destroy(), 20);
    };
    await assert.rejects(get(), /aborted|breaks off|ECONNRESET/);
  });

  for (const url of ['file:///etc/passwd', 'data:,hello', 'ftp://127.0.0.1/'])
    it(`when its address is ${url}, then it is not fetched`, async () => {
      await assert.rejects(fetchDocument(new URL(url), LIMITS), /not a way to fetch/);
    });
});

describe('given a server of the sandbox', () => {
  it('then it is trusted by whoever was given its authority, and by nobody else', async () => {
    const authority = createCertificateAuthority({
      name: 'Guiche Sandbox',
      certificates: createMemoryCertificateStore(),
      keys: createMemoryHeldKeyStore(),
      sealer: OPEN_SEALER,
      clock: systemClock,
      crlUrl: 'http://127.0.0.1/crl',
    });
    const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const { chain } = await authority.issueServer({
      organisationName: 'Guiche',
      names: ['127.0.0.1'],
      subjectKey: { key: publicKey },
    });
    const key = privateKey.export({ type: 'pkcs8', format: 'pem' });
    const server = createHttpsServer({ key, cert: chain }, (_request, response) => response.end('content'));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const limits = { maxBytes: 1000, timeoutMs: 5000 };
    try {
      const known = createFetchDocument({ authorities: await authority.anchors() });
      assert.equal((await known(new URL(`https://127.0.0.1:${port}`), limits)).isChanged, true);
      await assert.rejects(known(new URL(`https://localhost:${port}`), limits), /altnames/);
      await assert.rejects(
        createFetchDocument()(new URL(`https://127.0.0.1:${port}`), limits),
        /certificate/,
      );
    } finally {
      server.close();
    }
  });
});
