import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { exchangeBytes } from '../support/exchange-bytes.ts';
import { madeUpContract, madeUpData, makeThings, THINGS } from '../support/made-up-contract.ts';
import { type AnswerOnTheWire, readAnswers } from '../support/read-answers.ts';
import { type SeededRandom, seededRandom } from '../support/seeded-random.ts';
import { startDataHolder } from '../support/start-data-holder.ts';

const SEED = Number(process.env.GUICHE_FUZZ_SEED ?? Date.now() % 2 ** 32);
const CONNECTIONS = 5_000;
/** On a busy machine fewer connections have to do. */
const MOST_MS = 15_000;
const AT_ONCE = 40;

const path = `/${THINGS}`;
const GOOD = `GET ${path}?page-size=2 HTTP/1.1\r\nHost: a\r\n`;

/** Hostile in one known way each. */
const KNOWN: Record<string, string | Buffer> = {
  'no host': `GET ${path} HTTP/1.1\r\n\r\n`,
  'HTTP/1.0 without host': `GET ${path} HTTP/1.0\r\n\r\n`,
  'HTTP/0.9': `GET ${path}\r\n\r\n`,
  'HTTP/2 preface': 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0',
  'HTTP/3.7': `GET ${path} HTTP/3.7\r\nHost: a\r\n\r\n`,
  'a TLS greeting': Buffer.from('1603010200010001fc0303', 'hex'),
  'OPTIONS *': 'OPTIONS * HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n',
  CONNECT: 'CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n',
  'an absolute form': `GET http://evil.example${path} HTTP/1.1\r\nHost: a\r\n\r\n`,
  'an absolute form without path': 'GET http://evil.example HTTP/1.1\r\nHost: a\r\n\r\n',
  'another scheme': `GET file://${path} HTTP/1.1\r\nHost: a\r\n\r\n`,
  'an authority form': 'GET evil.example:80 HTTP/1.1\r\nHost: a\r\n\r\n',
  'no target': 'GET  HTTP/1.1\r\nHost: a\r\n\r\n',
  'NUL in the target': 'GET /\0 HTTP/1.1\r\nHost: a\r\n\r\n',
  'NUL in a header': `${GOOD}x: a\0b\r\n\r\n`,
  'line feeds alone': `GET ${path} HTTP/1.1\nHost: a\n\n`,
  'a folded header': `${GOOD}x: a\r\n b\r\n\r\n`,
  'a header without name': `${GOOD}: a\r\n\r\n`,
  'a header without colon': `${GOOD}nonsense\r\n\r\n`,
  'a blank before the colon': `${GOOD}x : a\r\n\r\n`,
  'two lengths': `${GOOD}Content-Length: 1\r\nContent-Length: 2\r\n\r\nab`,
  'a negative length': `${GOOD}Content-Length: -1\r\n\r\n`,
  'an immense length': `${GOOD}Content-Length: 99999999999999999999999\r\n\r\n`,
  'a length and chunks': `${GOOD}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
  'chunks of an unknown kind': `${GOOD}Transfer-Encoding: gzip\r\n\r\n`,
  'chunks twice': `${GOOD}Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n`,
  'a broken chunk': `POST ${path} HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n`,
  'an immense chunk': `POST ${path} HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n`,
  'less than announced': `POST ${path} HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nabc`,
  'more than announced': `POST ${path} HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nabcdef`,
  'an unknown expectation': `${GOOD}Expect: miracles\r\nConnection: close\r\n\r\n`,
  'an upgrade': `${GOOD}Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: x\r\n\r\n`,
  'a method in lower case': `get ${path} HTTP/1.1\r\nHost: a\r\n\r\n`,
  'an invented method': `BREW ${path} HTTP/1.1\r\nHost: a\r\n\r\n`,
  'bytes beyond ASCII': Buffer.concat([
    Buffer.from('GET /'),
    Buffer.from([0xff, 0xfe]),
    Buffer.from(' HTTP/1.1\r\n\r\n'),
  ]),
  'nothing but line ends': '\r\n'.repeat(50),
  'a head cut short': GOOD,
  'nothing at all': '',
};

describe(`given a service that strangers reach (seed ${SEED}; GUICHE_FUZZ_SEED repeats one)`, async () => {
  const { port, holder, get, logged } = await startDataHolder({
    contracts: [madeUpContract()],
    data: { [THINGS]: madeUpData('flat', [makeThings(50)]) },
  });
  // Slow callers are cut within the test's patience; in service they are given seconds.
  holder.server.app.server.headersTimeout = 300;
  holder.server.app.server.requestTimeout = 600;

  it('when a request is hostile in a known way, then it is answered in the regulated shape or not at all', async () => {
    for (const [given, request] of Object.entries(KNOWN)) {
      const bytes = await exchangeBytes(port, { pieces: [Buffer.from(request as string)] });
      for (const answer of readAnswers(bytes)) assertRegulated(answer, given);
      if (!['CONNECT', 'nothing at all', 'nothing but line ends'].includes(given)) {
        assert.ok(bytes.length > 0, `no answer to ${given}`);
      }
    }
  });

  it('when the request line or the headers are too large, then 431 reaches a caller who is still sending', async () => {
    for (const head of [
      `GET /${'a'.repeat(100_000)} HTTP/1.1\r\nHost: a\r\n\r\n`,
      `${GOOD}x: ${'y'.repeat(2_000_000)}\r\n\r\n`,
      `${GOOD}${'x: y\r\n'.repeat(20_000)}\r\n`,
    ]) {
      const [answer] = readAnswers(await exchangeBytes(port, { pieces: [Buffer.from(head)] }));
      assert.equal(answer?.status, 431);
      assertRegulated(answer, 'too large');
      assert.equal(answer.headers.connection, 'close');
    }
  });

  it('when a caller sends too slowly or never ends, then 408 comes and the connection closes', async () => {
    const slow = [
      { pieces: [Buffer.from(GOOD)], ends: false },
      {
        pieces: Buffer.from(GOOD.repeat(20))
          .toString()
          .split('')
          .map((byte) => Buffer.from(byte)),
        pauseMs: 40,
      },
      { pieces: [Buffer.from('G')], ends: false },
    ];
    const answers = await Promise.all(
      slow.map(async (bytes) => readAnswers(await exchangeBytes(port, bytes))),
    );
    for (const [answer] of answers) {
      assert.equal(answer?.status, 408);
      assertRegulated(answer, 'slow');
    }
  });

  it('when good requests are pipelined, then they are answered in their order', async () => {
    const pages = [1, 2, 3, 4, 5, 6, 7, 8];
    const request = (page: number) =>
      [
        `GET ${path}?page=${page}&page-size=5 HTTP/1.1`,
        'Host: a',
        ...(page % 2 ? [] : ['Accept-Encoding: br']),
        ...(page === pages.length ? ['Connection: close'] : []),
        '\r\n',
      ].join('\r\n');
    const pieces = [Buffer.from(pages.map(request).join(''))];
    const bytes = await exchangeBytes(port, { pieces, ends: false });
    const answers = readAnswers(bytes);
    assert.equal(answers.length, pages.length);
    for (const [index, page] of pages.entries()) {
      const expected = await get(
        `${path}?page=${page}&page-size=5`,
        page % 2 ? {} : { 'accept-encoding': 'br' },
      );
      assert.deepEqual(answers[index]?.body, expected.bytes);
    }
  });

  it('when a broken request follows good ones, then it is refused after they are answered', async () => {
    const slow = (page: number) =>
      `GET ${path}?page=${page}&page-size=3 HTTP/1.1\r\nHost: a\r\nAccept-Encoding: br\r\n\r\n`;
    const pieces = [Buffer.from(`${slow(1)}${slow(2)}GARBAGE\r\n\r\n${slow(3)}`)];
    const answers = readAnswers(await exchangeBytes(port, { pieces, ends: false }));
    assert.deepEqual(
      answers.map(({ status }) => status),
      [200, 200, 400],
    );
  });

  it('when a pipelined request wants to be told to go on, then nothing lands inside the answers', async () => {
    const hopeful = `POST ${path} HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n`;
    const pieces = [Buffer.from(`${GOOD}\r\n${hopeful}{}`)];
    const bytes = await exchangeBytes(port, { pieces, ends: false });
    assert.deepEqual(
      readAnswers(bytes).map(({ status }) => status),
      [200, 405],
    );
    assert.doesNotMatch(bytes.toString('latin1'), /HTTP\/1\.1 100/);
  });

  it(`when ${CONNECTIONS} connections bring mutated requests, then none is answered with a 5xx or out of shape`, async () => {
    const random = seededRandom(SEED);
    let sent = 0;
    let answered = 0;
    const end = performance.now() + MOST_MS;
    async function strike(): Promise<void> {
      while (sent < CONNECTIONS && performance.now() < end) {
        sent += 1;
        const bytes = mutatedRequests(random);
        const received = await exchangeBytes(port, { pieces: inPieces(random, bytes) });
        const shown = `seed ${SEED} ${JSON.stringify(bytes.toString('latin1').slice(0, 2_000))}`;
        const answers = readAnswersTo(shown, received);
        for (const answer of answers) assertRegulated(answer, shown);
        answered += answers.length;
      }
    }
    await Promise.all(Array.from({ length: AT_ONCE }, strike));
    assert.ok(answered > sent / 2, `only ${answered} answers to ${sent} connections`);
  });

  it('then the service is as it was, and nothing of all that was worth an error in the log', async () => {
    const received = await get(`${path}?page-size=2`);
    assert.equal(received.status, 200);
    assert.deepEqual(received.json().data, makeThings(2));
    assert.deepEqual(logged, []);
  });
});

function readAnswersTo(given: string, received: Buffer): AnswerOnTheWire[] {
  try {
    return readAnswers(received);
  } catch (error) {
    throw new Error(
      `${(error as Error).message} to ${given}: ${received.toString('latin1').slice(0, 2_000)}`,
    );
  }
}

const SECURITY = [
  'content-security-policy',
  'strict-transport-security',
  'x-content-type-options',
  'x-frame-options',
];

function assertRegulated({ status, headers, body }: AnswerOnTheWire, given: string): void {
  const shown = `${status} ${body.toString('utf8').slice(0, 300)} to ${given}`;
  assert.ok(status < 500, shown);
  for (const name of [...SECURITY, 'x-fapi-interaction-id', 'cache-control', 'date']) {
    assert.ok(headers[name], `${name} is missing: ${shown}`);
  }
  if (status === 204 || status === 304) return;
  assert.equal(headers['content-type'], 'application/json; charset=utf-8', shown);
  if (body.length === 0 || headers['content-encoding'] !== undefined) return;
  const answer = JSON.parse(body.toString('utf8'));
  if (status === 200) {
    assert.deepEqual(Object.keys(answer), ['data', 'links', 'meta'], shown);
    return;
  }
  assert.deepEqual(Object.keys(answer), ['errors', 'meta'], shown);
  assert.equal(answer.errors.length, 1, shown);
  const { code, title, detail } = answer.errors[0];
  for (const text of [code, title, detail]) assert.equal(typeof text, 'string', shown);
  assert.doesNotMatch(body.toString(), /node_modules|\.ts\b|Error:|at .*:\d+/, shown);
}

const METHODS = [
  'GET',
  'HEAD',
  'POST',
  'OPTIONS',
  'TRACE',
  'CONNECT',
  'get',
  'G\0T',
  'PRI',
  '',
  'PROPFIND',
  'QUERY',
];
const TARGETS = [
  path,
  `${path}/`,
  `${path}?page=2&page-size=7`,
  `${path}?page=-1`,
  `${path}?page=%`,
  `${path}?page-size=999999999999999999999`,
  `${path}?${'a=b&'.repeat(300)}`,
  `${path}%00`,
  `${path}#x`,
  `http://evil.example${path}`,
  `//${path}`,
  '/%',
  '/%2e%2e/%2e%2e/etc/passwd',
  '/../../etc/passwd',
  '*',
  'evil:80',
  '',
  '/open-insurance/channels/v2/branches',
  '/open-insurance/products-services/v2/home-insurance/commercializationArea/%zz',
  `/open-insurance/products-services/v2/home-insurance/commercializationArea/${'9'.repeat(700)}`,
];
const VERSIONS = [
  'HTTP/1.1',
  'HTTP/1.1',
  'HTTP/1.1',
  'HTTP/1.0',
  'HTTP/2.0',
  'HTTP/9',
  'http/1.1',
  'HTTP/1.1 ',
  '',
];
const HEADERS = [
  'Host: a',
  'Host: a',
  'Host: a',
  'Host:',
  'Host: a\r\nHost: b',
  'Connection: close',
  'Connection: keep-alive, upgrade',
  'Upgrade: h2c',
  'Accept: text/html',
  'Accept: application/json;q=0',
  'Accept: ;;;q=',
  'Accept-Encoding: br',
  'Accept-Encoding: gzip;q=1.5, *;q=-1',
  'If-None-Match: *',
  'If-None-Match: """,,,W/',
  'If-Modified-Since: Thu, 99 Foo 2999 99:99:99 GMT',
  'If-Modified-Since: -1',
  'Range: bytes=0-0,-1',
  'Expect: 100-continue',
  'Expect: x',
  'Content-Length: 5',
  'Content-Length: 0x5',
  'Transfer-Encoding: chunked',
  'Transfer-Encoding: identity',
  'Content-Type: ;;;',
  'Content-Type: application/json',
  'x-fapi-interaction-id: \u0001',
  'x-fapi-interaction-id: 3f2504e0-4f89-11d3-9a0c-0305e82c3301',
  'x-v: \t',
  'X-Forwarded-Host: evil.example',
  'X-HTTP-Method-Override: DELETE',
  `Cookie: ${'c=1; '.repeat(500)}`,
];
const BODIES = [
  '',
  '',
  '',
  'hello',
  '5\r\nhello\r\n0\r\n\r\n',
  '{"a":',
  'zz\r\n',
  '0\r\n',
  '\r\n\r\n',
  '\0'.repeat(9),
];

/** One to four requests after one another, most of them nearly right, some of the bytes then changed. */
function mutatedRequests(random: SeededRandom): Buffer {
  if (random.chance(0.05)) return random.bytes(1 + random.below(400));
  const count = random.chance(0.25) ? 2 + random.below(3) : 1;
  const requests = Array.from({ length: count }, () =>
    random.chance(0.2) ? `${GOOD}\r\n` : nearlyRight(random),
  );
  const bytes = Buffer.from(requests.join(''), 'latin1');
  return random.chance(0.5) ? changeBytes(random, bytes) : bytes;
}

function nearlyRight(random: SeededRandom): string {
  const method = random.chance(0.6) ? 'GET' : random.pick(METHODS);
  const target = random.chance(0.3) ? path : random.pick(TARGETS);
  const headers = Array.from({ length: random.below(5) }, () => `${random.pick(HEADERS)}\r\n`);
  if (random.chance(0.8)) headers.unshift('Host: a\r\n');
  if (random.chance(0.01)) headers.push(`x: ${'y'.repeat(20_000)}\r\n`);
  return `${method} ${target} ${random.pick(VERSIONS)}\r\n${headers.join('')}\r\n${random.pick(BODIES)}`;
}

function changeBytes(random: SeededRandom, bytes: Buffer): Buffer {
  let changed = bytes;
  for (let changes = 1 + random.below(4); changes > 0 && changed.length > 0; changes -= 1) {
    const at = random.below(changed.length);
    const before = changed.subarray(0, at);
    const after = changed.subarray(at);
    const way = random.below(5);
    if (way === 0) changed = Buffer.concat([before, random.bytes(1), after.subarray(1)]);
    else if (way === 1) changed = Buffer.concat([before, after.subarray(1 + random.below(8))]);
    else if (way === 2) changed = Buffer.concat([before, random.bytes(1 + random.below(8)), after]);
    else if (way === 3) changed = Buffer.concat([before, after.subarray(0, 20), after]);
    else changed = random.chance(0.3) ? before : Buffer.concat([before, Buffer.from('\r\n'), after]);
  }
  return changed;
}

function inPieces(random: SeededRandom, bytes: Buffer): Buffer[] {
  if (random.chance(0.7)) return [bytes];
  const cut = random.below(bytes.length + 1);
  return [bytes.subarray(0, cut), bytes.subarray(cut)];
}
