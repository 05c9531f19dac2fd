import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { parse } from 'node-html-parser';
import { createReceiverPage } from './receiver-page.ts';

describe('given the page of the simulated receiver', () => {
  let server: Server;
  let origin: string;
  before(async () => {
    server = createServer(createReceiverPage({ path: '/receiver/callback' }));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  after(() => server.close());

  const fetchPage = async (target: string, method = 'GET') => {
    const response = await fetch(`${origin}${target}`, { method });
    const text = await response.text();
    return { status: response.status, headers: response.headers, text, root: parse(text) };
  };
  const facts = (root: ReturnType<typeof parse>) =>
    root
      .querySelectorAll('section[aria-labelledby=na-consulta] dl > div')
      .map((row) => [row.querySelector('dt')?.rawText, row.querySelector('dd')?.rawText]);

  it('when a browser arrives, then it says that the receiver is simulated', async () => {
    const { status, root, headers } = await fetchPage('/receiver/callback');
    assert.equal(status, 200);
    assert.equal(headers.get('content-type'), 'text/html; charset=utf-8');
    assert.equal(root.querySelector('html')?.getAttribute('lang'), 'pt-BR');
    assert.match(root.querySelector('main')?.textContent ?? '', /Receptora simulada do sandbox/);
    assert.deepEqual(facts(root), []);
  });

  it('when something comes in the query, then it is shown as text', async () => {
    const { root } = await fetchPage(
      `/receiver/callback?dummy1=lorem&x=${encodeURIComponent('<img src=x onerror="a">')}`,
    );
    assert.deepEqual(facts(root), [
      ['dummy1', 'lorem'],
      ['x', '&#60;img src=x onerror=&#34;a&#34;&#62;'],
    ]);
    assert.equal(root.querySelector('img'), null);
  });

  it('when the query tells of an error, then the title does', async () => {
    const { root } = await fetchPage('/receiver/callback?error=access_denied');
    assert.equal(root.querySelector('h1')?.textContent, 'A autorização não foi dada');
  });

  it('when a query is endless, then the page is not', async () => {
    const many = Array.from({ length: 200 }, (_, index) => `m${index}=v`).join('&');
    assert.equal(facts((await fetchPage(`/receiver/callback?${many}`)).root).length, 20);
    const [long] = facts((await fetchPage(`/receiver/callback?long=${'a'.repeat(9_000)}`)).root);
    assert.equal(long?.[1]?.length, 4_096);
  });

  it('when it is read by a browser, then only its own style and its own script count', async () => {
    const { root, headers } = await fetchPage('/receiver/callback');
    const policy = headers.get('content-security-policy') ?? '';
    const hashOf = (tag: string) =>
      createHash('sha256')
        .update(root.querySelector(tag)?.rawText ?? '')
        .digest('base64');
    assert.equal(
      policy,
      `default-src 'none'; style-src 'sha256-${hashOf('style')}'; script-src 'sha256-${hashOf('script')}'; ` +
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    );
    assert.equal(root.querySelectorAll('script, style').length, 2);
    assert.equal(headers.get('referrer-policy'), 'no-referrer');
    assert.equal(headers.get('cache-control'), 'no-store');
  });

  it('when scripts are off, then the page says what they would show', async () => {
    const { root } = await fetchPage('/receiver/callback');
    assert.match(root.querySelector('noscript')?.textContent ?? '', /só um script pode mostrá-la/);
    assert.ok(root.querySelector('#fragmento')?.hasAttribute('hidden'));
  });

  it('when it is not read, or another path is, then there is nothing', async () => {
    const posted = await fetchPage('/receiver/callback', 'POST');
    assert.equal(posted.status, 405);
    assert.equal(posted.headers.get('allow'), 'GET, HEAD');
    assert.equal((await fetchPage('/receiver/callback/other')).status, 404);
    assert.equal((await fetchPage('/receiver/callback?x=1', 'HEAD')).text, '');
  });
});
