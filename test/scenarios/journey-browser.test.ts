import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import type { NewConsent } from '../../src/consents/consent-store.ts';
import { findBarriers, keepScreenshot, NO_CHROMIUM, startChromium } from '../support/start-chromium.ts';
import { PASSWORD, type RunningJourney, startJourney } from '../support/start-journey.ts';

const CARLA = { cpf: '28364091778', login: 'carla.nunes' };
const ANA = { cpf: '41726305961', login: 'ana.souza' };
const DANIEL = { cpf: '64021578307', login: 'daniel.rocha' };
const ELISA = { cpf: '17290534832', login: 'elisa.prado' };
const EVERYTHING = [
  'CUSTOMERS_PERSONAL_IDENTIFICATIONS_READ',
  'ACCOUNTS_READ',
  'ACCOUNTS_BALANCES_READ',
  'ACCOUNTS_TRANSACTIONS_READ',
  'CREDIT_CARDS_ACCOUNTS_READ',
  'CREDIT_CARDS_ACCOUNTS_LIMITS_READ',
  'BANK_FIXED_INCOMES_READ',
  'CREDIT_FIXED_INCOMES_READ',
  'FUNDS_READ',
  'VARIABLE_INCOMES_READ',
  'TREASURE_TITLES_READ',
  'EXCHANGES_READ',
  'RESOURCES_READ',
];
const WIDTHS = { phone: { width: 320, height: 700 }, desktop: { width: 1280, height: 860 } } as const;
/** Each size and each colour once: a fault in both is one fault. */
const LOOKED_AT: Readonly<Record<string, readonly ('light' | 'dark')[]>> = {
  phone: ['dark'],
  desktop: ['light'],
};
/** Least side of what is touched (WCAG 2.2, 2.5.5, and the size that phone makers ask for), in CSS pixels. */
const LEAST_TARGET = 44;

function of({ cpf }: { cpf: string }, change: Partial<NewConsent> = {}): Partial<NewConsent> {
  return { loggedUser: { identification: cpf, rel: 'CPF' }, permissions: EVERYTHING, ...change };
}

describe('given a real browser', { skip: NO_CHROMIUM }, () => {
  let journey: RunningJourney;
  let browser: Browser;
  before(async () => {
    [journey, browser] = await Promise.all([
      startJourney({ brand: { name: 'Banco Ipê', help: 'Central de atendimento: 4004 0000.' } }),
      startChromium(),
    ]);
  });

  async function openPage(
    options: BrowserContextOptions = {},
  ): Promise<{ page: Page; complaints: string[] }> {
    const context = await browser.newContext({ ignoreHTTPSErrors: true, ...options });
    const page = await context.newPage();
    page.setDefaultTimeout(10_000);
    const complaints: string[] = [];
    page.on('console', (message) => {
      if (/Content Security Policy|Refused/i.test(message.text())) complaints.push(message.text());
    });
    return { page, complaints };
  }

  async function logIn(page: Page, login: string, password = PASSWORD): Promise<void> {
    await page.getByLabel('Usuário').fill(login);
    await page.getByLabel('Senha').fill(password);
    await page.getByRole('button', { name: 'Entrar' }).click();
  }

  it('when scripts are off, then the journey ends at the receiver, past every redirect', async () => {
    const { consent, path } = await journey.ask(of(CARLA));
    const { page, complaints } = await openPage({ javaScriptEnabled: false });
    await page.goto(`${journey.origin}${path}`);
    await logIn(page, CARLA.login);
    await page.getByLabel('Conta corrente, agência 0003, final 480-1').check();
    await page.getByLabel('Ipê Platina, final 3316').check();
    await page.getByRole('button', { name: 'Confirmar compartilhamento' }).click();
    await page.waitForURL(`${journey.callback}?code=made-up`);
    assert.equal((await journey.consents.find(consent.id))?.status, 'AUTHORISED');
    assert.deepEqual(complaints, []);
    await page.context().close();
  });

  it('when only the keyboard is used, then everything is reached, and the focus is where the fault is told', async () => {
    const { consent, path } = await journey.ask(
      of(CARLA, { permissions: ['ACCOUNTS_READ', 'ACCOUNTS_BALANCES_READ', 'RESOURCES_READ'] }),
    );
    const { page } = await openPage();
    await page.goto(`${journey.origin}${path}`);
    await page.keyboard.press('Tab');
    assert.equal(await focused(page), 'Pular para o conteúdo');
    await tabTo(page, 'acesso');
    await page.keyboard.type(CARLA.login);
    await page.keyboard.press('Tab');
    await page.keyboard.type(PASSWORD);
    await page.keyboard.press('Enter');
    await page.waitForSelector('#decidir');
    await tabTo(page, 'Confirmar compartilhamento');
    await page.keyboard.press('Enter');
    await page.waitForSelector('[role=alert]');
    assert.match(await focused(page), /^Falta escolher/);
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await tabTo(page, 'escolha-ACCOUNT-0');
    await page.keyboard.press('Space');
    await tabTo(page, 'Confirmar compartilhamento');
    await page.keyboard.press('Enter');
    await page.waitForURL(/callback\?code/);
    assert.equal((await journey.consents.find(consent.id))?.selection?.resources[0]?.ref, 'cc-64480');
    await page.context().close();
  });

  for (const [size, viewport] of Object.entries(WIDTHS))
    for (const colorScheme of LOOKED_AT[size] ?? [])
      it(`when every page is seen on a ${size} in ${colorScheme} colours, then nothing is in anybody’s way`, async () => {
        const { page, complaints } = await openPage({ viewport, colorScheme, reducedMotion: 'reduce' });
        const seen: string[] = [];
        const look = async (name: string) => {
          const place = `${name} on a ${size} in ${colorScheme} colours`;
          await keepScreenshot(page, `journey-${name}-${size}-${colorScheme}`);
          assert.deepEqual(await findBarriers(page), [], place);
          assert.ok((await page.evaluate<number>(WIDTH)) <= viewport.width, `${place} scrolls sideways`);
          assert.deepEqual(await page.evaluate(SMALL_TARGETS, LEAST_TARGET), [], place);
          seen.push(name);
        };
        await walk(page, look);
        assert.equal(seen.length, 15);
        assert.deepEqual(complaints, []);
        await page.context().close();
      });

  /** Visits every page of the journey. */
  async function walk(page: Page, look: (name: string) => Promise<void>): Promise<void> {
    const at = (path: string) => page.goto(`${journey.origin}${path}`);
    await at((await journey.ask(of(CARLA))).path);
    await look('login');
    await logIn(page, ELISA.login, 'errada');
    await look('login-wrong');
    await logIn(page, ELISA.login);
    await look('mismatch');
    await page.getByRole('button', { name: 'Entrar com outro acesso' }).click();
    await logIn(page, CARLA.login);
    await look('review');
    await page.getByRole('button', { name: 'Confirmar compartilhamento' }).click();
    await look('review-fault');
    await page.getByLabel(/Conta conjunta/).check();
    await page.getByLabel(/Ipê Platina/).check();
    await page.getByText('Ver em detalhe').first().click();
    await look('review-picked');
    await page.route('**/concluir', (route) => route.fulfill({ status: 204 }));
    await page.getByRole('button', { name: 'Confirmar compartilhamento' }).click();
    await page.waitForSelector('h1:has-text("Voltando")');
    await look('leaving');
    await page.unroute('**/concluir');
    await page.getByRole('link', { name: 'Continuar' }).click();
    await page.waitForURL(/callback\?code/);

    await at(
      (
        await journey.ask(
          of(ELISA, { permissions: ['ACCOUNTS_READ', 'ACCOUNTS_BALANCES_READ', 'RESOURCES_READ'] }),
        )
      ).path,
    );
    await logIn(page, ELISA.login);
    await look('nothing-to-share');
    await at(`${journey.basePath}/consentimento/none`);
    await look('ended');

    await at(`${journey.basePath}/consentimentos`);
    await look('area-login');
    await logIn(page, DANIEL.login);
    await look('area');
    await page.getByRole('link', { name: 'Bússola Finanças' }).first().click();
    await look('approval');
    await page.getByRole('button', { name: 'Sair' }).click();
    await logIn(page, CARLA.login);
    await page.getByRole('link', { name: 'Bússola Finanças' }).first().click();
    await look('consent');
    await page.getByRole('link', { name: /^Cancelar compartilhamento|^Recusar o pedido/ }).click();
    await look('revocation');
    await page.getByRole('button', { name: /^Cancelar compartilhamento|^Recusar o pedido/ }).click();
    await look('revoked');
  }

  it('when an insurer is asked for a service, then its page is as easy', async () => {
    const insurer = await startJourney({
      ecosystem: 'open-insurance',
      basePath: '/seguradora',
      brand: { name: 'Aurora Seguros', accent: { light: '#0a5c36', dark: '#7ddca8' } },
    });
    const details = {
      endorsementInformation: {
        policyId: 'apolice-auto-20418',
        insuredObjectId: ['veiculo-1'],
        endorsementType: 'ALTERACAO',
        requestDescription: 'Trocar o condutor principal',
      },
    };
    const { path } = await insurer.ask(
      of({ cpf: '53807142690' }, { permissions: ['ENDORSEMENT_REQUEST_CREATE'], details }),
    );
    for (const colorScheme of ['light', 'dark'] as const) {
      const { page } = await openPage({ viewport: WIDTHS.desktop, colorScheme });
      await page.goto(`${insurer.origin}${path}`);
      await logIn(page, 'guilherme.alves');
      await keepScreenshot(page, `journey-service-desktop-${colorScheme}`);
      assert.deepEqual(await findBarriers(page), []);
      await page.context().close();
    }
  });

  it('when a page has barriers, then they are found', async () => {
    const { page } = await openPage();
    await page.setContent('<main><button></button><p style="color:#999;background:#aaa">Texto</p></main>');
    const barriers = await findBarriers(page);
    for (const rule of ['button-name', 'color-contrast', 'html-has-lang'])
      assert.ok(
        barriers.some((barrier) => barrier.startsWith(`${rule}:`)),
        `${rule} of ${barriers.join(', ')}`,
      );
    await page.context().close();
  });

  it('when another site frames the pages, then the browser shows nothing of them', async () => {
    const { page } = await openPage();
    await page.goto(journey.callback);
    const refused = page.waitForEvent('console', (message) => /frame-ancestors/.test(message.text()));
    await page.evaluate(FRAME, `${journey.origin}${journey.basePath}/consentimentos`);
    await refused;
    const frame = page.frames().find((each) => each !== page.mainFrame());
    assert.doesNotMatch((await frame?.content()) ?? '', /name="senha"/);
    await page.context().close();
  });

  it('when the review of one customer is left, then going back shows nothing of it without a login', async () => {
    const { path } = await journey.ask(of(ANA));
    const { page } = await openPage();
    await page.goto(`${journey.origin}${path}`);
    await logIn(page, ANA.login);
    await page.getByRole('button', { name: 'Não é você? Entrar com outro acesso' }).click();
    await page.waitForSelector('#acesso');
    await page.goBack();
    assert.doesNotMatch(await page.content(), /Ana Beatriz/);
    await page.context().close();
  });
});

// What runs inside of the page is text: the types of a browser are not those of this project.
const WIDTH = 'document.documentElement.scrollWidth';

const SMALL_TARGETS = new Function(
  'least',
  `return [...document.querySelectorAll('button, .button, summary, .option, .field input')]
    .filter((each) => each.checkVisibility())
    .map((each) => [each.textContent.trim() || each.id, each.getBoundingClientRect().height])
    .filter(([, height]) => height < least)
    .map(([name, height]) => name + ' is ' + height + ' high');`,
) as (least: number) => string[];

const FRAME = new Function(
  'url',
  `const frame = document.createElement('iframe'); frame.src = url; document.body.append(frame);`,
) as (url: string) => void;

/** The id, or else the text, of what has the focus. */
function focused(page: Page): Promise<string> {
  return page.evaluate(
    `document.activeElement.id || document.activeElement.textContent.trim().replace(/\\s+/g, ' ')`,
  );
}

async function tabTo(page: Page, name: string): Promise<void> {
  for (let count = 0; count < 40; count += 1) {
    if ((await focused(page)) === name) return;
    await page.keyboard.press('Tab');
  }
  throw new Error(`the keyboard does not reach ${name}`);
}
