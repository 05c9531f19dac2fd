import type { Customer } from '../../connectors/customer.ts';
import { type AreaVisit, createAreaPages } from './area-pages.ts';
import { checkForm } from './check-form.ts';
import { type ConsentOffer, offerConsent, offeredTypes } from './consent-offer.ts';
import type { CustomerSessions } from './customer-session.ts';
import { type Exchange, goTo, type Outcome, PageFault, type RouteMethods } from './exchange.ts';
import type { JourneySettings } from './journey-settings.ts';
import type { LogIn } from './log-in.ts';
import {
  approvalField,
  canEnd,
  isApprover,
  type OwnConsent,
  ownConsent,
  pathOf,
  START,
} from './own-consent.ts';

export interface CustomerAreaTools {
  readonly sessions: CustomerSessions;
  readonly logIn: LogIn;
}

const PURPOSE = 'area';

/**
 * The customer's own area, by the path below `/consentimentos`: their consents, ending one, and approving what somebody
 * else shares. A consent of other people is the same as none.
 */
export function customerArea(
  settings: JourneySettings,
  { sessions, logIn }: CustomerAreaTools,
): (first: string, step: string) => RouteMethods | undefined {
  const {
    consents,
    institution,
    profile,
    wording,
    subjectOf,
    onEvent,
    institutionTimeoutMs = 10_000,
  } = settings;
  const pages = createAreaPages(settings);
  const signal = () => AbortSignal.timeout(institutionTimeoutMs);

  /** Runs a step for who has logged in; everybody else is sent to log in. */
  function guarded(step: (exchange: Exchange, area: AreaVisit) => Promise<Outcome>) {
    return async (exchange: Exchange): Promise<Outcome> => {
      const visit = await sessions.visit(exchange.request, exchange.response, PURPOSE);
      const customer = visit.session && (await institution.customer(visit.session.customerId, signal()));
      return customer ? step(exchange, { visit, customer }) : goTo(START);
    };
  }

  async function open(exchange: Exchange): Promise<Outcome> {
    const visit = await sessions.visit(exchange.request, exchange.response, PURPOSE);
    const customer = visit.session && (await institution.customer(visit.session.customerId, signal()));
    if (!customer) return pages.login(visit);
    const found = await consents.ofPerson(profile.ecosystem, customer.cpf);
    return pages.list(
      { visit, customer },
      found.map((consent) => ownConsent(consent, customer)),
    );
  }

  async function enter(exchange: Exchange): Promise<Outcome> {
    const visit = await sessions.visit(exchange.request, exchange.response, PURPOSE);
    checkForm(exchange, visit, `${START}/entrar`, START);
    const result = await logIn(exchange, PURPOSE);
    return result.outcome === 'done' ? goTo(START) : pages.login(visit, result);
  }

  async function leave(exchange: Exchange): Promise<Outcome> {
    const visit = await sessions.visit(exchange.request, exchange.response, PURPOSE);
    checkForm(exchange, visit, `${START}/sair`, START);
    await sessions.end(exchange.request);
    return goTo(START);
  }

  async function find(id: string, customer: Customer): Promise<OwnConsent> {
    const consent = await consents.find(id);
    const own = consent?.ecosystem === profile.ecosystem ? ownConsent(consent, customer) : undefined;
    if (!own || !(own.isOwner || isApprover(own.consent, customer))) throw unknown();
    return own;
  }

  /** The consent in words, with what this customer has of what it is about. */
  async function offer({ consent }: OwnConsent, customer: Customer): Promise<ConsentOffer> {
    const cnpj = consent.businessEntity?.identification;
    const types = offeredTypes(consent, profile);
    return offerConsent(
      consent,
      profile,
      wording,
      await institution.discover(customer, cnpj, types, signal()),
    );
  }

  async function read(exchange: Exchange, area: AreaVisit, id: string): Promise<Outcome> {
    const own = await find(id, area.customer);
    return pages.detail(area, own, await offer(own, area.customer), exchange.url.searchParams.get('aviso'));
  }

  async function askRevocation(area: AreaVisit, id: string): Promise<Outcome> {
    const own = await find(id, area.customer);
    return canEnd(own) ? pages.revocation(area, own) : goTo(pathOf(own.consent));
  }

  async function revoke(exchange: Exchange, { visit, customer }: AreaVisit, id: string): Promise<Outcome> {
    const own = await find(id, customer);
    const path = pathOf(own.consent);
    checkForm(exchange, visit, `${path}/cancelar`, START);
    if (!canEnd(own)) return goTo(path);
    const isAwaiting = own.consent.status === 'AWAITING_AUTHORISATION';
    const code = isAwaiting ? 'CUSTOMER_MANUALLY_REJECTED' : 'CUSTOMER_MANUALLY_REVOKED';
    const actor = `customer:${subjectOf(customer.id)}`;
    const done = await consents.reject(own.consent.id, { rejectedBy: 'USER', code }, actor);
    onEvent({ kind: 'revocation', outcome: done ? 'done' : 'late', consentId: own.consent.id });
    return goTo(`${path}?aviso=${done ? 'cancelado' : 'tarde'}`);
  }

  async function askApproval(area: AreaVisit, id: string): Promise<Outcome> {
    const own = await find(id, area.customer);
    if (own.awaiting.length === 0) return goTo(pathOf(own.consent));
    return pages.approval(area, own, await offer(own, area.customer));
  }

  async function approve(exchange: Exchange, area: AreaVisit, id: string): Promise<Outcome> {
    const { customer, visit } = area;
    const own = await find(id, customer);
    const path = pathOf(own.consent);
    checkForm(exchange, visit, `${path}/aprovar`, START);
    if (own.awaiting.length === 0) return goTo(path);
    const words = own.awaiting.map((resource) => exchange.form.get(approvalField(resource)));
    if (words.some((word) => word !== 'sim' && word !== 'nao'))
      return pages.approval(area, own, await offer(own, customer), exchange.form);
    const approved = own.awaiting.filter((_, index) => words[index] === 'sim');
    const done = await consents.approve(own.consent.id, customer.cpf, approved, subjectOf(customer.id));
    onEvent({ kind: 'approval', outcome: done ? 'done' : 'late', consentId: own.consent.id });
    return goTo(`${path}?aviso=${done ? 'respondido' : 'tarde'}`);
  }

  const back = async () => goTo(START);
  const ownRoutes: Readonly<Record<string, RouteMethods>> = {
    '': { GET: open },
    entrar: { GET: back, POST: enter },
    sair: { GET: back, POST: leave },
  };

  function consentRoutes(id: string): Readonly<Record<string, RouteMethods>> {
    return {
      '': { GET: guarded((exchange, area) => read(exchange, area, id)) },
      cancelar: {
        GET: guarded((_, area) => askRevocation(area, id)),
        POST: guarded((exchange, area) => revoke(exchange, area, id)),
      },
      aprovar: {
        GET: guarded((_, area) => askApproval(area, id)),
        POST: guarded((exchange, area) => approve(exchange, area, id)),
      },
    };
  }

  return (first, step) => {
    if (Object.hasOwn(ownRoutes, first)) return step === '' ? ownRoutes[first] : undefined;
    const routes = consentRoutes(first);
    return Object.hasOwn(routes, step) ? routes[step] : undefined;
  };
}

function unknown(): PageFault {
  return new PageFault(404, {
    title: 'Compartilhamento não encontrado',
    text: 'Ele não existe ou não é seu.',
    link: { path: START, label: 'Ver meus compartilhamentos' },
  });
}
