import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { madeUpContract, madeUpData, makeThings, THINGS } from '../support/made-up-contract.ts';
import type { RequestToSend } from '../support/send-request.ts';
import { startDataHolder } from '../support/start-data-holder.ts';

const url = `/${THINGS}`;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const VERSION_HEADERS = ['x-v', 'x-min-v'].map((name) => ({
  name,
  in: 'header',
  schema: { type: 'string' },
}));
const DATA = { [THINGS]: madeUpData('flat', [makeThings(3)]) };

describe('given any answer', async () => {
  const { send } = await startDataHolder({ contracts: [madeUpContract({ version: '1.2.3 ' })], data: DATA });
  const requests: (RequestToSend & { status: number })[] = [
    { status: 200, path: url },
    { status: 200, path: url, method: 'HEAD' },
    { status: 304, path: url, headers: { 'if-none-match': '*' } },
    { status: 400, path: `${url}?page=x` },
    { status: 404, path: '/open-insurance/channels/v2/branches' },
    { status: 404, path: '/nothing' },
    { status: 404, path: '/open-insurance/discovery/v1/status-of-another' },
    { status: 405, path: url, method: 'DELETE' },
    { status: 406, path: url, headers: { accept: 'text/html' } },
    { status: 422, path: `${url}?page-size=5000` },
  ];

  for (const { status, ...request } of requests) {
    const shown = `${request.method ?? 'GET'} ${request.path} ${JSON.stringify(request.headers ?? {})}`;
    it(`when it is the ${status} to ${shown}, then it carries the protections and an interaction id`, async () => {
      const { status: got, headers } = await send(request);
      assert.equal(got, status);
      assert.equal(headers['content-security-policy'], "frame-ancestors 'none'");
      assert.equal(headers['strict-transport-security'], 'max-age=31536000; includeSubDomains');
      assert.equal(headers['x-content-type-options'], 'nosniff');
      assert.equal(headers['x-frame-options'], 'DENY');
      assert.equal(headers['cache-control'], status < 400 ? 'public, no-cache' : 'no-store');
      assert.equal(headers['content-type'], status === 304 ? undefined : 'application/json; charset=utf-8');
      assert.match(headers['x-fapi-interaction-id'] as string, UUID);
      assert.equal(headers['x-v'], versionAt(request.path));
      for (const name of ['server', 'x-powered-by', 'set-cookie']) assert.equal(headers[name], undefined);
    });
  }

  it('when the caller names an interaction, then a UUID is echoed and anything else replaced', async () => {
    const given = '3F2504E0-4F89-11D3-9A0C-0305E82C3301';
    for (const path of [url, '/nothing', `${url}?page=x`]) {
      const { headers } = await send({ path, headers: { 'x-fapi-interaction-id': given } });
      assert.equal(headers['x-fapi-interaction-id'], given);
      for (const wrong of ['', 'abc', `${given}0`, `{${given}}`, `${given}, ${given}`, '<script>']) {
        const answer = await send({ path, headers: { 'x-fapi-interaction-id': wrong } });
        assert.match(answer.headers['x-fapi-interaction-id'] as string, UUID);
        assert.notEqual(answer.headers['x-fapi-interaction-id'], given);
      }
    }
  });

  it('when the caller accepts JSON in any way, then it comes; otherwise 406', async () => {
    for (const accept of [
      '',
      '*/*',
      'application/*',
      'application/json',
      'Application/JSON',
      'application/json; charset=utf-8',
      'text/html, application/json;q=0.1',
      'text/html;q=0.9, */*;q=0.1',
    ]) {
      assert.equal((await send({ path: url, headers: { accept } })).status, 200, accept);
    }
    for (const accept of [
      'text/html',
      'application/xml',
      'application/json;q=0',
      'text/*',
      'nonsense',
      ';;;',
      '/',
    ]) {
      assert.equal((await send({ path: url, headers: { accept } })).status, 406, accept);
    }
  });

  it('when x-v is sent where the contract does not take it, then it is ignored', async () => {
    const answer = await send({ path: url, headers: { 'x-v': '9.9.9', 'x-min-v': 'x' } });
    assert.equal(answer.status, 200);
  });

  it('when the described request headers of the response are missing or odd, then nothing changes', async () => {
    const headers = { 'cache-control': 'no-cache', 'content-type': 'text/plain', 'x-frame-options': 'ALLOW' };
    assert.equal((await send({ path: url, headers })).status, 200);
  });
});

describe('given a contract that negotiates its version and is at 1.2.3', async () => {
  const { get } = await startDataHolder({
    contracts: [madeUpContract({ parameters: VERSION_HEADERS })],
    data: DATA,
  });
  const cases: [string | undefined, string | undefined, 200 | 406][] = [
    [undefined, undefined, 200],
    ['1.2.3', undefined, 200],
    ['2.0.0', undefined, 406],
    ['2.0.0', '1.0.0', 200],
    ['1.2.2', '1.0.0', 406],
    ['2.0.0', '1.2.4', 406],
    ['1.2.3', '1.2.3', 200],
    ['1.2.3', '9.0.0', 200],
    [undefined, '1.0.0', 200],
    [undefined, '1.3.0', 406],
    ['newest', undefined, 406],
    ['', '', 200],
  ];
  for (const [wanted, least, status] of cases) {
    it(`when x-v is ${wanted} and x-min-v ${least}, then the answer is ${status}`, async () => {
      const headers = {
        ...(wanted === undefined ? {} : { 'x-v': wanted }),
        ...(least === undefined ? {} : { 'x-min-v': least }),
      };
      const answer = await get(url, headers);
      assert.equal(answer.status, status);
      assert.equal(answer.headers['x-v'], '1.2.3');
      if (status === 406) assert.equal(answer.json().errors[0].code, 'VERSAO_NAO_SUPORTADA');
    });
  }
});

describe('given a service that is stopping', async () => {
  const { holder, get } = await startDataHolder({ contracts: [madeUpContract()], data: DATA });

  it('when it answers, then it asks the caller to leave the connection', async () => {
    assert.equal((await get(url)).headers.connection, 'keep-alive');
    holder.server.drain();
    for (const path of [url, '/nothing']) assert.equal((await get(path)).headers.connection, 'close');
    assert.equal((await get(url, { 'if-none-match': '*' })).headers.connection, 'close');
  });
});

function versionAt(path: string): string | undefined {
  if (path.startsWith(url)) return '1.2.3';
  return path.startsWith('/open-insurance/channels/v2') ? '2.0.0' : undefined;
}
