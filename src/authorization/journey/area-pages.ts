import type { Customer, OfferedResource } from '../../connectors/customer.ts';
import type { PickedResource } from '../../consents/consent.ts';
import { TOKEN_FIELD } from './check-form.ts';
import type { ConsentOffer } from './consent-offer.ts';
import type { Visit } from './customer-session.ts';
import { describeDay, describeEnd, describeStanding } from './describe-consent.ts';
import { type Outcome, show } from './exchange.ts';
import type { JourneySettings } from './journey-settings.ts';
import { describeLoginFault, type LoginResult } from './log-in.ts';
import { approvalField, canEnd, type OwnConsent, pathOf, START } from './own-consent.ts';

/** A customer who has logged in to their own area. */
export interface AreaVisit {
  readonly visit: Visit;
  readonly customer: Customer;
}

export interface AreaPages {
  login(visit: Visit, result?: LoginResult): Outcome;
  list(area: AreaVisit, consents: readonly OwnConsent[]): Promise<Outcome>;
  /** `notice` says what has just been done; others than the known ones say nothing. */
  detail(area: AreaVisit, own: OwnConsent, offer: ConsentOffer, notice: string | null): Promise<Outcome>;
  revocation(area: AreaVisit, own: OwnConsent): Promise<Outcome>;
  /** `sent` is an answer that leaves something out. */
  approval(area: AreaVisit, own: OwnConsent, offer: ConsentOffer, sent?: URLSearchParams): Promise<Outcome>;
}

const NOTICES: Readonly<Record<string, { readonly text: string; readonly tone: 'good' | 'neutral' }>> = {
  cancelado: {
    text: 'Pronto. O compartilhamento foi encerrado e nenhum dado novo será enviado.',
    tone: 'good',
  },
  respondido: { text: 'Pronto. A sua resposta foi registrada.', tone: 'good' },
  tarde: { text: 'Este compartilhamento já tinha mudado. Nada foi alterado agora.', tone: 'neutral' },
};

/** Creates what fills the pages of the customer's own area. */
export function createAreaPages({ receiverOf }: Pick<JourneySettings, 'receiverOf'>): AreaPages {
  async function describe(own: OwnConsent, { companies }: Customer) {
    const { consent, isOwner, awaiting } = own;
    const receiver = await receiverOf(consent.clientId);
    const cnpj = consent.businessEntity?.identification;
    return {
      path: pathOf(consent),
      receiver: receiver ?? { name: 'Receptora não identificada', organisationName: '' },
      standing: describeStanding(consent),
      since: describeDay(consent.createdAt),
      changed: describeDay(consent.statusUpdatedAt),
      end: describeEnd(consent),
      isOwner,
      company: companies.find((company) => company.cnpj === cnpj)?.name,
      canEnd: canEnd(own),
      isAwaitingOwner: consent.status === 'AWAITING_AUTHORISATION',
      needsMe: awaiting.length > 0,
    };
  }

  return {
    login(visit, result) {
      const fault = result && describeLoginFault(result);
      const content = {
        fault,
        login: result && result.outcome !== 'done' ? result.login : '',
        enter: form(visit, `${START}/entrar`),
      };
      return show('login', content, fault && { status: fault.status, headers: fault.headers });
    },

    async list(area, consents) {
      const items = await Promise.all(consents.map((own) => describe(own, area.customer)));
      return show('consents', {
        ...frame(area),
        waiting: items.filter(({ needsMe }) => needsMe),
        current: items.filter(({ needsMe, standing }) => !needsMe && standing.tone !== 'ended'),
        ended: items.filter(({ needsMe, standing }) => !needsMe && standing.tone === 'ended'),
      });
    },

    async detail(area, own, offer, notice) {
      return show('consent', {
        ...frame(area),
        notice: notice !== null && Object.hasOwn(NOTICES, notice) ? NOTICES[notice] : undefined,
        consent: await describe(own, area.customer),
        offer: { ...offer, categories: offer.categories.map((category) => describeShared(category, own)) },
        depending: own.isOwner ? [] : describeDepending(own, offer),
      });
    },

    async revocation(area, own) {
      const consent = await describe(own, area.customer);
      return show('revoke', {
        ...frame(area),
        consent,
        revoke: form(area.visit, `${consent.path}/cancelar`),
      });
    },

    async approval(area, own, offer, sent) {
      const consent = await describe(own, area.customer);
      const resources = offeredResources(offer);
      const items = own.awaiting.map((resource) => {
        const field = approvalField(resource);
        const label = labelOf(resource, resources);
        const answer = sent?.get(field);
        const isAnswered = answer === 'sim' || answer === 'nao';
        const fault = sent && !isAnswered ? 'escolha uma resposta' : undefined;
        return { field, label, answer, fault };
      });
      const content = {
        ...frame(area),
        consent,
        items,
        contents: offer.categories
          .filter((category) => own.awaiting.some(({ type }) => typesOf(category).includes(type)))
          .flatMap((category) => category.items),
        faults: items.filter(({ fault }) => fault !== undefined),
        approve: form(area.visit, `${consent.path}/aprovar`),
      };
      return show('approve', content, { status: sent ? 422 : 200 });
    },
  };
}

function frame({ visit, customer }: AreaVisit) {
  return { customer: { name: customer.name }, leave: form(visit, `${START}/sair`) };
}

function form(visit: Visit, path: string) {
  return { path, field: TOKEN_FIELD, token: visit.formToken(path) };
}

/** What of a category is shared: of single resources, those that were picked. */
function describeShared(category: ConsentOffer['categories'][number], { consent }: OwnConsent) {
  const picked = consent.selection?.resources ?? [];
  const known = category.choices.flatMap(({ resources }) => resources);
  const types = category.choices.map(({ type }) => type);
  return {
    label: category.label,
    items: category.items,
    resources: picked
      .filter(({ type }) => types.includes(type))
      .map((resource) => ({ label: labelOf(resource, known), note: noteOf(resource) })),
    isWhole: category.whole !== undefined,
  };
}

/** What of somebody else's consent this person has, or had, a word in, and where it stands. */
function describeDepending({ consent, awaiting }: OwnConsent, offer: ConsentOffer) {
  const shared = offeredResources(offer).filter(({ approvers }) => approvers.length > 0);
  return (consent.selection?.resources ?? [])
    .filter(({ type, ref }) => shared.some((resource) => resource.type === type && resource.ref === ref))
    .map((resource) => ({
      label: labelOf(resource, shared),
      note: awaiting.includes(resource) ? 'Falta a sua resposta' : (noteOf(resource) ?? 'Autorizado'),
    }));
}

function typesOf({ choices, whole }: ConsentOffer['categories'][number]): string[] {
  return [...choices.map(({ type }) => type), ...(whole?.resources ?? []).map(({ type }) => type)];
}

function offeredResources({ categories }: ConsentOffer): OfferedResource[] {
  return categories.flatMap(({ choices, whole }) => [
    ...choices.flatMap(({ resources }) => resources),
    ...(whole?.resources ?? []),
  ]);
}

function labelOf({ type, ref }: PickedResource, resources: readonly OfferedResource[]): string {
  const found = resources.find((resource) => resource.type === type && resource.ref === ref);
  return found?.label ?? 'Produto que não aparece mais no seu cadastro';
}

function noteOf({ awaiting, isRefused }: PickedResource): string | undefined {
  if (isRefused) return 'Não autorizado por uma das pessoas titulares';
  return awaiting.length > 0 ? 'Aguardando outra pessoa' : undefined;
}
