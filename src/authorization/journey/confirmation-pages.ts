import type { Customer } from '../../connectors/customer.ts';
import type { ConsentProfile } from '../../consents/consent-profile.ts';
import type { PendingInteraction } from '../interactions.ts';
import { TOKEN_FIELD } from './check-form.ts';
import { type Choice, type ConsentOffer, isService } from './consent-offer.ts';
import type { CustomerSession, Visit } from './customer-session.ts';
import { describeEnd, maskCpf, writeCnpj } from './describe-consent.ts';
import { type Outcome, PageFault, show } from './exchange.ts';
import type { HeldDecision } from './held-decision.ts';
import { describeLoginFault, type LoginResult } from './log-in.ts';
import type { ChoiceFault } from './read-selection.ts';

/** Where a browser is in the confirmation of one consent. */
export interface Position {
  readonly uid: string;
  /** Path of the confirmation's first page. */
  readonly start: string;
  readonly pending: PendingInteraction;
  readonly visit: Visit;
}

/** A position in which somebody has logged in. */
export interface CustomerPosition extends Position {
  readonly session: CustomerSession;
  readonly customer: Customer;
}

export interface ConfirmationPages {
  login(position: Position, result?: LoginResult): Outcome;
  mismatch(position: CustomerPosition): Outcome;
  /** `form` is what was sent, to be shown again with what is wrong about it. */
  review(
    position: CustomerPosition,
    offer: ConsentOffer,
    faults?: readonly ChoiceFault[],
    form?: URLSearchParams,
  ): Outcome;
  leaving(position: Position, decision: HeldDecision): Outcome;
}

/** Creates what fills the pages of the confirmation. */
export function createConfirmationPages(profile: ConsentProfile): ConfirmationPages {
  const form = ({ start, visit }: Position, step: string) => ({
    path: `${start}/${step}`,
    field: TOKEN_FIELD,
    token: visit.formToken(`${start}/${step}`),
  });
  return {
    login(position, result) {
      const fault = result && describeLoginFault(result);
      const content = {
        fault,
        login: result && result.outcome !== 'done' ? result.login : '',
        request: { ...describeRequest(position), isService: isService(position.pending.consent, profile) },
        enter: form(position, 'entrar'),
        back: form(position, 'voltar'),
      };
      return show('login', content, fault && { status: fault.status, headers: fault.headers });
    },

    mismatch: (position) =>
      show('mismatch', {
        request: describeRequest(position),
        isCompany: position.customer.cpf === position.pending.consent.loggedUser?.identification,
        back: form(position, 'voltar'),
        leave: form(position, 'sair'),
      }),

    review(position, offer, faults = [], sent = new URLSearchParams()) {
      const categories = offer.categories.map((category) => ({
        ...category,
        choices: category.choices.map((choice) => describeChoice(choice, faults, sent)),
        whole: category.whole && {
          isProducts: category.whole.mode === 'grouped-products',
          labels: category.whole.resources.map(({ label }) => label),
          needsOthers: category.whole.resources.some(({ approvers }) => approvers.length > 0),
        },
      }));
      const content = {
        request: { ...describeRequest(position), isService: offer.isService },
        customer: describeCustomer(position),
        offer: { ...offer, categories },
        faults: categories.flatMap(({ choices }) => choices).filter(({ fault }) => fault !== undefined),
        decide: form(position, 'decidir'),
        back: form(position, 'voltar'),
        leave: form(position, 'sair'),
      };
      return show('review', content, { status: faults.length > 0 ? 422 : 200 });
    },

    leaving: ({ start, pending }, { kind }) =>
      show('leaving', { receiver: pending.receiver, kind, next: `${start}/concluir` }),
  };
}

/** What is said where there is nothing to confirm (any more). */
export function ended(): PageFault {
  return new PageFault(410, {
    title: 'Este pedido não está mais aberto',
    text: 'Ele pode já ter sido respondido, ter passado do prazo ou ter começado em outro navegador. Se ainda quiser compartilhar, volte ao aplicativo ou site que fez o pedido e comece de novo.',
    link: { path: '/consentimentos', label: 'Ver meus compartilhamentos' },
  });
}

function describeRequest({ pending: { consent, receiver } }: Position) {
  return { receiver, end: describeEnd(consent), isEndless: consent.expiresAt === undefined };
}

function describeCustomer({ customer, pending }: CustomerPosition) {
  const cnpj = pending.consent.businessEntity?.identification;
  const company = customer.companies.find((candidate) => candidate.cnpj === cnpj);
  return {
    name: customer.name,
    cpf: maskCpf(customer.cpf),
    company: company && { name: company.name, cnpj: writeCnpj(company.cnpj) },
  };
}

function describeChoice(
  { field, label, resources }: Choice,
  faults: readonly ChoiceFault[],
  sent: URLSearchParams,
) {
  const fault = faults.find((candidate) => candidate.field === field)?.reason;
  const picked = sent.getAll(field);
  return {
    field,
    label,
    fault:
      fault &&
      (fault === 'none'
        ? 'escolha pelo menos um item'
        : 'um dos itens não está mais disponível; confira a escolha'),
    resources: resources.map(({ ref, label, approvers }) => ({
      ref,
      label,
      needsOthers: approvers.length > 0,
      isPicked: picked.includes(ref),
    })),
  };
}
