import type { Customer } from '../../connectors/customer.ts';
import type { CustomerSessions } from './customer-session.ts';
import type { Exchange } from './exchange.ts';
import type { JourneySettings } from './journey-settings.ts';

/** Longer ones are nobody's, and are not worth hashing. */
const LONGEST_LOGIN = 100;
const LONGEST_PASSWORD = 200;

/** How a login ended. `wrong` never tells which of the two was; `over` is one that is good for nothing any more. */
export type LoginResult =
  | { readonly outcome: 'done'; readonly customer: Customer }
  | { readonly outcome: keyof typeof FAULTS; readonly login: string };

export type LogIn = (exchange: Exchange, purpose: string) => Promise<LoginResult>;

/** Creates what logs a customer in from a form with `acesso` and `senha`. */
export function createLogIn(
  {
    institution,
    attempts,
    addressOf,
    onEvent,
    institutionTimeoutMs = 10_000,
  }: Pick<JourneySettings, 'institution' | 'attempts' | 'addressOf' | 'onEvent' | 'institutionTimeoutMs'>,
  sessions: CustomerSessions,
): LogIn {
  return async ({ request, response, form }, purpose) => {
    const login = (form.get('acesso') ?? '').trim();
    const password = form.get('senha') ?? '';
    const address = addressOf(request);
    const shown = login.slice(0, LONGEST_LOGIN);

    if (!(await attempts.take(shown, address))) {
      onEvent({ kind: 'login', outcome: 'limited' });
      return { outcome: 'limited', login: shown };
    }
    const isPossible = login.length <= LONGEST_LOGIN && password.length <= LONGEST_PASSWORD;
    const signal = AbortSignal.timeout(institutionTimeoutMs);
    const customer = isPossible ? await institution.authenticate(login, password, signal) : undefined;
    if (!customer) {
      onEvent({ kind: 'login', outcome: 'wrong' });
      return { outcome: 'wrong', login: shown };
    }
    await attempts.giveBack(shown, address);
    await sessions.begin(request, response, { customerId: customer.id, purpose });
    onEvent({ kind: 'login', outcome: 'done' });
    return { outcome: 'done', customer };
  };
}

const FAULTS = {
  wrong: {
    status: 422,
    headers: {},
    text: 'Usuário ou senha não conferem. Confira os dois e tente de novo.',
  },
  limited: {
    status: 429,
    headers: { 'retry-after': '900' },
    text: 'Foram muitas tentativas. Por segurança, espere 15 minutos antes de tentar de novo.',
  },
  over: {
    status: 403,
    headers: {},
    text: 'O seu acesso terminou ou foi feito em outra aba. Nada foi confirmado ainda: entre de novo para revisar o pedido.',
  },
} as const;

/** What is said of a login that did not succeed; undefined of one that did. The same whoever tried. */
export function describeLoginFault({ outcome }: LoginResult) {
  return outcome === 'done' ? undefined : FAULTS[outcome];
}
