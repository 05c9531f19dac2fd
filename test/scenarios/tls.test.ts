import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { connect as connectPlain } from 'node:net';
import { before, describe, it } from 'node:test';
import { connect, type TLSSocket } from 'node:tls';
import { type IssuedCertificate, issueCertificate } from '../support/issue-certificate.ts';
import { readAnswers } from '../support/read-answers.ts';
import {
  answerWith,
  madeUpOperation,
  type RunningListener,
  startListener,
} from '../support/start-listener.ts';
import { temporaryFolder, writeBelow } from '../support/temporary-folder.ts';

const GET = 'GET /things HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n';
const things = { operation: madeUpOperation({ path: '/things' }), steps: [answerWith(() => 'things')] };

describe('given a listener that speaks TLS', () => {
  let authority: IssuedCertificate;
  let own: IssuedCertificate;
  let listener: RunningListener;
  let ca: string;

  before(async () => {
    authority = await issueCertificate({ name: 'Authority' });
    own = await issueCertificate({ name: 'server', by: authority });
    ca = authority.certificate;
    listener = await startListener({ operations: [things], tls: material(own) });
  });

  for (const version of ['TLSv1.2', 'TLSv1.3'] as const)
    it(`when a caller speaks ${version}, then it is answered over one of the four suites`, async () => {
      const { socket, received } = await exchange(GET, { minVersion: version, maxVersion: version });
      assert.equal(socket.getProtocol(), version);
      assert.match(
        socket.getCipher().standardName,
        /^TLS_(AES_128_GCM_SHA256|AES_256_GCM_SHA384|ECDHE_RSA_WITH_AES_(128_GCM_SHA256|256_GCM_SHA384))$/,
      );
      const [answer] = readAnswers(received);
      assert.equal(answer?.status, 200);
      assert.match(answer.headers['strict-transport-security'] ?? '', /max-age=31536000/);
    });

  it('when a caller has no certificate, then it is answered all the same: it was asked and not made to', async () => {
    const { received } = await exchange(GET);
    assert.equal(readAnswers(received)[0]?.status, 200);
  });

  it('when the headers are too large or the request is broken, then the answer is as it is without TLS', async () => {
    const large = `GET /things HTTP/1.1\r\nHost: a\r\nx: ${'y'.repeat(100_000)}\r\n\r\n`;
    for (const [request, status] of [
      [large, 431],
      ['NONSENSE\r\n\r\n', 400],
      ['GET /things HTTP/1.1\r\nConnection: close\r\n\r\n', 400],
    ] as const) {
      const { received } = await exchange(request);
      assert.equal(readAnswers(received)[0]?.status, status);
    }
  });

  it('when a request is too slow, then 408 ends the connection', async () => {
    const slow = await startListener({ operations: [things], tls: material(own) });
    // In service it is given seconds.
    slow.server.app.server.headersTimeout = 300;
    slow.server.app.server.requestTimeout = 500;
    const { received } = await exchange('GET /things HTTP/1.1\r\n', { port: slow.port });
    assert.equal(readAnswers(received)[0]?.status, 408);
  });

  it('when what comes is no handshake, or one that never ends, then nothing is answered and the connection ends', async () => {
    for (const bytes of [GET, '\x16\x03\x01\x02\x00nonsense'.repeat(100)]) {
      const received = await exchangePlain(bytes);
      assert.doesNotMatch(received.toString('latin1'), /HTTP/);
    }
    const began = performance.now();
    assert.equal((await exchangePlain('\x16\x03\x01')).includes('HTTP'), false);
    assert.ok(performance.now() - began < 8_000);
    assert.deepEqual(listener.logged, []);
  });

  it('when the certificate is replaced, then new connections have the new one and open ones go on', async () => {
    const { port, server } = await startListener({ operations: [things], tls: material(own) });
    const open = await openConnection({ port });
    assert.deepEqual(open.getPeerCertificate().raw, own.der);
    const next = await issueCertificate({ name: 'server', by: authority });
    server.replaceCertificate(material(next));
    const after = await exchange(GET, { port });
    assert.deepEqual(after.socket.getPeerCertificate().raw, next.der);
    assert.equal(after.socket.getProtocol(), 'TLSv1.3');
    const received = await sendOver(open, GET);
    assert.equal(readAnswers(received)[0]?.status, 200);
  });

  it('when what is to replace it is no pair, then that is an error and the old one stays', async () => {
    const { port, server } = await startListener({ operations: [things], tls: material(own) });
    const other = await issueCertificate({ name: 'server', by: authority });
    const elliptic = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
    for (const wrong of [
      { ...material(own), key: other.key },
      { ...material(own), certificate: 'nonsense' },
      { ...material(own), key: '' },
      { ...material(own), key: elliptic.export({ type: 'pkcs8', format: 'pem' }) as string },
    ])
      assert.throws(() => server.replaceCertificate(wrong));
    assert.deepEqual((await exchange(GET, { port })).socket.getPeerCertificate().raw, own.der);
    const plain = await startListener({ operations: [things] });
    assert.throws(() => plain.server.replaceCertificate(material(own)), /no TLS/);
  });

  describe('and openssl to ask it with', { skip: whyNoOpenssl() }, () => {
    let caFile: string;
    before(() => {
      caFile = writeBelow(temporaryFolder(), 'ca.pem', ca);
    });

    for (const version of ['-tls1', '-tls1_1'])
      it(`when it speaks ${version.slice(1)}, then the handshake is refused`, async () => {
        const said = await askWithOpenssl([version, '-cipher', 'ALL:@SECLEVEL=0']);
        assert.match(said, /alert protocol version/);
        assertNoSession(said);
      });

    for (const suite of [
      'AES256-SHA',
      'AES128-GCM-SHA256',
      'ECDHE-RSA-AES128-SHA',
      'ECDHE-RSA-AES128-SHA256',
      'ECDHE-RSA-AES256-SHA384',
      'ECDHE-RSA-CHACHA20-POLY1305',
    ])
      it(`when it offers ${suite} alone, then the handshake is refused`, async () => {
        const said = await askWithOpenssl(['-tls1_2', '-cipher', `${suite}:@SECLEVEL=0`]);
        assert.match(said, /alert handshake failure/);
        assertNoSession(said);
      });

    for (const suite of ['ECDHE-RSA-AES128-GCM-SHA256', 'ECDHE-RSA-AES256-GCM-SHA384'])
      it(`when it offers ${suite}, then that is spoken`, async () => {
        const said = await askWithOpenssl(['-tls1_2', '-cipher', suite]);
        assert.match(said, new RegExp(`New, TLSv1.2, Cipher is ${suite}`));
        assert.match(said, /Verify return code: 0 \(ok\)/);
      });

    for (const version of ['-tls1_2', '-tls1_3'])
      it(`when it comes back with a ${version.slice(1)} session, then it has to begin anew`, async () => {
        const session = `${caFile}.${version}.session`;
        const first = await askWithOpenssl([version, '-sess_out', session]);
        assert.match(first, /New, TLSv1/);
        const again = await askWithOpenssl([version, '-sess_in', session]);
        assert.doesNotMatch(again, /Reused, /);
        assert.match(again, /New, TLSv1/);
      });

    it('when it wants to renegotiate, then it may not', async () => {
      const said = await askWithOpenssl(['-tls1_2'], 'R\n');
      assert.match(said, /RENEGOTIATING/);
      assert.match(said, /no renegotiation|handshake failure/i);
    });

    it('when it looks at the request for a certificate, then the authorities are named', async () => {
      const said = await askWithOpenssl(['-tls1_3']);
      assert.match(said, /Acceptable client certificate CA names\nCN ?= ?Authority\n(?!CN)/);
    });

    /** What openssl says of a connection to the listener. */
    async function askWithOpenssl(options: readonly string[], said?: string): Promise<string> {
      const client = spawn('openssl', [
        's_client',
        '-connect',
        `127.0.0.1:${listener.port}`,
        '-CAfile',
        caFile,
        ...options,
      ]);
      return readAll(client, said ?? GET);
    }
  });

  function material({ certificate, key }: IssuedCertificate) {
    return { certificate, key, requestClientCertificate: true, clientAuthorities: [authority.certificate] };
  }

  function openConnection(options: Wishes = {}): Promise<TLSSocket> {
    return new Promise((resolve, reject) => {
      const socket = connect({ host: '127.0.0.1', port: listener.port, ca, ...options });
      socket.once('secureConnect', () => resolve(socket));
      socket.once('error', reject);
    });
  }

  async function exchange(request: string, options: Wishes = {}) {
    const socket = await openConnection(options);
    // The names of both are lost when the connection ends.
    const kept = {
      protocol: socket.getProtocol(),
      cipher: socket.getCipher(),
      peer: socket.getPeerCertificate(),
    };
    const received = await sendOver(socket, request);
    return {
      received,
      socket: {
        getProtocol: () => kept.protocol,
        getCipher: () => kept.cipher,
        getPeerCertificate: () => kept.peer,
      },
    };
  }

  function exchangePlain(text: string): Promise<Buffer> {
    const socket = connectPlain(listener.port, '127.0.0.1');
    return sendOver(socket, text);
  }
});

interface Wishes {
  readonly port?: number;
  readonly minVersion?: 'TLSv1.2' | 'TLSv1.3';
  readonly maxVersion?: 'TLSv1.2' | 'TLSv1.3';
}

function sendOver(socket: TLSSocket | ReturnType<typeof connectPlain>, text: string): Promise<Buffer> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    // A refusal closes the line while we may still be sending.
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(Buffer.concat(chunks)));
    socket.write(Buffer.from(text, 'latin1'));
  });
}

function whyNoOpenssl(): string | false {
  return spawnSync('openssl', ['version']).status === 0 ? false : 'openssl is not installed';
}

function assertNoSession(said: string): void {
  assert.match(said, /Cipher is \(NONE\)/);
}

/** All that a program says until it ends; it is told something once it has something to say. */
function readAll(program: ChildProcess, told: string): Promise<string> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    const listen = (chunk: Buffer) => {
      if (chunks.length === 0) program.stdin?.write(told);
      chunks.push(chunk);
    };
    program.stdout?.on('data', listen);
    program.stderr?.on('data', listen);
    program.stdin?.on('error', () => undefined);
    const late = setTimeout(() => program.kill(), 3_000);
    program.on('close', () => {
      clearTimeout(late);
      resolve(Buffer.concat(chunks).toString('latin1'));
    });
  });
}
