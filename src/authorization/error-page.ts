import { createHash } from 'node:crypto';

const STYLE =
  ':root{color-scheme:light dark}' +
  'body{margin:0;padding:clamp(1rem,8vh,5rem) min(1rem,5vw);background:#f3f5f8;color:#16202e;overflow-wrap:anywhere;' +
  'font:1rem/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif}' +
  'main{max-width:32rem;margin:0 auto;padding:1.5rem min(1.75rem,6vw);border:1px solid #d5dce6;border-radius:16px;background:#fff}' +
  'h1,p{margin:0}p{margin-top:1rem}h1{font-size:clamp(1.375rem,1.2rem + .8vw,1.75rem);line-height:1.2;text-wrap:balance}' +
  'main>:last-child{color:#51607a;font-size:.875rem}' +
  '@media (prefers-color-scheme:dark){body{background:#10151f;color:#eef2f8}main{border-color:#33405a;background:#1a2230}' +
  'main>:last-child{color:#aab7cb}}';

/** Content security policy of {@link renderErrorPage}: nothing but its one style sheet. */
export const ERROR_PAGE_POLICY =
  `default-src 'none'; style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'; ` +
  "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

interface Wording {
  readonly title: string;
  readonly text: string;
}

const FAULT: Wording = {
  title: 'Algo não saiu como esperado',
  text: 'Não foi possível continuar agora. Volte ao aplicativo que pediu os seus dados e tente de novo em alguns instantes.',
};

const INVALID: Wording = {
  title: 'Este pedido não pode ser atendido',
  text: 'O pedido que trouxe você até aqui não é válido. Volte ao aplicativo que pediu os seus dados e comece de novo.',
};

const EXPIRED: Wording = {
  title: 'Este pedido expirou',
  text: 'O pedido que trouxe você até aqui expirou ou já foi concluído. Volte ao aplicativo que pediu os seus dados e comece de novo.',
};

const WORDINGS: Readonly<Record<string, Wording>> = { server_error: FAULT, invalid_request_uri: EXPIRED };

/**
 * The page a customer sees when their browser cannot be sent back to the receiver. It shows the OAuth error code, for
 * whoever is asked for help, and nothing from the request.
 */
export function renderErrorPage(code: string): string {
  const { title, text } = Object.hasOwn(WORDINGS, code) ? (WORDINGS[code] as Wording) : INVALID;
  const shown = /^[a-z_]{1,64}$/.test(code) ? code : 'server_error';
  return (
    `<!doctype html><html lang="pt-BR"><head><meta charset="utf-8"><title>${title}</title>` +
    `<meta name="viewport" content="width=device-width,initial-scale=1"><style>${STYLE}</style></head>` +
    `<body><main><h1>${title}</h1><p>${text}</p><p>Código: <code>${shown}</code></p></main></body></html>`
  );
}
