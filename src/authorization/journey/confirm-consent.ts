import type { OfferedResource } from '../../connectors/customer.ts';
import type { Selection } from '../../consents/consent.ts';
import { belongsTo } from './belongs-to.ts';
import { checkForm } from './check-form.ts';
import {
  type CustomerPosition,
  createConfirmationPages,
  ended,
  type Position,
} from './confirmation-pages.ts';
import { offerConsent, offeredTypes } from './consent-offer.ts';
import type { CustomerSessions } from './customer-session.ts';
import { type Exchange, goTo, type Outcome, type RouteMethods } from './exchange.ts';
import type { HeldDecision, HeldDecisions } from './held-decision.ts';
import type { JourneySettings } from './journey-settings.ts';
import type { LogIn } from './log-in.ts';
import { readSelection } from './read-selection.ts';

export interface ConfirmConsentTools {
  readonly sessions: CustomerSessions;
  readonly decisions: HeldDecisions;
  readonly logIn: LogIn;
}

const UID = /^[\w-]{1,100}$/;

/**
 * The confirmation of one consent, by the path below `/consentimento/<uid>`: log in, read, choose, decide, and go back
 * to the receiver. The uid alone opens nothing: the browser must be the one that was sent.
 */
export function confirmConsent(
  settings: JourneySettings,
  { sessions, decisions, logIn }: ConfirmConsentTools,
): (uid: string, step: string) => RouteMethods | undefined {
  const { interactions, institution, profile, wording, onEvent, institutionTimeoutMs = 10_000 } = settings;
  const pages = createConfirmationPages(profile);
  const signal = () => AbortSignal.timeout(institutionTimeoutMs);

  async function locate({ request, response }: Exchange, uid: string): Promise<Position> {
    const pending = await interactions.find(request, response);
    if (pending?.uid !== uid || pending.consent.status !== 'AWAITING_AUTHORISATION') throw ended();
    const visit = await sessions.visit(request, response, uid);
    return { uid, start: `/consentimento/${uid}`, pending, visit };
  }

  async function withCustomer(position: Position): Promise<CustomerPosition | undefined> {
    const { session } = position.visit;
    const customer = session && (await institution.customer(session.customerId, signal()));
    return session && customer && { ...position, session, customer };
  }

  async function discover({ pending, customer }: CustomerPosition): Promise<readonly OfferedResource[]> {
    const cnpj = pending.consent.businessEntity?.identification;
    return institution.discover(customer, cnpj, offeredTypes(pending.consent, profile), signal());
  }

  async function open(exchange: Exchange, uid: string): Promise<Outcome> {
    const arrived = await locate(exchange, uid);
    const position = await withCustomer(arrived);
    if (!position) return pages.login(arrived);
    if (!belongsTo(position.customer, position.pending.consent)) return pages.mismatch(position);
    return pages.review(
      position,
      offerConsent(position.pending.consent, profile, wording, await discover(position)),
    );
  }

  async function enter(exchange: Exchange, uid: string): Promise<Outcome> {
    const position = await locate(exchange, uid);
    checkForm(exchange, position.visit, `${position.start}/entrar`, position.start);
    const result = await logIn(exchange, uid);
    return result.outcome === 'done' ? goTo(position.start) : pages.login(position, result);
  }

  async function leaveLogin(exchange: Exchange, uid: string): Promise<Outcome> {
    const position = await locate(exchange, uid);
    checkForm(exchange, position.visit, `${position.start}/sair`, position.start);
    await sessions.end(exchange.request);
    return goTo(position.start);
  }

  async function goBack(exchange: Exchange, uid: string): Promise<Outcome> {
    const position = await locate(exchange, uid);
    checkForm(exchange, position.visit, `${position.start}/voltar`, position.start);
    return leave(position, { kind: 'left' });
  }

  async function decide(exchange: Exchange, uid: string): Promise<Outcome> {
    const arrived = await locate(exchange, uid);
    const position = await withCustomer(arrived);
    if (!position) return pages.login(arrived, { outcome: 'over', login: '' });
    checkForm(exchange, position.visit, `${position.start}/decidir`, position.start);
    const { pending, customer } = position;
    if (!belongsTo(customer, pending.consent)) return pages.mismatch(position);
    if (exchange.form.get('decisao') !== 'confirmar') return leave(position, { kind: 'refused' });
    const offer = offerConsent(pending.consent, profile, wording, await discover(position));
    if (offer.isEmpty) return pages.review(position, offer);
    const reading = readSelection(offer, exchange.form, customer.cpf);
    if ('faults' in reading) return pages.review(position, offer, reading.faults, exchange.form);
    return leave(position, { kind: 'approved', selection: reading.selection });
  }

  async function leave(position: Position, decision: HeldDecision): Promise<Outcome> {
    await decisions.hold(position.visit.id, position.uid, decision);
    return pages.leaving(position, decision);
  }

  async function conclude(exchange: Exchange, uid: string): Promise<Outcome> {
    const position = await locate(exchange, uid);
    const decision = await decisions.find(position.visit.id, uid);
    if (!decision) return goTo(position.start);
    const isSent =
      decision.kind === 'approved'
        ? await approve(exchange, position, decision.selection)
        : await refuse(exchange, position, decision.kind);
    if (!isSent) return goTo(position.start);
    await Promise.all([decisions.drop(position.visit.id, uid), sessions.end(exchange.request)]);
    return { kind: 'sent' };
  }

  async function approve(
    { request, response }: Exchange,
    position: Position,
    selection: Selection,
  ): Promise<boolean> {
    const found = await withCustomer(position);
    if (!found || !belongsTo(found.customer, found.pending.consent)) return false;
    const { customer, session, pending } = found;
    const { consent, receiver } = pending;
    const event = { kind: 'consent', consentId: consent.id, clientId: receiver.clientId } as const;
    const isDone = await interactions.approve(request, response, {
      customer,
      ...(consent.businessEntity && { company: consent.businessEntity.identification }),
      permissions: consent.permissions,
      selection,
      authenticatedAt: session.authenticatedAt,
      assurance: 2,
    });
    onEvent({ ...event, outcome: isDone ? 'done' : 'late' });
    if (!isDone) throw ended();
    return true;
  }

  async function refuse(
    { request, response }: Exchange,
    position: Position,
    kind: 'refused' | 'left',
  ): Promise<boolean> {
    const found = await withCustomer(position);
    const { consent, receiver } = position.pending;
    const isRefused = kind === 'refused';
    if (isRefused && !(found && belongsTo(found.customer, consent))) return false;
    const outcome = isRefused ? 'refused' : 'mismatch';
    const isDone = await interactions.refuse(request, response, outcome, found?.customer);
    onEvent({
      kind: 'consent',
      consentId: consent.id,
      clientId: receiver.clientId,
      outcome: isDone ? outcome : 'late',
    });
    if (!isDone) throw ended();
    return true;
  }

  return (uid, step) => {
    if (!UID.test(uid)) return undefined;
    const back = async () => goTo(`/consentimento/${uid}`);
    const routes: Readonly<Record<string, RouteMethods>> = {
      '': { GET: (exchange) => open(exchange, uid) },
      entrar: { GET: back, POST: (exchange) => enter(exchange, uid) },
      sair: { GET: back, POST: (exchange) => leaveLogin(exchange, uid) },
      voltar: { GET: back, POST: (exchange) => goBack(exchange, uid) },
      decidir: { GET: back, POST: (exchange) => decide(exchange, uid) },
      concluir: { GET: (exchange) => conclude(exchange, uid) },
    };
    return Object.hasOwn(routes, step) ? routes[step] : undefined;
  };
}
