import { type HTMLElement, parse } from 'node-html-parser';
import type { CustomFetch } from '../../receiver/mtls-fetch.ts';

/** Who logs in, and what the simulation needs to reach the pages. */
export interface SimulatedCustomer {
  readonly login: string;
  readonly password: string;
  readonly fetch: CustomFetch;
}

/** Pages and redirects between the authorization request and the receiver. */
const MOST_STEPS = 20;

/**
 * Simulates a customer in the sandbox: opens the authorization URL, logs in, ticks everything that is offered and
 * approves, with the same pages and forms that a browser gets. Answers with the URL by which the browser would return to
 * the receiver. Rejects when the journey ends anywhere else.
 */
export async function approveAsCustomer(
  start: URL,
  redirectUri: string,
  customer: SimulatedCustomer,
): Promise<URL> {
  const cookies = new Map<string, string>();
  let next: PageRequest = { url: start, method: 'GET' };
  for (let step = 0; step < MOST_STEPS; step += 1) {
    const response = await send(next, cookies, customer.fetch);
    const target = redirectTarget(response, next.url);
    if (target) {
      await response.body?.cancel();
      if (target.href.startsWith(redirectUri)) return target;
      next = { url: target, method: 'GET' };
      continue;
    }
    const page = parse(await response.text());
    const onward = refreshTarget(page, next.url);
    if (onward) {
      if (onward.href.startsWith(redirectUri)) return onward;
      next = { url: onward, method: 'GET' };
      continue;
    }
    const form = page.querySelector('main form[method=post]');
    if (!response.ok || !form)
      throw new Error(`the consent journey ended with status ${response.status} at ${next.url.pathname}`);
    next = fill(form, next.url, customer);
  }
  throw new Error(`the consent journey took more than ${MOST_STEPS} steps`);
}

interface PageRequest {
  readonly url: URL;
  readonly method: 'GET' | 'POST';
  readonly form?: URLSearchParams;
}

async function send(
  { url, method, form }: PageRequest,
  cookies: Map<string, string>,
  fetch: CustomFetch,
): Promise<Response> {
  const response = await fetch(url.href, {
    method,
    redirect: 'manual',
    headers: {
      accept: 'text/html',
      origin: url.origin,
      cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; '),
      ...(form && { 'content-type': 'application/x-www-form-urlencoded' }),
    },
    body: form?.toString(),
  });
  for (const line of response.headers.getSetCookie()) keep(line, cookies);
  return response;
}

/** Cookies without paths: the journey is the only visitor of these pages. */
function keep(line: string, cookies: Map<string, string>): void {
  const [pair = '', ...attributes] = line.split(';');
  const at = pair.indexOf('=');
  const name = pair.slice(0, at).trim();
  const value = pair.slice(at + 1).trim();
  const isGone =
    value === '' ||
    attributes.some((attribute) => /^\s*(max-age=0|expires=thu, 01 jan 1970)/i.test(attribute));
  if (isGone) cookies.delete(name);
  else cookies.set(name, value);
}

function redirectTarget(response: Response, base: URL): URL | undefined {
  const location = response.headers.get('location');
  return location === null ? undefined : new URL(location, base);
}

function refreshTarget(page: HTMLElement, base: URL): URL | undefined {
  const content = page.querySelector('meta[http-equiv=refresh]')?.getAttribute('content');
  const target = content?.match(/url=['"]?([^'"]+)/i)?.[1];
  return target === undefined ? undefined : new URL(target, base);
}

function fill(form: HTMLElement, base: URL, { login, password }: SimulatedCustomer): PageRequest {
  const values = new URLSearchParams();
  const groups = new Set<string>();
  for (const input of form.querySelectorAll('input')) {
    const name = input.getAttribute('name');
    const type = input.getAttribute('type') ?? 'text';
    if (!name || input.hasAttribute('disabled')) continue;
    if (type === 'password') values.append(name, password);
    else if (type === 'radio') {
      if (!groups.has(name)) values.append(name, input.getAttribute('value') ?? 'on');
      groups.add(name);
    } else if (type === 'checkbox' || type === 'hidden')
      values.append(name, input.getAttribute('value') ?? 'on');
    else if (type !== 'submit') values.append(name, login);
  }
  const button = form.querySelector('button[type=submit], button:not([type]), input[type=submit]');
  const name = button?.getAttribute('name');
  if (name) values.append(name, button?.getAttribute('value') ?? '');
  return { url: new URL(form.getAttribute('action') || base.href, base), method: 'POST', form: values };
}
