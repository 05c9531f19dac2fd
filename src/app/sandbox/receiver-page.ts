import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';

/** More members, or longer ones, than any answer to an authorization request has are not shown. */
const MOST_MEMBERS = 20;
const LONGEST_VALUE = 4_096;

/**
 * Creates the page on which a person lands who follows a consent of the sandbox in a browser of their own: it says that
 * no real receiver is behind it and shows what the institution has sent. GET and HEAD only. What comes in the query is
 * escaped; what comes in the fragment never leaves the browser and is shown by a script (OAuth 2.0 Multiple Response
 * Type Encoding Practices, §5), without which the page says so.
 *
 * @param path that the page is mounted at
 */
export function createReceiverPage({
  path,
}: {
  readonly path: string;
}): (request: IncomingMessage, response: ServerResponse) => void {
  return (request, response) => {
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.setHeader('allow', 'GET, HEAD');
      return write(request, response, 405, renderPage('Esta página só pode ser lida', []));
    }
    const [asked = '', query = ''] = splitOnce(request.url ?? '', '?');
    if (asked !== path) return write(request, response, 404, renderPage('Não há nada neste endereço', []));
    const members = [...new URLSearchParams(query)].slice(0, MOST_MEMBERS);
    write(request, response, 200, renderPage(titleOf(members), members));
  };
}

function titleOf(members: readonly (readonly [string, string])[]): string {
  return members.some(([name]) => name === 'error') ? REFUSED : ARRIVED;
}

const ARRIVED = 'Você chegou à receptora simulada';
const REFUSED = 'A autorização não foi dada';

const STYLE = `
:root{color-scheme:light dark;--page:#f3f5f8;--card:#fff;--ink:#16202e;--quiet:#51607a;--line:#d5dce6;--mark:#7a4a00;--soft:#fdf1d8}
@media (prefers-color-scheme:dark){:root{--page:#10151f;--card:#1a2230;--ink:#eef2f8;--quiet:#aab7cb;--line:#33405a;--mark:#ffcf7d;--soft:#3b2d12}}
*{box-sizing:border-box}
body{margin:0;background:var(--page);color:var(--ink);font:1rem/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif;overflow-wrap:anywhere}
main{max-width:46rem;margin:0 auto;padding:2.5rem 1rem 4rem}
main>*,section>*{margin:0}
main>*+*{margin-top:1.25rem}
h1{font-size:clamp(1.5rem,1.25rem + 1.3vw,2.125rem);line-height:1.2;letter-spacing:-.015em;text-wrap:balance}
h2{font-size:1.1875rem;line-height:1.3}
.tag{display:table;padding:.1875rem .75rem;border:1px solid transparent;border-radius:999px;background:var(--soft);color:var(--mark);font-size:.875rem;font-weight:600}
.lead,.hint,dt{color:var(--quiet)}
section{padding:1.25rem;border:1px solid var(--line);border-radius:16px;background:var(--card)}
section>*+*{margin-top:1rem}
section[hidden]{display:none}
dl>div+div{margin-top:.875rem}
dt{font-size:.875rem}
dd{margin:0;word-break:break-all;font:.9375rem/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}
`;

/** Text only: nothing that arrives is ever read as markup. */
const SCRIPT = `
const members = [...new URLSearchParams(location.hash.slice(1))].slice(0, ${MOST_MEMBERS});
const list = document.querySelector('#fragmento dl');
for (const [name, value] of members) {
  const row = document.createElement('div');
  row.append(document.createElement('dt'), document.createElement('dd'));
  row.firstChild.textContent = name.slice(0, ${LONGEST_VALUE});
  row.lastChild.textContent = value.slice(0, ${LONGEST_VALUE});
  list.append(row);
}
document.querySelector('#fragmento').hidden = members.length === 0;
document.querySelector('.hint').hidden = !members.some(([name]) => name === 'code');
if (members.some(([name]) => name === 'error'))
  document.title = document.querySelector('h1').textContent = '${REFUSED}';
else if (members.some(([name]) => name === 'code'))
  document.title = document.querySelector('h1').textContent = 'Autorização recebida';
`;

const POLICY = [
  "default-src 'none'",
  `style-src ${hashSource(STYLE)}`,
  `script-src ${hashSource(SCRIPT)}`,
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

function renderPage(title: string, query: readonly (readonly [string, string])[]): string {
  return `<!doctype html>
<html lang="pt-BR">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${title}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<p class="tag">Receptora simulada do sandbox</p>
<h1>${title}</h1>
<p class="lead">Em um ecossistema de verdade, aqui abriria o aplicativo ou site que pediu o consentimento. Esta página só mostra o que chegou pelo navegador: nada foi guardado nem enviado a ninguém.</p>
<noscript><section><h2>O navegador está sem scripts</h2><p>A resposta da instituição vem depois do sinal # do endereço, e só um script pode mostrá-la. Ela continua na barra de endereço e pode ser copiada de lá.</p></section></noscript>
<section id="fragmento" aria-labelledby="no-fragmento" hidden><h2 id="no-fragmento">Resposta da instituição</h2><dl></dl><p class="hint">O código vale por pouco tempo e uma única vez. Para continuar, a receptora o troca por um token com o endereço completo desta página.</p></section>
${query.length === 0 ? '' : renderQuery(query)}</main>
<script>${SCRIPT}</script>
</body>
</html>
`;
}

function renderQuery(members: readonly (readonly [string, string])[]): string {
  const rows = members.map(
    ([name, value]) => `<div><dt>${escapeHtml(name)}</dt><dd>${escapeHtml(value)}</dd></div>`,
  );
  return `<section aria-labelledby="na-consulta"><h2 id="na-consulta">Parte do próprio endereço</h2><dl>${rows.join('')}</dl></section>\n`;
}

function write(request: IncomingMessage, response: ServerResponse, status: number, html: string): void {
  const body = Buffer.from(html);
  response.writeHead(status, {
    'content-type': 'text/html; charset=utf-8',
    'content-length': body.length,
    'content-security-policy': POLICY,
    'cache-control': 'no-store',
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
  });
  response.end(request.method === 'HEAD' ? undefined : body);
}

function hashSource(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}

function escapeHtml(text: string): string {
  return text.slice(0, LONGEST_VALUE).replace(/[<>&"']/g, (character) => `&#${character.codePointAt(0)};`);
}

function splitOnce(text: string, mark: string): [string, string] {
  const at = text.indexOf(mark);
  return at === -1 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}
