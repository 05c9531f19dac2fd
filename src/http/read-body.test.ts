import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import { exchangeBytes } from '../../test/support/exchange-bytes.ts';
import { type AnswerOnTheWire, readAnswers } from '../../test/support/read-answers.ts';
import { type RequestToSend, sendRequest } from '../../test/support/send-request.ts';
import { answerWith, madeUpOperation, startListener } from '../../test/support/start-listener.ts';
import { answerProblem } from '../contract/call.ts';
import { createProblem } from '../kernel/problem.ts';
import { readBody } from './read-body.ts';

const JSON_TYPE = { 'content-type': 'application/json' };
const MOST_BYTES = 64 * 1024;

const slow = 'GET /slow HTTP/1.1\r\nHost: a\r\n\r\n';
const steps = [answerWith(({ body }) => ({ body, isGiven: body !== undefined }))];
const post = (path: string, statuses = [201], mediaTypes = ['application/json; charset=utf-8']) => ({
  operation: madeUpOperation({ method: 'POST', path, statuses, mediaTypes }),
  steps,
});

describe('given an operation that takes a body', async () => {
  const { port, logged } = await startListener({
    operations: [
      post('/things'),
      post('/strict', [201, 415]),
      post('/patches', [200], ['application/merge-patch+json', 'application/json']),
      {
        operation: madeUpOperation({ path: '/slow' }),
        steps: [
          async () => {
            await new Promise((resolve) => setTimeout(resolve, 50));
            return { kind: 'json', status: 200, body: 'slow' };
          },
        ],
      },
      {
        operation: madeUpOperation({ method: 'POST', path: '/closed', mediaTypes: ['application/json'] }),
        steps: [() => answerProblem(createProblem('ACESSO_RESTRITO')), readBody, ...steps],
      },
      { operation: madeUpOperation({ method: 'DELETE', path: '/things' }), steps },
    ],
  });
  const send = (request: Partial<RequestToSend>) =>
    sendRequest(port, { method: 'POST', path: '/things', headers: JSON_TYPE, ...request });

  it('when it is JSON, then the call has it', async () => {
    for (const body of ['{"data":{"a":[1,null,"é"]}}', '[]', '"text"', 'null', 'false'])
      assert.deepEqual((await send({ body })).json().seen, { body: JSON.parse(body), isGiven: true }, body);
  });

  it('when the content type says the same in other words, then the call has it', async () => {
    for (const type of [
      'Application/JSON',
      'application/json;charset=UTF-8',
      'application/json ; Charset="utf-8"; v=1',
    ])
      assert.equal((await send({ body: '{}', headers: { 'content-type': type } })).status, 200, type);
    const patch = {
      path: '/patches',
      body: '{}',
      headers: { 'content-type': 'application/merge-patch+json' },
    };
    assert.equal((await send(patch)).status, 200);
  });

  it('when there is none, then the call has none, whatever the content type says', async () => {
    for (const headers of [
      {},
      { 'content-type': 'text/xml' },
      { 'content-length': '0' },
      { 'transfer-encoding': 'chunked' },
    ])
      for (const own of [headers, { ...JSON_TYPE, ...headers }]) {
        const received = await send({ headers: own });
        if (received.status === 200) assert.deepEqual(received.json().seen, { isGiven: false });
        // Chunks may hold something: of what type has to be said before.
        else assert.deepEqual(own, { 'transfer-encoding': 'chunked' });
      }
  });

  it('when the media type is not of the contract, then it is 415 where the contract has that, and 400 elsewhere', async () => {
    for (const type of [
      'text/plain',
      'application/x-www-form-urlencoded',
      'application/jsonp',
      'text/application/json',
      'application/json, text/plain',
      'application/json; charset=iso-8859-1',
      '',
      ';',
    ]) {
      const headers = { 'content-type': type };
      assert.equal((await send({ body: '{}', headers })).status, 400, type);
      const strict = await send({ path: '/strict', body: '{}', headers });
      assert.equal(strict.status, 415, type);
      assert.equal(strict.json().errors[0].code, 'TIPO_DE_CONTEUDO_NAO_SUPORTADO');
    }
    assert.equal((await send({ body: '{}', headers: {} })).status, 400);
  });

  it('when it is compressed, then 415 says that it must not be', async () => {
    for (const encoding of ['gzip', 'br', 'deflate', 'gzip, identity', 'nonsense']) {
      const body = gzipSync('{}').toString('latin1');
      const received = await send({ body, headers: { ...JSON_TYPE, 'content-encoding': encoding } });
      assert.equal(received.status, 415, encoding);
      assert.equal(received.headers['accept-encoding'], 'identity');
    }
    const plain = { body: '{}', headers: { ...JSON_TYPE, 'content-encoding': 'identity' } };
    assert.equal((await send(plain)).status, 200);
  });

  it('when it is not strict JSON, then 400 says so and repeats nothing of it', async () => {
    for (const body of ['{', '{"a":1,"a":2}', '{"segredo":}', '\u{feff}{}', '{} x', "{'a':1}", ' ']) {
      const received = await send({ body });
      assert.equal(received.status, 400, body);
      assert.equal(received.json().errors[0].code, 'CORPO_MALFORMADO');
      assert.doesNotMatch(String(received.bytes), /segredo/);
    }
  });

  it('when it is as large as it may be, then the call has it; one byte more is 413, announced or in chunks', async () => {
    const most = JSON.stringify('x'.repeat(MOST_BYTES - 2));
    assert.equal((await send({ body: most })).status, 200);
    for (const headers of [JSON_TYPE, { ...JSON_TYPE, 'transfer-encoding': 'chunked' }]) {
      const received = await send({ body: `${most} `, headers });
      assert.equal(received.status, 413);
      assert.equal(received.json().errors[0].code, 'CORPO_MUITO_GRANDE');
    }
    assert.equal((await send({ body: 'x'.repeat(3_000_000) })).status, 413);
    assert.equal((await send({ body: '{}' })).status, 200);
  });

  it('when a check before it refuses the call, then the body is not waited for', async () => {
    const head =
      'POST /closed HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 9\r\n';
    const answers = await exchange(`${head}Expect: 100-continue\r\nConnection: close\r\n\r\n`, false);
    assert.deepEqual(statuses(answers), [403]);
  });

  it('when the caller waits to be told to send it, then it is told once, and only when it may send it', async () => {
    const head = (length: number, more = '') =>
      `POST /things HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: ${length}\r\nExpect: 100-Continue\r\nConnection: close\r\n${more}\r\n`;
    const bytes = await exchangeBytes(port, {
      pieces: [Buffer.from(head(2)), Buffer.from('{}')],
      pauseMs: 50,
    });
    assert.match(String(bytes), /^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 OK\r\n/);
    for (const refused of [head(MOST_BYTES + 1), head(2, 'Content-Encoding: gzip\r\n')]) {
      const answer = String(await exchangeBytes(port, { pieces: [Buffer.from(refused)], ends: false }));
      assert.match(answer, /^HTTP\/1\.1 41[35] /);
      assert.doesNotMatch(answer, /100 Continue/);
    }
  });

  it('when bodies are pipelined behind a slow answer, then each is told to go on and answered in its turn', async () => {
    const head = 'POST /things HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n';
    const pieces = [
      `${slow}${head}Content-Length: 7\r\nExpect: 100-continue\r\n\r\n`,
      '{"a":1}',
      `${slow}${head}Content-Length: 7\r\n\r\n{"a":2}${head}Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n3\r\n{"a\r\n4\r\n":3}\r\n0\r\n\r\n`,
    ].map((piece) => Buffer.from(piece));
    const bytes = await exchangeBytes(port, { pieces, pauseMs: 150, ends: false });
    assert.deepEqual(readAnswers(bytes).map(seenBody), [undefined, 1, undefined, 2, 3]);
    assert.equal(String(bytes).split('100 Continue').length, 2);
    assert.ok(bytes.indexOf('100 Continue') > bytes.indexOf('"slow"'));
  });

  it('when a body comes before its sender was told to go on, then the answer says that the connection ends', async () => {
    const text = `${slow}POST /things HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 7\r\nExpect: 100-continue\r\n\r\n{"a":1}`;
    const answers = await exchange(text, false);
    assert.deepEqual(answers.map(seenBody), [undefined, 1]);
    assert.equal(answers[1]?.headers.connection, 'close');
  });

  it('when length and chunks contradict each other, then 400 ends the connection before anything is smuggled', async () => {
    const smuggled = 'GET /slow HTTP/1.1\r\nHost: a\r\n\r\n';
    for (const framing of [
      `Content-Length: ${smuggled.length + 5}\r\nTransfer-Encoding: chunked`,
      'Transfer-Encoding: chunked\r\nContent-Length: 5',
      'Content-Length: 5\r\nContent-Length: 6',
      'Content-Length: 5, 5',
      'Content-Length: +5',
      'Transfer-Encoding: chunked, identity',
      'Transfer-Encoding: xchunked',
      'Transfer-Encoding : chunked',
    ]) {
      const text = `POST /things HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n${framing}\r\n\r\n0\r\n\r\n${smuggled}`;
      const answers = await exchange(text, false);
      assert.deepEqual(statuses(answers), [400], framing);
    }
  });

  it('when a chunk is broken, then 400 comes at once with the interaction id of the call', async () => {
    const id = '3f2504e0-4f89-41d3-9a0c-0305e82c3301';
    const text = `POST /things HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nx-fapi-interaction-id: ${id}\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\nzz\r\n`;
    const began = performance.now();
    const [answer, ...more] = await exchange(text, false);
    assert.ok(performance.now() - began < 5_000);
    assert.equal(answer?.status, 400);
    assert.equal(answer?.headers['x-fapi-interaction-id'], id);
    assert.deepEqual(more, []);
  });

  it('when the caller goes away in the middle, then nothing is answered and nothing is worth an error', async () => {
    const text =
      'POST /things HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"a":';
    const answers = await exchange(text, true);
    for (const { status } of answers) assert.equal(status, 400);
    assert.deepEqual(logged, []);
  });

  it('when an operation takes none, then what comes is not read', async () => {
    const received = await send({ method: 'DELETE', body: '{"a":1}' });
    assert.deepEqual(received.json().seen, { isGiven: false });
  });

  async function exchange(text: string, ends: boolean): Promise<AnswerOnTheWire[]> {
    return readAnswers(await exchangeBytes(port, { pieces: [Buffer.from(text)], ends }));
  }
});

describe('given a caller who sends a body slowly', async () => {
  const { port, server } = await startListener({ operations: [post('/things')] });
  // In service it is given seconds.
  server.app.server.headersTimeout = 300;
  server.app.server.requestTimeout = 500;

  it('when it has not come whole in time, then 408 ends the connection', async () => {
    const head =
      'POST /things HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n';
    const pieces = [Buffer.from(head), ...Array.from({ length: 80 }, () => Buffer.from(' '))];
    const [answer, ...more] = readAnswers(await exchangeBytes(port, { pieces, pauseMs: 100, ends: false }));
    assert.equal(answer?.status, 408);
    assert.equal(answer?.headers.connection, 'close');
    assert.deepEqual(more, []);
  });
});

function statuses(answers: readonly AnswerOnTheWire[]): number[] {
  return answers.map(({ status }) => status);
}

function seenBody({ body }: AnswerOnTheWire): unknown {
  return JSON.parse(String(body)).seen?.body?.a;
}
