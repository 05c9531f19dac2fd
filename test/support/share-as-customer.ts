import {
  authorizationUrl,
  redeemCode,
  type StartedAuthorization,
} from '../../src/receiver/authorization-url.ts';
import type { HolderConnection } from '../../src/receiver/connect-holder.ts';
import { createConsent } from '../../src/receiver/consents.ts';
import { type BrowserPage, createFormBrowser, type FormBrowser } from './form-browser.ts';
import type { AuthorisedConsent, TestSandbox } from './start-sandbox.ts';

/** What a receiver asks for, and what the customer makes of it. */
export interface WantedShare {
  readonly ecosystem: string;
  /** Login of an example customer, whose consent it is. */
  readonly login: string;
  readonly permissions: readonly string[];
  readonly company?: string | undefined;
  /** Members of `data` besides. */
  readonly change?: Readonly<Record<string, unknown>>;
  /** Fields of the page on which the customer chooses, such as `escolha-ACCOUNT`. */
  readonly choices?: Readonly<Record<string, readonly string[]>>;
  /** Scopes besides `openid` and the consent's own; `resources` unless it is said. */
  readonly scopes?: readonly string[];
  /** Origin of the customer's pages of another node; the institution's own unless it is said. */
  readonly pagesAt?: string;
}

const CONFIRM = 'Confirmar compartilhamento';
const REFUSE = 'Não compartilhar';
const HALF_A_YEAR_MS = 180 * 86_400_000;

/** A customer who has a request before them and has not decided yet. */
export interface UndecidedCustomer {
  readonly consentId: string;
  readonly started: StartedAuthorization;
  /** Presses the button, in a tab of its own. Answers with where the browser leaves to, if it leaves. */
  confirm(): Promise<URL | undefined>;
  refuse(): Promise<URL | undefined>;
}

/** Asks for a consent and leads the customer to the page on which they decide. */
export async function bringToDecision(
  running: TestSandbox,
  receiver: number,
  connection: HolderConnection,
  wanted: WantedShare,
): Promise<UndecidedCustomer> {
  const { ecosystem, login, permissions, company, change, choices, scopes = ['resources'], pagesAt } = wanted;
  const customer = running.customers(ecosystem).find((one) => one.login === login);
  if (!customer) throw new Error(`${ecosystem} has no customer ${login}`);
  const { consentId } = await createConsent(connection, {
    permissions,
    loggedUser: { document: { identification: customer.document, rel: 'CPF' } },
    ...(company ? { businessEntity: { document: { identification: company, rel: 'CNPJ' } } } : {}),
    expirationDateTime: new Date(Date.now() + HALF_A_YEAR_MS).toISOString().replace(/\.\d+/, ''),
    ...change,
  });
  const started = await authorizationUrl(connection, {
    consentId,
    redirectUri: running.redirectUri(receiver),
    scopes,
  });
  const browser = openBrowser(running, ecosystem, pagesAt);
  const { pathname, search } = started.url;
  const review = await logIn(browser, `${pathname}${search}`, login, customer.password);
  return {
    consentId,
    started,
    confirm: () => press(browser.fork(), review, CONFIRM, choices),
    refuse: () => press(browser.fork(), review, REFUSE),
  };
}

/** The whole way to tokens, with what the customer chooses. */
export async function shareAsCustomer(
  running: TestSandbox,
  receiver: number,
  connection: HolderConnection,
  wanted: WantedShare,
): Promise<AuthorisedConsent> {
  const { consentId, started, confirm } = await bringToDecision(running, receiver, connection, wanted);
  const callback = await confirm();
  if (!callback) throw new Error('the customer could not confirm');
  const tokens = await redeemCode(connection, callback, started);
  return {
    connection,
    consentId,
    accessToken: tokens.access_token,
    refreshToken: String(tokens.refresh_token),
  };
}

/** A further approver's word: `sim` or `nao` by the field of each resource, such as `resposta-ACCOUNT-cj-64505`. */
export async function answerAsApprover(
  running: TestSandbox,
  ecosystem: string,
  login: string,
  consentId: string,
  answers: Readonly<Record<string, string>>,
): Promise<void> {
  const customer = running.customers(ecosystem).find((one) => one.login === login);
  const own = `${new URL(running.institution(ecosystem).issuer).pathname}/consentimentos`;
  const browser = openBrowser(running, ecosystem);
  await logIn(browser, own, login, String(customer?.password));
  const page = await browser.open(`${own}/${encodeURIComponent(consentId)}/aprovar`);
  const done = await browser.press(page, 'Enviar resposta', answers);
  if (!done.text.includes('A sua resposta foi registrada')) throw new Error(`not taken: ${done.text}`);
}

function openBrowser({ institution, sandbox }: TestSandbox, ecosystem: string, origin?: string): FormBrowser {
  const own = new URL(institution(ecosystem).issuer).origin;
  return createFormBrowser(origin ?? own, sandbox.directory.authorities, new Map(), own);
}

async function logIn(
  browser: FormBrowser,
  path: string,
  login: string,
  password: string,
): Promise<BrowserPage> {
  return browser.press(await browser.open(path), 'Entrar', { acesso: login, senha: password });
}

async function press(
  browser: FormBrowser,
  page: BrowserPage,
  button: string,
  choices?: WantedShare['choices'],
): Promise<URL | undefined> {
  const pressed = await browser.press(page, button, choices);
  if (!pressed.root.querySelector('meta[http-equiv=refresh]')) return undefined;
  const { headers } = await browser.refresh(pressed);
  return typeof headers.location === 'string' ? new URL(headers.location) : undefined;
}
