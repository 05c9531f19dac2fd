import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { refreshTokenGrant } from 'openid-client';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import type { SandboxCustomer } from '../../src/app/sandbox/sandbox-description.ts';
import {
  authorizationUrl,
  redeemCode,
  type StartedAuthorization,
} from '../../src/receiver/authorization-url.ts';
import { callHolder } from '../../src/receiver/call-holder.ts';
import { type HolderConnection, ownToken } from '../../src/receiver/connect-holder.ts';
import { createConsent } from '../../src/receiver/consents.ts';
import { findBarriers, keepScreenshot, NO_CHROMIUM, startChromium } from '../support/start-chromium.ts';
import { startReceiverPage } from '../support/start-receiver-page.ts';
import { BASE_SCOPES, startTestSandbox, type TestSandbox } from '../support/start-sandbox.ts';

/** In each ecosystem: who shares what, and which products of theirs they tick. */
const PLANS = {
  'open-finance': {
    login: 'ana.souza',
    name: 'Ana Beatriz Souza',
    permissions: ['ACCOUNTS_READ', 'ACCOUNTS_BALANCES_READ', 'RESOURCES_READ'],
    ticked: ['Poupança, agência 0001, final 120-9'],
    type: 'ACCOUNT',
    joint: {
      login: 'carla.nunes',
      approver: 'daniel.rocha',
      label: 'Conta conjunta, agência 0003, final 505-6',
    },
  },
  'open-insurance': {
    login: 'guilherme.alves',
    name: 'Guilherme Alves',
    permissions: [
      'DAMAGES_AND_PEOPLE_AUTO_READ',
      'DAMAGES_AND_PEOPLE_AUTO_POLICYINFO_READ',
      'DAMAGES_AND_PEOPLE_AUTO_PREMIUM_READ',
      'DAMAGES_AND_PEOPLE_AUTO_CLAIM_READ',
      'RESOURCES_READ',
    ],
    ticked: ['Motocicleta, apólice final 977'],
    type: 'DAMAGES_AND_PEOPLE_AUTO',
    joint: {
      login: 'igor.menezes',
      approver: 'julia.menezes',
      label: 'Automóvel, apólice final 155',
    },
  },
} as const;
type Ecosystem = keyof typeof PLANS;
const ECOSYSTEMS = Object.keys(PLANS) as Ecosystem[];

/** Acts for a company whose CNPJ has letters. */
const REPRESENTATIVE = 'bruno.lima';
const ALPHANUMERIC_CNPJ = 'IPE7R2K4000127';
const PHONE: BrowserContextOptions = { viewport: { width: 360, height: 740 }, hasTouch: true };
const DESKTOP: BrowserContextOptions = { viewport: { width: 1280, height: 860 } };
const NARROWEST = 320;

interface Asked {
  readonly ecosystem: Ecosystem;
  readonly connection: HolderConnection;
  readonly consentId: string;
  readonly started: StartedAuthorization;
}

interface ReadResource {
  readonly resourceId: string;
  readonly type: string;
  readonly status: string;
}

describe('given a real browser and the whole sandbox', { skip: NO_CHROMIUM }, () => {
  let test: TestSandbox;
  let browser: Browser;
  let redirectUri: string;
  const connections = new Map<Ecosystem, HolderConnection>();
  before(async () => {
    test = await startTestSandbox();
    redirectUri = test.redirectUri(0);
    const [receiver, institutions] = await Promise.all([
      startReceiverPage(redirectUri),
      test.sandbox.directory.serverCertificate('institutions'),
    ]);
    browser = await startChromium({
      trusted: [receiver.certificate, institutions.certificate],
      hosts: { [receiver.host]: receiver.address },
    });
    for (const ecosystem of ECOSYSTEMS) connections.set(ecosystem, await test.connect(0, ecosystem));
  });

  function customer(ecosystem: Ecosystem, login: string): SandboxCustomer {
    return test.customers(ecosystem).find((one) => one.login === login) as SandboxCustomer;
  }

  /** The receiver's side: a consent, and the URL to which it sends its customer's browser. */
  async function ask(ecosystem: Ecosystem, login: string, change: object = {}): Promise<Asked> {
    const connection = connections.get(ecosystem) as HolderConnection;
    const { consentId } = await createConsent(connection, {
      ...test.consentRequest(ecosystem, customer(ecosystem, login)),
      permissions: PLANS[ecosystem].permissions,
      ...change,
    });
    const started = await authorizationUrl(connection, { consentId, redirectUri, scopes: BASE_SCOPES });
    return { ecosystem, connection, consentId, started };
  }

  async function openPage(options: BrowserContextOptions = DESKTOP): Promise<Page> {
    const context = await browser.newContext({ reducedMotion: 'reduce', ...options });
    const page = await context.newPage();
    page.setDefaultTimeout(10_000);
    return page;
  }

  async function logIn(page: Page, ecosystem: Ecosystem, login: string): Promise<void> {
    await page.locator('#acesso').fill(login);
    await page.locator('#senha').fill(customer(ecosystem, login).password);
    await page.getByRole('button', { name: 'Entrar', exact: true }).click();
  }

  /** Waits until the browser is back at the receiver; answers with where exactly. */
  async function arrival(page: Page): Promise<URL> {
    await page.waitForURL((url) => url.href.startsWith(redirectUri));
    return new URL(page.url());
  }

  async function confirm(page: Page, labels: readonly string[]): Promise<URL> {
    for (const label of labels) await page.getByLabel(label).check();
    await page.getByRole('button', { name: 'Confirmar compartilhamento' }).click();
    return arrival(page);
  }

  async function approve(page: Page, asked: Asked, login: string, labels: readonly string[]): Promise<URL> {
    await page.goto(asked.started.url.href);
    await logIn(page, asked.ecosystem, login);
    return confirm(page, labels);
  }

  async function readResources({ connection, ecosystem }: Asked, token: string): Promise<ReadResource[]> {
    const response = await callHolder(connection, token, test.institution(ecosystem).resourcesUrl);
    assert.equal(response.status, 200);
    return ((await response.json()) as { data: ReadResource[] }).data;
  }

  async function statusOf({ connection, ecosystem, consentId }: Asked): Promise<string> {
    const { consentsUrl } = test.institution(ecosystem);
    const token = await ownToken(connection);
    const response = await callHolder(connection, token, `${consentsUrl}/${consentId}`);
    return ((await response.json()) as { data: { status: string } }).data.status;
  }

  function areaOf(ecosystem: Ecosystem): string {
    return `${test.institution(ecosystem).issuer}/consentimentos`;
  }

  async function openArea(page: Page, ecosystem: Ecosystem, login: string): Promise<void> {
    await page.goto(areaOf(ecosystem));
    await logIn(page, ecosystem, login);
    await page.getByRole('heading', { level: 1, name: 'Meus compartilhamentos' }).waitFor();
    await page.getByRole('button', { name: 'Sair' }).waitFor();
  }

  const audited = new Set<string>();

  /** Looks at a page as it is: nobody is kept out by it, and nothing of it hides at the side. */
  async function look(page: Page, name: string): Promise<void> {
    await keepScreenshot(page, `sandbox-${name}`);
    // The pages of both institutions are made of the same templates.
    const template = ECOSYSTEMS.reduce((whole, ecosystem) => whole.replace(ecosystem, ''), name);
    if (!audited.has(template)) assert.deepEqual(await findBarriers(page), [], name);
    audited.add(template);
    const { lang, headings, mains, banners, footers, width } = await page.evaluate<PageFrame>(FRAME);
    assert.equal(lang, 'pt-BR', name);
    assert.deepEqual([mains, banners, footers], [1, 1, 1], `${name}: landmarks`);
    assert.equal(headings.filter((level) => level === 1).length, 1, `${name}: one h1`);
    headings.reduce((before, level) => {
      assert.ok(level <= before + 1, `${name}: a heading of level ${level} after one of level ${before}`);
      return level;
    }, 0);
    assert.ok(width <= (page.viewportSize()?.width ?? 0), `${name} scrolls sideways`);
  }

  for (const ecosystem of ECOSYSTEMS) {
    const plan = PLANS[ecosystem];
    const size = ecosystem === 'open-finance' ? PHONE : DESKTOP;

    describe(`given a customer of ${ecosystem}`, () => {
      it('when they confirm, then the receiver reads what they ticked, until they end it in their own area', async () => {
        const asked = await ask(ecosystem, plan.login);
        const page = await openPage({ ...size, colorScheme: 'light' });
        await page.goto(asked.started.url.href);
        await look(page, named(ecosystem, 'login'));
        await logIn(page, ecosystem, plan.login);
        await look(page, named(ecosystem, 'review'));
        assert.equal(await page.getByRole('checkbox', { checked: true }).count(), 0);
        const callback = await confirm(page, plan.ticked);
        await page.getByRole('heading', { name: 'Autorização recebida' }).waitFor();
        await keepScreenshot(page, `sandbox-${named(ecosystem, 'receiver')}`);
        assert.deepEqual(await findBarriers(page), []);
        assert.equal(callback.search, '');

        const tokens = await redeemCode(asked.connection, callback, asked.started);
        const read = await readResources(asked, tokens.access_token);
        assert.equal(await statusOf(asked), 'AUTHORISED');
        assert.deepEqual(
          read.map(({ type, status }) => [type, status]),
          [[plan.type, 'AVAILABLE']],
        );

        await openArea(page, ecosystem, plan.login);
        await look(page, named(ecosystem, 'area'));
        await page.getByRole('link', { name: 'Bússola Finanças' }).first().click();
        await page.getByText(plan.ticked[0]).waitFor();
        await look(page, named(ecosystem, 'consent'));
        await page.getByRole('link', { name: 'Cancelar compartilhamento' }).click();
        await look(page, named(ecosystem, 'revocation'));
        await page.getByRole('button', { name: 'Cancelar compartilhamento' }).click();
        await page.getByRole('status').getByText('O compartilhamento foi encerrado').waitFor();
        await look(page, named(ecosystem, 'revoked'));

        const { resourcesUrl } = test.institution(ecosystem);
        const refused = await callHolder(asked.connection, tokens.access_token, resourcesUrl).then(
          ({ status }) => status,
          (error: { status?: number }) => error.status,
        );
        assert.equal(refused, 401);
        await assert.rejects(
          refreshTokenGrant(asked.connection.configuration, String(tokens.refresh_token)),
          {
            error: 'invalid_grant',
          },
        );
        assert.equal(await statusOf(asked), 'REJECTED');
        await page.context().close();
      });

      it('when they refuse, then the receiver is told access_denied and the consent is rejected', async () => {
        const asked = await ask(ecosystem, plan.login);
        const page = await openPage(size);
        await page.goto(asked.started.url.href);
        await logIn(page, ecosystem, plan.login);
        await page.getByRole('button', { name: 'Não compartilhar' }).click();
        const callback = await arrival(page);
        await page.getByRole('heading', { name: 'A autorização não foi dada' }).waitFor();
        assert.equal(await page.getByText('O código vale por pouco tempo').isVisible(), false);
        await assert.rejects(redeemCode(asked.connection, callback, asked.started), {
          error: 'access_denied',
        });
        assert.equal(await statusOf(asked), 'REJECTED');
        await page.context().close();
      });

      it('when something of two holders is shared, then it can be read once the other one has agreed', async () => {
        const { login, approver, label } = plan.joint;
        const asked = await ask(ecosystem, login);
        const page = await openPage({ ...size, colorScheme: 'dark' });
        const callback = await approve(page, asked, login, [label]);
        const tokens = await redeemCode(asked.connection, callback, asked.started);
        const statuses = async () =>
          (await readResources(asked, tokens.access_token)).map(({ status }) => status);
        assert.deepEqual(await statuses(), ['PENDING_AUTHORISATION']);

        await openArea(page, ecosystem, approver);
        await page.getByText('Falta a sua aprovação').waitFor();
        await page.getByRole('link', { name: 'Bússola Finanças' }).first().click();
        await page.getByRole('heading', { name: 'O que será visto' }).waitFor();
        await look(page, named(ecosystem, 'approval'));
        await page.getByRole('button', { name: 'Enviar resposta' }).click();
        await page.getByRole('alert').waitFor();
        assert.equal(await page.evaluate(`document.activeElement.getAttribute('role')`), 'alert');
        await look(page, named(ecosystem, 'approval-fault'));
        await page.getByRole('group', { name: label }).getByLabel('Aprovar', { exact: true }).check();
        await page.getByRole('button', { name: 'Enviar resposta' }).click();
        await page.getByText('A sua resposta foi registrada').waitFor();
        await page.getByRole('listitem').filter({ hasText: label }).getByText('Autorizado').waitFor();
        await look(page, named(ecosystem, 'approved'));
        assert.deepEqual(await statuses(), ['AVAILABLE']);
        await page.context().close();
      });
    });
  }

  /** The interaction ends as by time: its row is there until it is swept, and nobody finds it. */
  async function expireInteraction(ecosystem: Ecosystem, uid: string): Promise<void> {
    const artifacts = test.sandbox.store.artifacts(test.institution(ecosystem).issuer);
    const interaction = await artifacts.find('Interaction', uid);
    assert.ok(interaction, 'the interaction is there until then');
    const exp = Math.floor(Date.now() / 1000) + 1;
    await artifacts.upsert('Interaction', uid, { ...interaction, exp }, 1);
    await new Promise((resolve) => setTimeout(resolve, 1_100));
  }

  it('when two tabs confirm two requests, then each receiver’s answer fits its own request', async () => {
    const ecosystem = 'open-insurance';
    const plan = PLANS[ecosystem];
    const [first, second] = [await ask(ecosystem, plan.login), await ask(ecosystem, plan.login)];
    const one = await openPage();
    const other = await one.context().newPage();
    await one.goto(first.started.url.href);
    await logIn(one, ecosystem, plan.login);
    await other.goto(second.started.url.href);
    await logIn(other, ecosystem, plan.login);
    await one.getByLabel(plan.ticked[0]).check();
    await one.getByRole('button', { name: 'Confirmar compartilhamento' }).click();
    await one.getByText('Nada foi confirmado ainda').waitFor();
    assert.equal(await statusOf(first), 'AWAITING_AUTHORISATION');

    const answer = await confirm(other, plan.ticked);
    await logIn(one, ecosystem, plan.login);
    const late = await confirm(one, plan.ticked);
    await assert.rejects(redeemCode(first.connection, answer, first.started), {
      code: 'OAUTH_INVALID_RESPONSE',
    });
    for (const [asked, callback] of [
      [first, late],
      [second, answer],
    ] as const) {
      assert.equal(callback.hash.includes(`state=${asked.started.state}`), true);
      assert.equal(await statusOf(asked), 'AUTHORISED');
    }
    await redeemCode(first.connection, late, first.started);
    await one.context().close();
  });

  it('when one request is open in two tabs, then it is answered once', async () => {
    const ecosystem = 'open-finance';
    const plan = PLANS[ecosystem];
    const asked = await ask(ecosystem, plan.login);
    const one = await openPage();
    await one.goto(asked.started.url.href);
    await logIn(one, ecosystem, plan.login);
    const other = await one.context().newPage();
    await other.goto(one.url());
    await other.getByRole('button', { name: 'Não compartilhar' }).waitFor();
    await confirm(one, plan.ticked);
    await other.getByRole('button', { name: 'Não compartilhar' }).click();
    await other.getByRole('heading', { name: 'Este pedido não está mais aberto' }).waitFor();
    assert.equal(await statusOf(asked), 'AUTHORISED');
    await one.context().close();
  });

  it('when they go back from the receiver, then nothing of the review is left and nothing is asked twice', async () => {
    const ecosystem = 'open-insurance';
    const plan = PLANS[ecosystem];
    const asked = await ask(ecosystem, plan.login);
    const page = await openPage(DESKTOP);
    const callback = await approve(page, asked, plan.login, plan.ticked);
    await page.goBack();
    await page.getByRole('heading', { name: 'Este pedido não está mais aberto' }).waitFor();
    assert.doesNotMatch(await page.content(), new RegExp(plan.name));
    assert.equal(await statusOf(asked), 'AUTHORISED');
    await redeemCode(asked.connection, callback, asked.started);
    await page.context().close();
  });

  it('when the request has ended meanwhile, then the page says so and the consent goes on waiting', async () => {
    const ecosystem = 'open-finance';
    const plan = PLANS[ecosystem];
    const asked = await ask(ecosystem, plan.login);
    const page = await openPage(PHONE);
    await page.goto(asked.started.url.href);
    await logIn(page, ecosystem, plan.login);
    await page.getByLabel(plan.ticked[0]).check();
    await expireInteraction(ecosystem, page.url().split('/').at(-1) as string);
    await page.getByRole('button', { name: 'Confirmar compartilhamento' }).click();
    await page.getByRole('heading', { name: 'Este pedido não está mais aberto' }).waitFor();
    await look(page, named(ecosystem, 'ended'));
    assert.equal(await statusOf(asked), 'AWAITING_AUTHORISATION');
    await page.context().close();
  });

  it('when links of a request are opened in another browser, then they are of no use', async () => {
    const ecosystem = 'open-insurance';
    const plan = PLANS[ecosystem];
    const asked = await ask(ecosystem, plan.login);
    const page = await openPage(DESKTOP);
    await page.goto(asked.started.url.href);
    await logIn(page, ecosystem, plan.login);
    const other = await openPage({ ...DESKTOP, colorScheme: 'dark' });
    const elsewhere = await other.goto(page.url());
    assert.equal(elsewhere?.status(), 410);
    await confirm(page, plan.ticked);
    const response = await other.goto(asked.started.url.href);
    assert.equal(response?.status(), 400);
    await other.getByRole('heading', { name: 'Este pedido expirou' }).waitFor();
    await keepScreenshot(other, `sandbox-${named(ecosystem, 'used-link')}`);
    assert.deepEqual(await findBarriers(other), []);
    await Promise.all([page.context().close(), other.context().close()]);
  });

  it('when text is twice as large, colours are forced or contrast is raised, then every page can still be used', async () => {
    const ecosystem = 'open-finance';
    const plan = PLANS[ecosystem];
    const asked = await ask(ecosystem, plan.login);
    for (const [how, options] of Object.entries(TASTES)) {
      const page = await openPage({ viewport: { width: NARROWEST, height: 640 }, ...options });
      await page.goto(areaOf(ecosystem));
      await enlarge(page, how);
      await look(page, named(ecosystem, `area-login-${how}`));
      await page.context().close();
    }
    const page = await openPage({ viewport: { width: NARROWEST, height: 640 } });
    await page.goto(asked.started.url.href);
    await logIn(page, ecosystem, plan.login);
    for (const [how, { forcedColors = 'none', contrast = 'no-preference' }] of Object.entries(TASTES)) {
      await page.emulateMedia({ forcedColors, contrast });
      await enlarge(page, how);
      await look(page, named(ecosystem, `review-${how}`));
    }
    await page.context().close();
  });

  it('when a company with letters in its CNPJ is shared, then its representative sees for whom, and its data can be read', async () => {
    const asked = await ask('open-finance', REPRESENTATIVE, {
      businessEntity: { document: { identification: ALPHANUMERIC_CNPJ, rel: 'CNPJ' } },
    });
    const page = await openPage(PHONE);
    await page.goto(asked.started.url.href);
    await logIn(page, 'open-finance', REPRESENTATIVE);
    await page.getByText('CNPJ IP.E7R.2K4/0001-27').waitFor();
    await look(page, 'company-review');
    const callback = await confirm(page, ['Conta da empresa, agência 0007, final 760-8']);
    const tokens = await redeemCode(asked.connection, callback, asked.started);
    assert.deepEqual(
      (await readResources(asked, tokens.access_token)).map(({ status }) => status),
      ['AVAILABLE'],
    );
    await openArea(page, 'open-finance', REPRESENTATIVE);
    await page.getByText('Oficina Quaresmeira Ltda.').first().waitFor();
    await look(page, 'company-area');
    await page.context().close();
  });

  it('when somebody else logs in, then they are told and the receiver gets an error, while the consent waits', async () => {
    const asked = await ask('open-finance', 'ana.souza');
    const page = await openPage(PHONE);
    await page.goto(asked.started.url.href);
    await logIn(page, 'open-finance', 'elisa.prado');
    await page.getByRole('button', { name: /^Voltar para/ }).click();
    const callback = await arrival(page);
    await assert.rejects(redeemCode(asked.connection, callback, asked.started), {
      error: 'access_denied',
    });
    assert.equal(await statusOf(asked), 'AWAITING_AUTHORISATION');
    await page.context().close();
  });

  it('when all of it is over, then nothing has gone wrong unseen', () => {
    assert.deepEqual(test.logged, []);
  });
});

/** How people look at pages who do not look at them as they come. */
const TASTES: Readonly<Record<string, Pick<BrowserContextOptions, 'forcedColors' | 'contrast'>>> = {
  'large-text': {},
  'forced-colours': { forcedColors: 'active' },
  'high-contrast': { contrast: 'more' },
};

function named(ecosystem: Ecosystem, name: string): string {
  return `${name}-${ecosystem}`;
}

async function enlarge(page: Page, how: string): Promise<void> {
  await page.evaluate(`document.documentElement.style.fontSize = '${how === 'large-text' ? '200%' : ''}'`);
}

interface PageFrame {
  readonly lang: string;
  readonly headings: readonly number[];
  readonly mains: number;
  readonly banners: number;
  readonly footers: number;
  readonly width: number;
}

// What runs inside of the page is text: the types of a browser are not those of this project.
const FRAME = `({
  lang: document.documentElement.lang,
  headings: [...document.querySelectorAll('h1, h2, h3, h4, h5, h6')].map((each) => Number(each.tagName[1])),
  mains: document.querySelectorAll('main').length,
  banners: document.querySelectorAll('body > header').length,
  footers: document.querySelectorAll('body > footer').length,
  width: document.documentElement.scrollWidth,
})`;
