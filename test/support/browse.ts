import { exchangeTls, type TlsAnswer } from './exchange-tls.ts';

const MOST_REDIRECTS = 10;

/** Where a browser has come to. */
export interface Arrival {
  /** The address that it stands at, or would ask for next. */
  readonly url: URL;
  /** What it shows; undefined once it has left for another host. */
  readonly answer: TlsAnswer | undefined;
}

/** A browser as far as cookies and redirects go. */
export interface Browser {
  /** Follows redirects on the host where it began, and stops at the first address elsewhere. */
  visit(url: string | URL): Promise<Arrival>;
}

interface Cookie {
  readonly value: string;
  readonly path: string;
}

export function createBrowser(): Browser {
  const jar = new Map<string, Cookie>();

  function keep(cookie: string): void {
    const [pair = '', ...attributes] = cookie.split(';').map((part) => part.trim());
    const at = pair.indexOf('=');
    const path = attributes.find((each) => each.toLowerCase().startsWith('path='))?.slice(5) ?? '/';
    const isGone = attributes.some((each) => /^expires=thu, 01 jan 1970/i.test(each));
    const name = `${path} ${pair.slice(0, at)}`;
    if (isGone) jar.delete(name);
    else jar.set(name, { value: pair, path });
  }

  function cookiesFor({ pathname }: URL): string {
    return [...jar.values()]
      .filter(({ path }) => pathname === path || pathname.startsWith(path.endsWith('/') ? path : `${path}/`))
      .map(({ value }) => value)
      .join('; ');
  }

  return {
    async visit(start) {
      const { host } = new URL(start);
      let url = new URL(start);
      for (let step = 0; step < MOST_REDIRECTS; step += 1) {
        if (url.host !== host) return { url, answer: undefined };
        const cookie = cookiesFor(url);
        const answer = await exchangeTls(url, {
          headers: { accept: 'text/html', ...(cookie ? { cookie } : {}) },
        });
        for (const each of answer.headers['set-cookie'] ?? []) keep(each);
        if (answer.headers.location === undefined) return { url, answer };
        url = new URL(answer.headers.location, url);
      }
      throw new Error('redirected in circles');
    },
  };
}
