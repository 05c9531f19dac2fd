import { request as send } from 'node:https';
import { type HTMLElement, parse } from 'node-html-parser';

/** An answer as a browser without scripts has it. */
export interface BrowserPage {
  readonly url: URL;
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
  readonly root: HTMLElement;
}

export interface SentRequest {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
}

/** A browser that has no scripts: cookies, redirects, forms, and pages that refresh into others. */
export interface FormBrowser {
  readonly cookies: Map<string, string>;
  /** Fetches and follows redirects as long as they stay on the origin. */
  open(path: string): Promise<BrowserPage>;
  /** One request, nothing followed. */
  send(path: string, request?: SentRequest): Promise<BrowserPage>;
  /** Sends the form that has this button, with what is filled in already and what is given, and follows redirects. */
  press(
    page: BrowserPage,
    button: string,
    values?: Readonly<Record<string, string | readonly string[]>>,
  ): Promise<BrowserPage>;
  /** Follows a refresh to where it leads. */
  refresh(page: BrowserPage): Promise<BrowserPage>;
  /** Another browser of the same site, with the cookies that this one has now. */
  fork(): FormBrowser;
}

const MOST_REDIRECTS = 10;

/**
 * Creates a browser of one origin, whose authority it trusts.
 *
 * @param knownAs what the site calls itself, where the browser reaches it elsewhere
 */
export function createFormBrowser(
  origin: string,
  ca: string,
  jar = new Map<string, string>(),
  knownAs = origin,
): FormBrowser {
  function sendOnce(
    path: string,
    { method = 'GET', headers = {}, body }: SentRequest = {},
  ): Promise<BrowserPage> {
    const url = new URL(path, origin);
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ');
    return new Promise((resolve, reject) => {
      const outgoing = send(
        url,
        { method, ca, agent: false, headers: { ...(cookie && { cookie }), ...headers } },
        (incoming) => {
          const chunks: Buffer[] = [];
          incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
          incoming.on('error', reject);
          incoming.on('end', () => {
            for (const line of incoming.headers['set-cookie'] ?? []) {
              const [name = '', value = ''] = (line.split(';')[0] ?? '').split('=');
              jar.set(name, value);
            }
            const text = Buffer.concat(chunks).toString();
            resolve({
              url,
              status: incoming.statusCode ?? 0,
              headers: incoming.headers,
              text,
              root: parse(text),
            });
          });
        },
      );
      outgoing.on('error', reject);
      outgoing.end(body);
    });
  }

  async function follow(first: BrowserPage): Promise<BrowserPage> {
    let page = first;
    for (let count = 0; count < MOST_REDIRECTS; count += 1) {
      const location = page.headers.location;
      if (typeof location !== 'string') return page;
      const target = new URL(location, page.url);
      if (![origin, knownAs].some((own) => new URL(own).origin === target.origin)) return page;
      page = await sendOnce(`${target.pathname}${target.search}`);
    }
    throw new Error('the site redirects without end');
  }

  return {
    cookies: jar,
    open: async (path) => follow(await sendOnce(path)),
    send: sendOnce,
    fork: () => createFormBrowser(origin, ca, new Map(jar), knownAs),

    async press(page, label, values = {}) {
      const button = page.root.querySelectorAll('button').find((each) => each.textContent.trim() === label);
      const form = button?.closest('form');
      if (!button || !form)
        throw new Error(`no form has a button called ${label}:\n${page.root.textContent}`);
      const name = button.getAttribute('name');
      const entries = [
        ...filledIn(form).filter(([field]) => !Object.hasOwn(values, field)),
        ...Object.entries(values).flatMap(([field, value]) =>
          [value].flat().map((each) => [field, each] as [string, string]),
        ),
        ...(name ? [[name, button.getAttribute('value') ?? ''] as [string, string]] : []),
      ];
      const answer = await sendOnce(form.getAttribute('action') ?? '', {
        method: 'POST',
        headers: { 'content-type': 'application/x-www-form-urlencoded', 'sec-fetch-site': 'same-origin' },
        body: new URLSearchParams(entries).toString(),
      });
      return follow(answer);
    },

    async refresh(page) {
      const content = page.root.querySelector('meta[http-equiv=refresh]')?.getAttribute('content') ?? '';
      const target = /^0; url=(.+)$/.exec(content)?.[1];
      if (target === undefined) throw new Error(`the page does not refresh:\n${page.root.textContent}`);
      return follow(await sendOnce(target));
    },
  };
}

function filledIn(form: HTMLElement): [string, string][] {
  return form.querySelectorAll('input').flatMap((input): [string, string][] => {
    const name = input.getAttribute('name');
    const isTickable = ['checkbox', 'radio'].includes(input.getAttribute('type') ?? '');
    if (!name || (isTickable && !input.hasAttribute('checked'))) return [];
    return [[name, decode(input.getAttribute('value') ?? '')]];
  });
}

function decode(text: string): string {
  return parse(`<p>${text}</p>`).textContent;
}
