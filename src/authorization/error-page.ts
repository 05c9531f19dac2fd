import { createHash } from 'node:crypto';

const STYLE =
  'body{font:1.125rem/1.5 system-ui,sans-serif;margin:3rem auto;max-width:34rem;padding:0 1rem;color:#1a1a1a;background:#fff}' +
  'h1{font-size:1.5rem}code{font-size:1rem}';

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
