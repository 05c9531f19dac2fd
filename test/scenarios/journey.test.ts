import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import type { NewConsent } from '../../src/consents/consent-store.ts';
import { type BrowserPage, createFormBrowser, type FormBrowser } from '../support/form-browser.ts';
import { PASSWORD, type RunningJourney, startJourney } from '../support/start-journey.ts';

const ANA = { cpf: '41726305961', login: 'ana.souza' };
const BRUNO = { cpf: '90513826424', login: 'bruno.lima' };
const CARLA = { cpf: '28364091778', login: 'carla.nunes' };
const DANIEL = { cpf: '64021578307', login: 'daniel.rocha' };
const ELISA = { cpf: '17290534832', login: 'elisa.prado' };
const BAKERY = '27481635000104';
const WITHOUT_POWERS = '11222333000181';

const ACCOUNTS = ['ACCOUNTS_READ', 'ACCOUNTS_BALANCES_READ', 'RESOURCES_READ'];
const CARDS = ['CREDIT_CARDS_ACCOUNTS_READ', 'CREDIT_CARDS_ACCOUNTS_LIMITS_READ'];
const MINUTE = 60_000;

function of(cpf: string, change: Partial<NewConsent> = {}): Partial<NewConsent> {
  return { loggedUser: { identification: cpf, rel: 'CPF' }, permissions: ACCOUNTS, ...change };
}

function forCompany(cnpj: string): Pick<NewConsent, 'businessEntity'> {
  return { businessEntity: { identification: cnpj, rel: 'CNPJ' } };
}

function browserOf(journey: RunningJourney): FormBrowser {
  return createFormBrowser(journey.origin, journey.ca);
}

function textOf(page: BrowserPage): string {
  return page.root.querySelector('main')?.textContent.replace(/\s+/g, ' ').trim() ?? '';
}

async function logIn(
  browser: FormBrowser,
  path: string,
  login: string,
  password = PASSWORD,
): Promise<BrowserPage> {
  return browser.press(await browser.open(path), 'Entrar', { acesso: login, senha: password });
}

/** Presses a button that decides, and goes on to where the browser ends up. */
async function decide(
  browser: FormBrowser,
  page: BrowserPage,
  button: string,
  values: Record<string, string | string[]> = {},
): Promise<string> {
  const leaving = await browser.refresh(await browser.press(page, button, values));
  return String(leaving.headers.location);
}

async function statusOf(journey: RunningJourney, id: string) {
  const consent = await journey.consents.find(id);
  return [consent?.status, consent?.rejection?.rejectedBy, consent?.rejection?.code]
    .filter(Boolean)
    .join(' ');
}

describe('given a customer who is sent to confirm a consent', () => {
  let journey: RunningJourney;
  before(async () => {
    journey = await startJourney();
  });

  it('when they choose and confirm, then exactly that is authorised and the browser returns to the receiver', async () => {
    const { consent, path } = await journey.ask(of(ANA.cpf, { permissions: [...ACCOUNTS, ...CARDS] }));
    const browser = browserOf(journey);
    const review = await logIn(browser, path, ANA.login);
    assert.match(textOf(review), /Bússola Finanças pediu para ver estes dados/);
    assert.match(textOf(review), /6 de setembro de 2026/);
    assert.equal(review.root.querySelectorAll('input[checked]').length, 0, 'nothing is ticked beforehand');

    const back = await decide(browser, review, 'Confirmar compartilhamento', {
      'escolha-ACCOUNT': 'cc-30418',
      'escolha-CREDIT_CARD_ACCOUNT': ['card-5510', 'card-8842'],
    });
    assert.equal(back, `${journey.callback}?code=made-up`);
    const authorised = await journey.consents.find(consent.id);
    assert.equal(authorised?.status, 'AUTHORISED');
    assert.deepEqual(
      authorised.selection?.resources.map(({ type, ref }) => `${type} ${ref}`),
      ['ACCOUNT cc-30418', 'CREDIT_CARD_ACCOUNT card-5510', 'CREDIT_CARD_ACCOUNT card-8842'],
    );
    const approval = journey.approvals.at(-1);
    assert.deepEqual(approval?.permissions, consent.permissions);
    assert.equal(approval?.assurance, 2);
    assert.equal(approval?.authenticatedAt, journey.clock.now());
    assert.equal(approval?.company, undefined);
  });

  it('when they choose nothing of what they have, then each choice is asked for again and the others are kept', async () => {
    const { consent, path } = await journey.ask(of(ANA.cpf, { permissions: [...ACCOUNTS, ...CARDS] }));
    const browser = browserOf(journey);
    const review = await logIn(browser, path, ANA.login);
    const again = await browser.press(review, 'Confirmar compartilhamento', {
      'escolha-CREDIT_CARD_ACCOUNT': 'card-8842',
    });
    assert.equal(again.status, 422);
    const link = again.root.querySelector('[role=alert] a');
    assert.equal(link?.textContent, 'Contas: escolha pelo menos um item');
    const target = again.root.querySelector(link?.getAttribute('href') ?? '');
    assert.equal(target?.getAttribute('name'), 'escolha-ACCOUNT');
    assert.deepEqual(
      again.root.querySelectorAll('input[checked]').map((input) => input.getAttribute('value')),
      ['card-8842'],
    );
    assert.match(again.text, /<title>Erro: /);
    assert.equal(await statusOf(journey, consent.id), 'AWAITING_AUTHORISATION');
  });

  it('when they send something that is not theirs, then it is not taken', async () => {
    const { consent, path } = await journey.ask(of(ANA.cpf));
    const browser = browserOf(journey);
    const review = await logIn(browser, path, ANA.login);
    const again = await browser.press(review, 'Confirmar compartilhamento', {
      'escolha-ACCOUNT': 'cc-64480',
    });
    assert.equal(again.status, 422);
    assert.match(textOf(again), /um dos itens não está mais disponível/);
    assert.equal(await statusOf(journey, consent.id), 'AWAITING_AUTHORISATION');
  });

  it('when they refuse, then the consent ends and the receiver is told', async () => {
    const { consent, path } = await journey.ask(of(ANA.cpf));
    const browser = browserOf(journey);
    const back = await decide(browser, await logIn(browser, path, ANA.login), 'Não compartilhar');
    assert.equal(back, `${journey.callback}?error=access_denied&reason=refused`);
    assert.equal(await statusOf(journey, consent.id), 'REJECTED USER CUSTOMER_MANUALLY_REJECTED');
  });

  it('when they go back before logging in, then nothing is decided', async () => {
    const { consent, path } = await journey.ask(of(ANA.cpf));
    const browser = browserOf(journey);
    const back = await decide(browser, await browser.open(path), 'Voltar sem compartilhar');
    assert.equal(back, `${journey.callback}?error=access_denied&reason=mismatch`);
    assert.equal(await statusOf(journey, consent.id), 'AWAITING_AUTHORISATION');
  });

  it('when somebody else logs in, then they see nothing of it, and the consent goes on waiting', async () => {
    const { consent, path, uid } = await journey.ask(of(ANA.cpf));
    const browser = browserOf(journey);
    const page = await logIn(browser, path, CARLA.login);
    assert.match(textOf(page), /Este pedido foi feito para outra pessoa/);
    assert.doesNotMatch(page.text, /Ana|Saldos|417/);
    const concluded = await browser.open(`/banco/consentimento/${uid}/concluir`);
    assert.match(textOf(concluded), /Este pedido foi feito para outra pessoa/);
    const back = await decide(browser, page, 'Voltar para Bússola Finanças');
    assert.equal(back, `${journey.callback}?error=access_denied&reason=mismatch`);
    assert.equal(await statusOf(journey, consent.id), 'AWAITING_AUTHORISATION');
  });

  it('when the wrong person makes way for the right one, then the right one may decide', async () => {
    const { path } = await journey.ask(of(ANA.cpf));
    const browser = browserOf(journey);
    const login = await browser.press(await logIn(browser, path, CARLA.login), 'Entrar com outro acesso');
    const review = await browser.press(login, 'Entrar', { acesso: ANA.login, senha: PASSWORD });
    assert.match(textOf(review), /Ana Beatriz Souza/);
  });

  it('when they have none of what is asked for, then there is nothing to confirm', async () => {
    const { path } = await journey.ask(of(ELISA.cpf));
    const browser = browserOf(journey);
    const page = await logIn(browser, path, ELISA.login);
    assert.match(textOf(page), /Não há nada a compartilhar/);
    assert.equal(page.root.querySelector('[value=confirmar]'), null);
  });

  it('when only products in bundles are asked for and they have none yet, then they may still confirm', async () => {
    const permissions = ['EXCHANGES_READ', 'RESOURCES_READ'];
    const { consent, path } = await journey.ask(of(ELISA.cpf, { permissions }));
    const browser = browserOf(journey);
    await decide(browser, await logIn(browser, path, ELISA.login), 'Confirmar compartilhamento');
    const authorised = await journey.consents.find(consent.id);
    assert.deepEqual(authorised?.selection, { resources: [], approvals: [] });
  });

  it('when the consent is a company’s and they act for it, then they share what is the company’s', async () => {
    const { consent, path } = await journey.ask(of(BRUNO.cpf, forCompany(BAKERY)));
    const browser = browserOf(journey);
    const review = await logIn(browser, path, BRUNO.login);
    assert.match(textOf(review), /Padaria Flor de Ipê Ltda\., CNPJ 27\.481\.635\/0001-04/);
    assert.doesNotMatch(review.text, /cc-51296/, 'their own account is not the company’s');
    await decide(browser, review, 'Confirmar compartilhamento', { 'escolha-ACCOUNT': 'cc-90133' });
    assert.equal(await statusOf(journey, consent.id), 'AUTHORISED');
    assert.equal(journey.approvals.at(-1)?.company, BAKERY);
  });

  it('when the consent is of a company that they do not act for, then it is not theirs', async () => {
    const { path } = await journey.ask(of(BRUNO.cpf, forCompany(WITHOUT_POWERS)));
    assert.match(
      textOf(await logIn(browserOf(journey), path, BRUNO.login)),
      /Você não responde por esta empresa/,
    );
  });

  it('when an hour has passed, then the request is not open any more, on every page of it', async () => {
    const { path, uid } = await journey.ask(of(ANA.cpf));
    const browser = browserOf(journey);
    const login = await browser.open(path);
    await journey.clock.advance(61 * MINUTE);
    for (const page of [
      await browser.open(`/banco/consentimento/${uid}`),
      await browser.press(login, 'Entrar', { acesso: ANA.login, senha: PASSWORD }),
      await browser.open(`/banco/consentimento/${uid}/concluir`),
    ]) {
      assert.equal(page.status, 410);
      assert.match(textOf(page), /Este pedido não está mais aberto/);
    }
  });

  it('when the consent ends between the decision and the return, then nothing is authorised', async () => {
    const { consent, path } = await journey.ask(of(ANA.cpf));
    const browser = browserOf(journey);
    const review = await logIn(browser, path, ANA.login);
    const leaving = await browser.press(review, 'Confirmar compartilhamento', {
      'escolha-ACCOUNT': 'cc-30418',
    });
    await journey.consents.reject(
      consent.id,
      { rejectedBy: 'USER', code: 'CUSTOMER_MANUALLY_REJECTED' },
      'client:x',
    );
    assert.equal((await browser.refresh(leaving)).status, 410);
    assert.equal(await statusOf(journey, consent.id), 'REJECTED USER CUSTOMER_MANUALLY_REJECTED');
  });

  it('when the return is fetched without a decision, then nothing is decided', async () => {
    const { consent, path, uid } = await journey.ask(of(ANA.cpf));
    const browser = browserOf(journey);
    await logIn(browser, path, ANA.login);
    const page = await browser.open(`/banco/consentimento/${uid}/concluir`);
    assert.match(textOf(page), /Revise o que será compartilhado/);
    assert.equal(await statusOf(journey, consent.id), 'AWAITING_AUTHORISATION');
  });

  it('when two tabs decide at once, then one decision counts', async () => {
    const { consent, path, uid } = await journey.ask(of(ANA.cpf));
    const browser = browserOf(journey);
    const review = await logIn(browser, path, ANA.login);
    await browser.press(review, 'Confirmar compartilhamento', { 'escolha-ACCOUNT': 'cc-30418' });
    const other = browser.fork();
    const path2 = `/banco/consentimento/${uid}/concluir`;
    const answers = await Promise.all([browser.send(path2), other.send(path2)]);
    assert.deepEqual(answers.map(({ status }) => status).sort(), [303, 410]);
    assert.equal(await statusOf(journey, consent.id), 'AUTHORISED');
  });

  it('when the login has ended before they confirm, then nothing is decided and they are told to log in again', async () => {
    const { consent, path } = await journey.ask(of(ANA.cpf));
    const browser = browserOf(journey);
    const review = await logIn(browser, path, ANA.login);
    await journey.clock.advance(31 * MINUTE);
    const again = await browser.press(review, 'Confirmar compartilhamento', {
      'escolha-ACCOUNT': 'cc-30418',
    });
    assert.equal(again.status, 403);
    assert.match(textOf(again), /Nada foi confirmado ainda: entre de novo/);
    assert.equal(await statusOf(journey, consent.id), 'AWAITING_AUTHORISATION');
    const resumed = await browser.press(again, 'Entrar', { acesso: ANA.login, senha: PASSWORD });
    assert.match(textOf(resumed), /Revise o que será compartilhado/);
  });
});

describe('given a resource that needs a further approver', () => {
  let journey: RunningJourney;
  before(async () => {
    journey = await startJourney();
  });

  async function share(): Promise<string> {
    const { consent, path } = await journey.ask(of(CARLA.cpf));
    const browser = browserOf(journey);
    const review = await logIn(browser, path, CARLA.login);
    assert.match(textOf(review), /Só será enviado depois que as outras pessoas titulares aprovarem/);
    await decide(browser, review, 'Confirmar compartilhamento', {
      'escolha-ACCOUNT': ['cc-64480', 'cj-64505'],
    });
    return consent.id;
  }

  async function awaitingOf(id: string) {
    const consent = await journey.consents.find(id);
    return consent?.selection?.resources.map(({ ref, awaiting, isRefused }) => [ref, awaiting, isRefused]);
  }

  function pathOf(id: string, step = ''): string {
    return `/banco/consentimentos/${encodeURIComponent(id)}${step}`;
  }

  it('when it is shared, then the consent is authorised at once and the resource waits', async () => {
    const id = await share();
    assert.equal(await statusOf(journey, id), 'AUTHORISED');
    assert.deepEqual(await awaitingOf(id), [
      ['cc-64480', [], false],
      ['cj-64505', [DANIEL.cpf], false],
    ]);
  });

  it('when the approver agrees, then it waits no more', async () => {
    const id = await share();
    const browser = browserOf(journey);
    const list = await logIn(browser, '/banco/consentimentos', DANIEL.login);
    assert.match(textOf(list), /Esperam a sua resposta/);
    const page = await browser.open(pathOf(id, '/aprovar'));
    assert.match(textOf(page), /O que será visto ?Saldos/);
    assert.match(textOf(page), /Conta conjunta, agência 0003, final 505-6/);
    assert.doesNotMatch(page.text, /480-1|Carla/, 'nothing else of who shares is shown');
    const before = await browser.open(pathOf(id));
    assert.match(textOf(before), /Conta conjunta, agência 0003, final 505-6 ?Falta a sua resposta/);
    const done = await browser.press(page, 'Enviar resposta', { 'resposta-ACCOUNT-cj-64505': 'sim' });
    assert.match(textOf(done), /A sua resposta foi registrada/);
    assert.match(textOf(done), /Conta conjunta, agência 0003, final 505-6 ?Autorizado/);
    assert.doesNotMatch(done.text, /480-1|Carla/, 'nothing else of who shares is shown');
    assert.deepEqual((await awaitingOf(id))?.[1], ['cj-64505', [], false]);
  });

  it('when the approver does not agree, then it is refused, and the rest stays', async () => {
    const id = await share();
    const browser = browserOf(journey);
    await logIn(browser, '/banco/consentimentos', DANIEL.login);
    const page = await browser.open(pathOf(id, '/aprovar'));
    const done = await browser.press(page, 'Enviar resposta', { 'resposta-ACCOUNT-cj-64505': 'nao' });
    assert.match(textOf(done), /final 505-6 ?Não autorizado por uma das pessoas titulares/);
    assert.deepEqual((await awaitingOf(id))?.[1], ['cj-64505', [], true]);
    assert.equal(await statusOf(journey, id), 'AUTHORISED');
  });

  it('when the approver answers nothing, then they are asked again', async () => {
    const id = await share();
    const browser = browserOf(journey);
    await logIn(browser, '/banco/consentimentos', DANIEL.login);
    const again = await browser.press(await browser.open(pathOf(id, '/aprovar')), 'Enviar resposta');
    assert.equal(again.status, 422);
    assert.match(textOf(again), /Conta conjunta, agência 0003, final 505-6: escolha uma resposta/);
    assert.deepEqual((await awaitingOf(id))?.[1], ['cj-64505', [DANIEL.cpf], false]);
  });

  it('when the approver looks at the consent, then they cannot end it', async () => {
    const id = await share();
    const browser = browserOf(journey);
    await logIn(browser, '/banco/consentimentos', DANIEL.login);
    const page = await browser.open(pathOf(id));
    assert.doesNotMatch(textOf(page), /Cancelar|Saldos/);
    const asked = await browser.open(pathOf(id, '/cancelar'));
    assert.doesNotMatch(textOf(asked), /não pode ser desfeito/);
  });
});

describe('given a customer in their own area', () => {
  let journey: RunningJourney;
  before(async () => {
    journey = await startJourney();
  });

  async function authorised(person: { cpf: string; login: string }, ref: string): Promise<string> {
    const { consent, path } = await journey.ask(of(person.cpf));
    const browser = browserOf(journey);
    const review = await logIn(browser, path, person.login);
    await decide(browser, review, 'Confirmar compartilhamento', { 'escolha-ACCOUNT': ref });
    return consent.id;
  }

  it('when they log in, then they see their consents and nobody else’s', async () => {
    const own = await authorised(ANA, 'cc-30418');
    const foreign = await authorised(CARLA, 'cc-64480');
    const browser = browserOf(journey);
    const list = await logIn(browser, '/banco/consentimentos', ANA.login);
    assert.match(list.text, new RegExp(encodeURIComponent(own)));
    assert.doesNotMatch(list.text, new RegExp(encodeURIComponent(foreign)));
  });

  it('when they look at one, then they see what they picked', async () => {
    const id = await authorised(ANA, 'cp-77120');
    const browser = browserOf(journey);
    await logIn(browser, '/banco/consentimentos', ANA.login);
    const page = await browser.open(`/banco/consentimentos/${encodeURIComponent(id)}`);
    assert.match(textOf(page), /Poupança, agência 0001, final 120-9/);
    assert.doesNotMatch(textOf(page), /final 418-2/);
  });

  it('when they ask for a foreign one or for none, then both are the same', async () => {
    const foreign = await authorised(CARLA, 'cc-64480');
    const browser = browserOf(journey);
    await logIn(browser, '/banco/consentimentos', ANA.login);
    const pages = await Promise.all(
      [foreign, 'urn:made-up:none'].flatMap((id) =>
        ['', '/cancelar', '/aprovar'].map((step) =>
          browser.open(`/banco/consentimentos/${encodeURIComponent(id)}${step}`),
        ),
      ),
    );
    for (const page of pages) {
      assert.equal(page.status, 404);
      assert.equal(textOf(page), textOf(pages[0] as BrowserPage));
    }
  });

  it('when they end one, then they are asked first, and it ends by their will', async () => {
    const id = await authorised(ANA, 'cc-30418');
    const browser = browserOf(journey);
    await logIn(browser, '/banco/consentimentos', ANA.login);
    const question = await browser.open(`/banco/consentimentos/${encodeURIComponent(id)}/cancelar`);
    assert.match(textOf(question), /não pode ser desfeito/);
    assert.equal(await statusOf(journey, id), 'AUTHORISED', 'asking changes nothing');
    const done = await browser.press(question, 'Cancelar compartilhamento');
    assert.match(textOf(done), /O compartilhamento foi encerrado/);
    assert.equal(await statusOf(journey, id), 'REJECTED USER CUSTOMER_MANUALLY_REVOKED');
    const late = await browser.press(question, 'Cancelar compartilhamento');
    assert.doesNotMatch(textOf(late), /foi encerrado e/, 'what has ended is not ended again');
  });

  it('when they end one that still waits, then it is rejected, not revoked', async () => {
    const { consent } = await journey.ask(of(ANA.cpf));
    const browser = browserOf(journey);
    await logIn(browser, '/banco/consentimentos', ANA.login);
    const question = await browser.open(`/banco/consentimentos/${encodeURIComponent(consent.id)}/cancelar`);
    await browser.press(question, 'Recusar o pedido');
    assert.equal(await statusOf(journey, consent.id), 'REJECTED USER CUSTOMER_MANUALLY_REJECTED');
  });

  it('when they leave, or half an hour passes, then the login is over', async () => {
    const browser = browserOf(journey);
    const list = await logIn(browser, '/banco/consentimentos', ANA.login);
    const kept = browser.fork();
    assert.match(textOf(await browser.press(list, 'Sair')), /Entrar em Banco Ipê/);
    assert.match(
      textOf(await kept.open('/banco/consentimentos')),
      /Entrar em Banco Ipê/,
      'the old cookie too',
    );

    const other = browserOf(journey);
    await logIn(other, '/banco/consentimentos', ANA.login);
    await journey.clock.advance(29 * MINUTE);
    assert.match(textOf(await other.open('/banco/consentimentos')), /Olá, Ana/);
    await journey.clock.advance(2 * MINUTE);
    assert.match(textOf(await other.open('/banco/consentimentos')), /Entrar em Banco Ipê/);
  });

  it('when the institution is away, then they are told so and nothing of the fault', async () => {
    const broken = await startJourney({
      change: ({ institution }) => ({
        institution: { ...institution, authenticate: () => Promise.reject(new Error('secret host is down')) },
      }),
    });
    const page = await logIn(browserOf(broken), '/banco/consentimentos', ANA.login);
    assert.equal(page.status, 503);
    assert.match(textOf(page), /Não conseguimos continuar agora/);
    assert.doesNotMatch(page.text, /secret/);
    assert.equal(broken.faults.length, 1);
  });

  it('when the institution does not answer in time, then they are told so', async () => {
    const slow = await startJourney({
      change: ({ institution }) => ({
        institutionTimeoutMs: 50,
        institution: {
          ...institution,
          authenticate: (_login, _password, signal) =>
            new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
        },
      }),
    });
    assert.equal((await logIn(browserOf(slow), '/banco/consentimentos', ANA.login)).status, 503);
  });
});

describe('given somebody who means harm', () => {
  const HOSTILE = `"><script>alert(1)</script><img src=x onerror='alert(2)'>`;
  let journey: RunningJourney;
  before(async () => {
    journey = await startJourney();
  });

  it('when they guess passwords, then every wrong answer is the same, and soon there are no more tries', async () => {
    const browser = browserOf(journey);
    const unknown = await logIn(browser, '/banco/consentimentos', 'nobody.at.all', 'x');
    const wrong = await logIn(browser, '/banco/consentimentos', ANA.login, 'x');
    assert.equal(unknown.status, 422);
    assert.equal(
      unknown.text.replace('nobody.at.all', '').replace(/value="[\w-]{43}"/, ''),
      wrong.text.replace(ANA.login, '').replace(/value="[\w-]{43}"/, ''),
    );
    for (const login of ['nobody.at.all', ANA.login]) {
      for (let count = 0; count < 7; count += 1) await logIn(browser, '/banco/consentimentos', login, 'x');
      const limited = await logIn(browserOf(journey), '/banco/consentimentos', login, PASSWORD);
      assert.equal(limited.status, 429, 'even with the right password');
      assert.equal(limited.headers['retry-after'], '900');
    }
    await journey.clock.advance(16 * MINUTE);
    assert.equal((await logIn(browser, '/banco/consentimentos', ANA.login)).status, 200);
  });

  it('when a form comes without its token, or with another one, then nothing is done', async () => {
    const { consent, path, uid } = await journey.ask(of(ANA.cpf));
    const browser = browserOf(journey);
    await logIn(browser, path, ANA.login);
    const stranger = browserOf(journey);
    const foreign = await logIn(stranger, (await journey.ask(of(ANA.cpf))).path, ANA.login);
    const foreignToken = foreign.root.querySelector('#decidir [name=ficha]')?.getAttribute('value') ?? '';
    const own = await browser.open(`/banco/consentimento/${uid}`);
    const otherAction = own.root.querySelector('.leave [name=ficha]')?.getAttribute('value') ?? '';
    for (const ficha of ['', 'x', foreignToken, otherAction]) {
      const answer = await browser.send(`/banco/consentimento/${uid}/decidir`, {
        method: 'POST',
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        body: new URLSearchParams({ ficha, decisao: 'confirmar', 'escolha-ACCOUNT': 'cc-30418' }).toString(),
      });
      assert.equal(answer.status, 403);
    }
    assert.equal(await statusOf(journey, consent.id), 'AWAITING_AUTHORISATION');
  });

  it('when a form comes from another site, then even the right token does not help', async () => {
    const { path, uid } = await journey.ask(of(ANA.cpf));
    const browser = browserOf(journey);
    const review = await logIn(browser, path, ANA.login);
    const ficha = review.root.querySelector('#decidir [name=ficha]')?.getAttribute('value') ?? '';
    for (const site of ['cross-site', 'same-site']) {
      const answer = await browser.send(`/banco/consentimento/${uid}/decidir`, {
        method: 'POST',
        headers: { 'content-type': 'application/x-www-form-urlencoded', 'sec-fetch-site': site },
        body: new URLSearchParams({ ficha, decisao: 'recusar' }).toString(),
      });
      assert.equal(answer.status, 403);
    }
  });

  it('when they know a browser’s cookie from before the login, then it is worth nothing after it', async () => {
    const browser = browserOf(journey);
    await browser.open('/banco/consentimentos');
    const planted = browser.fork();
    await logIn(browser, '/banco/consentimentos', ANA.login);
    assert.notDeepEqual([...browser.cookies], [...planted.cookies]);
    assert.match(textOf(await browser.open('/banco/consentimentos')), /Olá, Ana/);
    assert.match(textOf(await planted.open('/banco/consentimentos')), /Entrar em Banco Ipê/);
  });

  it('when a login for one purpose is used for another, then it is none', async () => {
    const browser = browserOf(journey);
    const one = await journey.ask(of(ANA.cpf));
    await logIn(browser, one.path, ANA.login);
    assert.match(textOf(await browser.open('/banco/consentimentos')), /Entrar em Banco Ipê/);
    const other = await journey.ask(of(ANA.cpf));
    assert.match(textOf(await browser.open(other.path)), /Entrar em Banco Ipê/);
  });

  it('when they have the address of a confirmation without its browser, then it is closed to them', async () => {
    const { path, uid } = await journey.ask(of(ANA.cpf));
    await logIn(browserOf(journey), path, ANA.login);
    const page = await browserOf(journey).open(`/banco/consentimento/${uid}`);
    assert.equal(page.status, 410);
    const elsewhere = browserOf(journey);
    await elsewhere.open((await journey.ask(of(ANA.cpf))).path);
    assert.equal(
      (await elsewhere.open(`/banco/consentimento/${uid}`)).status,
      410,
      'the uid of another interaction',
    );
  });

  it('when names are hostile, then they are text wherever they stand', async () => {
    const hostile = await startJourney({
      receiver: { name: HOSTILE, organisationName: HOSTILE },
      change: ({ institution }) => ({
        institution: {
          ...institution,
          discover: async () => [{ ref: HOSTILE, type: 'ACCOUNT', label: HOSTILE, approvers: [] }],
        },
      }),
    });
    const { consent, path } = await hostile.ask(of(ANA.cpf));
    const browser = browserOf(hostile);
    const login = await browser.open(path);
    const wrong = await browser.press(login, 'Entrar', { acesso: HOSTILE, senha: 'x' });
    const review = await browser.press(wrong, 'Entrar', { acesso: ANA.login, senha: PASSWORD });
    const fault = await browser.press(review, 'Confirmar compartilhamento');
    const leaving = await browser.press(fault, 'Confirmar compartilhamento', { 'escolha-ACCOUNT': HOSTILE });
    await browser.refresh(leaving);
    assert.equal(await statusOf(hostile, consent.id), 'AUTHORISED');
    const list = await logIn(browser, '/banco/consentimentos', ANA.login);
    const detail = await browser.open(`/banco/consentimentos/${encodeURIComponent(consent.id)}`);
    for (const page of [login, wrong, review, fault, leaving, list, detail]) {
      assert.ok(page.text.includes('&lt;script&gt;'), textOf(page));
      assert.doesNotMatch(page.text, /<script|<img/);
    }
  });

  it('when any page is answered, then its headers close every door', async () => {
    const { path } = await journey.ask(of(ANA.cpf));
    const browser = browserOf(journey);
    const login = await browser.open(path);
    const review = await browser.press(login, 'Entrar', { acesso: ANA.login, senha: PASSWORD });
    for (const page of [login, review, await browser.open('/banco/consentimento/none')]) {
      assert.match(String(page.headers['content-security-policy']), /^default-src 'none'/);
      assert.match(String(page.headers['content-security-policy']), /frame-ancestors 'none'/);
      assert.doesNotMatch(String(page.headers['content-security-policy']), /unsafe|script-src|\*/);
      assert.equal(page.headers['cache-control'], 'no-store');
      assert.equal(page.headers['referrer-policy'], 'no-referrer');
      assert.equal(page.headers['x-content-type-options'], 'nosniff');
    }
    const fresh = await browserOf(journey).send('/banco/consentimentos');
    for (const cookie of fresh.headers['set-cookie'] ?? [])
      assert.match(cookie, /^__Host-[\w-]+=[\w-]{43}; Path=\/; Secure; HttpOnly; SameSite=Lax$/);
    assert.equal(fresh.headers['set-cookie']?.length, 1);
  });

  it('when the whole journey is made, then no address tells anything personal', async () => {
    const { path } = await journey.ask(of(ANA.cpf));
    const browser = browserOf(journey);
    const review = await logIn(browser, path, ANA.login);
    const leaving = await browser.press(review, 'Confirmar compartilhamento', {
      'escolha-ACCOUNT': 'cc-30418',
    });
    const list = await logIn(browser, '/banco/consentimentos', ANA.login);
    const links = [review, leaving, list].flatMap((page) =>
      page.root
        .querySelectorAll('[href], [action]')
        .map((each) => each.getAttribute('href') ?? each.getAttribute('action') ?? ''),
    );
    for (const link of [...links, review.url.href, leaving.url.href])
      assert.doesNotMatch(link, new RegExp(`${ANA.cpf}|${ANA.login}|cc-30418|Souza`));
    assert.doesNotMatch(JSON.stringify(journey.events), new RegExp(`${ANA.cpf}|${ANA.login}|Souza|senha`));
  });

  it('when a form is too large, too strange, or cut off, then it is refused and the journey goes on', async () => {
    const browser = browserOf(journey);
    await browser.open('/banco/consentimentos');
    const post = (body: string, type = 'application/x-www-form-urlencoded') =>
      browser.send('/banco/consentimentos/entrar', {
        method: 'POST',
        headers: { 'content-type': type },
        body,
      });
    assert.equal((await post(`acesso=${'a'.repeat(70_000)}`)).status, 413);
    assert.equal((await post('a=1&'.repeat(2_000))).status, 413);
    assert.equal((await post('{"acesso":"a"}', 'application/json')).status, 415);
    assert.equal((await post('%')).status, 403);
    assert.equal((await browser.open('/banco/consentimentos')).status, 200);
  });

  it('when a method or a path is none of the journey’s, then it does not answer, or only that', async () => {
    const browser = browserOf(journey);
    const put = await browser.send('/banco/consentimentos', { method: 'PUT' });
    assert.equal(put.status, 405);
    assert.equal(put.headers.allow, 'GET, HEAD');
    assert.equal((await browser.send('/banco/consentimentos', { method: 'HEAD' })).text, '');
    for (const path of [
      '/consentimento',
      '/consentimento/a/b/c',
      '/consentimentos/%E0%A4%A',
      '/consentimento/a/toString',
      '/aparencia/style.css',
      '//x/consentimentos',
    ])
      assert.equal((await browser.send(`/banco${path}`)).text, 'not a page of the journey', path);
  });

  it('when long logins and passwords are sent, then they are wrong and nothing more', async () => {
    const page = await logIn(
      browserOf(journey),
      '/banco/consentimentos',
      'a'.repeat(5_000),
      'b'.repeat(5_000),
    );
    assert.equal(page.status, 422);
  });
});

describe('given an insurer', () => {
  const GUILHERME = { cpf: '53807142690', login: 'guilherme.alves' };

  it('when policies are asked for, then they are picked branch by branch, and registration data come whole', async () => {
    const journey = await startJourney({ ecosystem: 'open-insurance', basePath: '/seguradora' });
    const permissions = [
      'RESOURCES_READ',
      'CUSTOMERS_PERSONAL_IDENTIFICATIONS_READ',
      'DAMAGES_AND_PEOPLE_AUTO_READ',
      'DAMAGES_AND_PEOPLE_AUTO_PREMIUM_READ',
      'DAMAGES_AND_PEOPLE_HOUSING_READ',
    ];
    const { consent, path } = await journey.ask(of(GUILHERME.cpf, { permissions }));
    const browser = browserOf(journey);
    const review = await logIn(browser, path, GUILHERME.login);
    assert.match(textOf(review), /Seguro de automóveis: quais você quer compartilhar\?/);
    await decide(browser, review, 'Confirmar compartilhamento', {
      'escolha-DAMAGES_AND_PEOPLE_AUTO': 'apolice-auto-20977',
      'escolha-DAMAGES_AND_PEOPLE_HOUSING': 'apolice-hab-11830',
    });
    const authorised = await journey.consents.find(consent.id);
    assert.deepEqual(
      authorised?.selection?.resources.map(({ ref }) => ref),
      ['apolice-auto-20977', 'apolice-hab-11830'],
    );
  });

  it('when a service is asked for, then its particulars are shown and it is worded as a service', async () => {
    const journey = await startJourney({ ecosystem: 'open-insurance', basePath: '' });
    const details = {
      endorsementInformation: {
        policyId: 'apolice-auto-20418',
        insuredObjectId: ['veiculo-1'],
        endorsementType: 'ALTERACAO',
        requestDescription: 'Trocar o condutor principal',
      },
    };
    const { consent, path } = await journey.ask(
      of(GUILHERME.cpf, { permissions: ['ENDORSEMENT_REQUEST_CREATE'], details }),
    );
    const browser = browserOf(journey);
    const login = await browser.open(path);
    assert.match(textOf(login), /Bússola Finanças quer agir em seu nome em Aurora Seguros/);
    assert.doesNotMatch(textOf(login), /ver dados seus/);
    const review = await logIn(browser, path, GUILHERME.login);
    assert.match(textOf(review), /Revise o que será feito em seu nome/);
    assert.match(textOf(review), /Quem vai agir ?Bússola Finanças/);
    assert.match(textOf(review), /O que deve mudar ?Trocar o condutor principal/);
    assert.match(textOf(review), /Tipo de alteração ?Alteração/);
    await decide(browser, review, 'Confirmar');
    assert.equal(await statusOf(journey, consent.id), 'AUTHORISED');
  });
});
