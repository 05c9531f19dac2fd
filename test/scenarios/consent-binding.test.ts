import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { before, describe, it } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import type { SandboxCustomer } from '../../src/app/sandbox/sandbox-description.ts';
import { readConsentProfiles } from '../../src/consents/read-consent-profiles.ts';
import { ownToken } from '../../src/receiver/connect-holder.ts';
import { createConsent } from '../../src/receiver/consents.ts';
import {
  approve,
  assertRefused,
  authorizationResponse,
  callApi,
  consentStatus,
  ECOSYSTEMS,
  isLoginPage,
  postAuthenticated,
  pushRequest,
  redeem,
  type TestReceiver,
  testReceiver,
  tokenRequest,
} from '../support/conformance.ts';
import { catalogFolder } from '../support/contract-folder.ts';
import type { TlsAnswer } from '../support/exchange-tls.ts';
import { type BrowserPage, createFormBrowser, type FormBrowser } from '../support/form-browser.ts';
import type { Json } from '../support/send-request.ts';
import { startTestSandbox, type TestSandbox } from '../support/start-sandbox.ts';

/** Valid CPFs of nobody who is a customer. */
const STRANGER = '76109277673';
const SOON_MS = 8_000;

let running: TestSandbox;
before(async () => {
  running = await startTestSandbox();
});

/** Tokens of a consent that a customer has authorised. */
interface Shared {
  readonly consentId: string;
  readonly accessToken: string;
  readonly refreshToken: string;
}

async function redeemed(receiver: TestReceiver, consentId: string, code: string): Promise<Shared> {
  const answer = await redeem(receiver, code);
  assert.equal(answer.status, 200, answer.text);
  const { access_token: accessToken, refresh_token: refreshToken } = answer.json();
  return { consentId, accessToken, refreshToken };
}

function refresh(receiver: TestReceiver, refreshToken: string, form: Record<string, string> = {}) {
  return tokenRequest(receiver, { grant_type: 'refresh_token', refresh_token: refreshToken, ...form });
}

function introspect(receiver: TestReceiver, token: string): Promise<TlsAnswer> {
  const url = receiver.endpoints.token.replace(/\/token$/, '/token/introspection');
  return postAuthenticated(receiver, url, { form: { token }, assertion: { aud: receiver.issuer } });
}

/** The code of an API's error, where the ecosystem shows guiche's own. */
function codeOf(answer: TlsAnswer): string {
  return answer.json().errors[0].code;
}

function browserAt(url: URL): FormBrowser {
  return createFormBrowser(url.origin, running.sandbox.directory.authorities);
}

function enterAs(
  browser: FormBrowser,
  url: URL,
  { login, password }: Pick<SandboxCustomer, 'login' | 'password'>,
): Promise<BrowserPage> {
  return browser
    .open(`${url.pathname}${url.search}`)
    .then((page) => browser.press(page, 'Entrar', { acesso: login, senha: password }));
}

/** What a page says, without what is drawn anew for every browser and request. */
function saying({ text, headers, status }: BrowserPage, ...variable: readonly string[]) {
  const shown = variable.reduce((rest, each) => rest.replaceAll(each, '…'), text);
  const { date: _date, 'set-cookie': _cookies, 'x-request-id': _id, ...lasting } = headers;
  return {
    status,
    headers: { ...lasting, 'content-length': '…' },
    text: shown
      .replace(/name="ficha" value="[^"]*"/g, 'name="ficha"')
      .replace(/\/consentimento\/[\w-]+/g, '/consentimento/…')
      .replace(/nonce-?="?[\w+/=-]+/g, 'nonce'),
  };
}

for (const ecosystem of ECOSYSTEMS)
  describe(`given two receivers and the customers of ${ecosystem}`, () => {
    let receiver: TestReceiver;
    let other: TestReceiver;
    let customer: SandboxCustomer;
    let neighbour: SandboxCustomer;
    let representative: SandboxCustomer;
    let secondRepresentative: SandboxCustomer;
    let consentsUrl: string;
    let resourcesUrl: string;
    let ending: Promise<Shared>;

    const own = (who: TestReceiver) => ownToken(who.connection);
    const ask = (who = customer, from = receiver) => running.awaitingConsent(from.connection, ecosystem, who);

    /** A company's consent, asked for in the name of whoever is to act for it. */
    async function askForCompany(person: string, company: string): Promise<string> {
      const profile = readConsentProfiles(catalogFolder).find((each) => each.ecosystem === ecosystem);
      const group = profile?.groups.find(
        ({ rule, permissions }) =>
          rule !== 'exclusive' &&
          permissions.every((name) => profile.permissions.get(name)?.person === 'legal'),
      );
      const { consentId } = await createConsent(receiver.connection, {
        ...running.consentRequest(ecosystem),
        permissions: [...(group?.permissions ?? []), profile?.companion],
        loggedUser: { document: { identification: person, rel: 'CPF' } },
        businessEntity: { document: { identification: company, rel: 'CNPJ' } },
      });
      return consentId;
    }

    async function share(
      from = receiver,
      who = customer,
      permissions: readonly string[] = [],
    ): Promise<Shared> {
      const { consentId } = await createConsent(from.connection, {
        ...running.consentRequest(ecosystem, who),
        ...(permissions.length > 0 && { permissions }),
      });
      const pushed = await pushRequest(from, consentId);
      const { code } = await approve(running, from, pushed.url(), who);
      return redeemed(from, consentId, String(code));
    }

    async function endByReceiver(consentId: string, from = receiver): Promise<TlsAnswer> {
      return callApi(from, `${consentsUrl}/${consentId}`, { method: 'DELETE', token: await own(from) });
    }

    /** Tokens that a consent has given are worth nothing any more. */
    async function assertOver(shared: Shared): Promise<void> {
      assertRefused(await refresh(receiver, shared.refreshToken), 400, 'invalid_grant');
      const read = await callApi(receiver, resourcesUrl, { token: shared.accessToken });
      assert.equal(read.status, 401, read.text);
      for (const token of [shared.accessToken, shared.refreshToken])
        assert.deepEqual((await introspect(receiver, token)).json(), { active: false });
    }

    before(async () => {
      receiver = await testReceiver(running, 0, ecosystem);
      other = await testReceiver(running, 1, ecosystem);
      const customers = running.customers(ecosystem);
      const natural = customers.filter(({ businessDocument }) => businessDocument === undefined);
      const legal = customers.filter(({ businessDocument }) => businessDocument !== undefined);
      [customer, neighbour] = natural as [SandboxCustomer, SandboxCustomer];
      [representative, secondRepresentative] = legal as [SandboxCustomer, SandboxCustomer];
      ({ consentsUrl, resourcesUrl } = running.institution(ecosystem));
      // It ends by itself while everything else is looked at.
      ending = shareUntil(Date.now() + SOON_MS);
      ending.catch(() => undefined);
    });

    async function shareUntil(end: number): Promise<Shared> {
      const { consentId } = await createConsent(receiver.connection, {
        ...running.consentRequest(ecosystem, customer),
        expirationDateTime: new Date(end).toISOString().replace(/\.\d+/, ''),
      });
      const pushed = await pushRequest(receiver, consentId);
      const { code } = await approve(running, receiver, pushed.url(), customer);
      return redeemed(receiver, consentId, String(code));
    }

    describe('and a request for authorisation', () => {
      it('when its consent is of another client, unknown, over or authorised, then all are told the same', async () => {
        const foreign = await ask(customer, other);
        const ended = await ask();
        assert.equal((await endByReceiver(ended)).status, 204);
        const { consentId: authorised } = await share();
        const unknown = ended.replace(/[^:]+$/, randomUUID());
        const elsewhere = await running.awaitingConsent(
          (await testReceiver(running, 0, otherEcosystem(ecosystem))).connection,
          otherEcosystem(ecosystem),
        );
        const answers = [];
        for (const consentId of [foreign, ended, authorised, unknown, elsewhere]) {
          const { answer } = await pushRequest(receiver, consentId);
          assertRefused(answer, 400, 'invalid_request');
          answers.push(answer.text);
        }
        assert.deepEqual(new Set(answers).size, 1, answers.join('\n'));
        assert.equal(await consentStatus(running, foreign), 'AWAITING_AUTHORISATION');
        assert.equal(await consentStatus(running, elsewhere), 'AWAITING_AUTHORISATION');
        assert.equal(await consentStatus(running, authorised), 'AUTHORISED');
      });

      it('when it names two consents or none, then it is refused', async () => {
        const [first, second] = [await ask(), await ask()];
        const scopes = [
          `openid resources consent:${first} consent:${second}`,
          `openid resources consent:${first} consent:${first}`,
          'openid resources',
          'openid resources consent:',
          `openid resources Consent:${first}`,
          `openid resources consent:${first}${'x'.repeat(300)}`,
        ];
        for (const scope of scopes) {
          const { answer } = await pushRequest(receiver, first, { claims: { scope } });
          assertRefused(answer, 400, 'invalid_request', 'invalid_scope');
        }
        for (const id of [first, second])
          assert.equal(await consentStatus(running, id), 'AWAITING_AUTHORISATION');
      });

      it('when the consent ends after it was pushed, then nobody is asked to log in for it', async () => {
        const consentId = await ask();
        const url = (await pushRequest(receiver, consentId)).url();
        assert.equal((await endByReceiver(consentId)).status, 204);
        const page = await browserAt(url).open(`${url.pathname}${url.search}`);
        assert.equal(isLoginPage(page), false, page.text);
        assert.equal(await consentStatus(running, consentId), 'REJECTED');
      });
    });

    describe('and somebody who logs in to a consent that is not theirs', () => {
      async function assertTurnedAway(consentId: string, who: SandboxCustomer, reason: RegExp) {
        const pushed = await pushRequest(receiver, consentId);
        const url = pushed.url();
        const browser = browserAt(url);
        const page = await enterAs(browser, url, who);
        assert.match(page.text, reason);
        assert.equal(page.root.querySelector('input[type=checkbox], input[type=radio]'), null);

        const forced = await browser.send(`${page.url.pathname}/decidir`, {
          method: 'POST',
          headers: { 'content-type': 'application/x-www-form-urlencoded' },
          body: 'decisao=confirmar',
        });
        assert.equal(forced.status, 403, forced.text);
        const concluded = await browser.send(`${page.url.pathname}/concluir`);
        assert.equal(new URL(String(concluded.headers.location), url).origin, url.origin, 'no way out');
        assert.equal(await consentStatus(running, consentId), 'AWAITING_AUTHORISATION');

        const back = page.root.querySelector('main button.primary')?.textContent as string;
        const leaving = await browser.refresh(await browser.press(page, back));
        const response = authorizationResponse(receiver, new URL(String(leaving.headers.location)));
        assert.equal(response.error, 'access_denied');
        assert.equal(response.state, pushed.claims.state);
        assert.equal(response.code, undefined);
        assert.equal(response.id_token, undefined);
        assert.equal(await consentStatus(running, consentId), 'AWAITING_AUTHORISATION');
      }

      it('when it is of another person, then they are sent back and its own person can still authorise it', async () => {
        const consentId = await ask();
        await assertTurnedAway(consentId, neighbour, /Este pedido foi feito para outra pessoa/);
        const { code } = await approve(
          running,
          receiver,
          (await pushRequest(receiver, consentId)).url(),
          customer,
        );
        assert.equal(typeof code, 'string');
        assert.equal(await consentStatus(running, consentId), 'AUTHORISED');
      });

      it('when it is of a company that they do not act for, then they are sent back', async () => {
        const company = representative.businessDocument as string;
        const consentId = await askForCompany(customer.document, company);
        await assertTurnedAway(consentId, customer, /Você não responde por esta empresa/);
      });

      it('when another representative of the company was named, then they are sent back', async () => {
        const company = secondRepresentative.businessDocument as string;
        const consentId = await askForCompany(representative.document, company);
        await assertTurnedAway(
          consentId,
          secondRepresentative,
          /Este pedido foi feito para outra pessoa|empresa/,
        );
      });

      it('when its representative logs in, then the company’s consent is authorised', async () => {
        const company = representative.businessDocument as string;
        const consentId = await askForCompany(representative.document, company);
        const { code } = await approve(
          running,
          receiver,
          (await pushRequest(receiver, consentId)).url(),
          representative,
        );
        assert.equal(typeof code, 'string');
        assert.equal(await consentStatus(running, consentId), 'AUTHORISED');
      });
    });

    describe('and an authorised consent that ends', () => {
      it('when its receiver deletes it, then its tokens end at once', async () => {
        const shared = await share();
        assert.equal((await refresh(receiver, shared.refreshToken)).status, 200);
        assert.equal((await endByReceiver(shared.consentId)).status, 204);
        await assertOver(shared);
        assert.equal(await consentStatus(running, shared.consentId), 'REJECTED');
      });

      it('when the customer ends it in their area, then its tokens end at once', async () => {
        const shared = await share();
        const area = new URL(`${receiver.issuer}/consentimentos`);
        const browser = browserAt(area);
        await enterAs(browser, area, customer);
        const asked = await browser.open(`${area.pathname}/${encodeURIComponent(shared.consentId)}/cancelar`);
        await browser.press(asked, 'Cancelar compartilhamento');
        assert.equal(await consentStatus(running, shared.consentId), 'REJECTED');
        await assertOver(shared);
      });

      it('when it ends before the code is redeemed, then the code is worth nothing', async () => {
        const consentId = await ask();
        const { code } = await approve(running, receiver, (await pushRequest(receiver, consentId)).url());
        assert.equal((await endByReceiver(consentId)).status, 204);
        assertRefused(await redeem(receiver, String(code)), 400, 'invalid_grant');
      });

      it('when one of two consents ends, then the tokens of the other live on', async () => {
        const [first, second] = [await share(), await share()];
        assert.equal((await endByReceiver(first.consentId)).status, 204);
        await assertOver(first);
        assert.equal((await refresh(receiver, second.refreshToken)).status, 200);
        const read = await callApi(receiver, resourcesUrl, { token: second.accessToken });
        assert.equal(read.status, 200, read.text);
      });

      it('when its time is over, then its tokens end by themselves', async () => {
        const shared = await ending;
        const consent = await running.sandbox.store.consents.find(shared.consentId);
        await wait(Math.max(0, Number(consent?.expiresAt) - Date.now() + 50));
        await assertOver(shared);
        const over = await running.sandbox.store.consents.find(shared.consentId);
        assert.equal(over?.rejection?.code, 'CONSENT_MAX_DATE_REACHED');
      });
    });

    describe('and a consent and another receiver', () => {
      it('when it reads or deletes the consent, then it is refused and nothing changes', async () => {
        const consentId = await ask();
        const before = await running.sandbox.store.consents.find(consentId);
        for (const method of ['GET', 'DELETE']) {
          const answer = await callApi(other, `${consentsUrl}/${consentId}`, {
            method,
            token: await own(other),
          });
          assert.equal(answer.status, 403, answer.text);
          assert.equal(answer.json().data, undefined);
          assert.doesNotMatch(answer.text, new RegExp(`${receiver.clientId}|${customer.document}`));
        }
        assert.deepEqual(await running.sandbox.store.consents.find(consentId), before);
      });

      it('when it reads an id that no consent has, then it learns that there is none', async () => {
        const id = (await ask()).replace(/[^:]+$/, randomUUID());
        const answer = await callApi(other, `${consentsUrl}/${id}`, { token: await own(other) });
        assert.equal(answer.status, 404, answer.text);
      });

      it('when it has got the tokens of the consent, then they are worth nothing to it', async () => {
        const shared = await share();
        assertRefused(await refresh(other, shared.refreshToken), 400, 'invalid_grant');
        const read = await callApi(other, resourcesUrl, { token: shared.accessToken });
        assert.equal(read.status, 401, read.text);
        assert.deepEqual((await introspect(other, shared.accessToken)).json(), { active: false });
        const stolen = await callApi(other, `${consentsUrl}/${shared.consentId}`, {
          token: await own(receiver),
        });
        assert.equal(stolen.status, 401, 'a token of the other client, with this certificate');
        assert.equal((await refresh(receiver, shared.refreshToken)).status, 200);
      });
    });

    describe('and tokens of two consents', () => {
      it('when the token of one is refreshed for the scope of the other, then it is refused', async () => {
        const [mine, neighbours] = [await share(), await share(receiver, neighbour)];
        const scope = `openid resources consent:${neighbours.consentId}`;
        assertRefused(await refresh(receiver, mine.refreshToken, { scope }), 400, 'invalid_scope');
        const both = `openid consent:${mine.consentId} consent:${neighbours.consentId}`;
        assertRefused(await refresh(receiver, mine.refreshToken, { scope: both }), 400, 'invalid_scope');
      });

      it('when resources are read, then each token shows those of its own consent', async () => {
        const shown = [];
        for (const who of [customer, neighbour]) {
          const { accessToken } = await share(receiver, who, everythingNatural(ecosystem));
          const answer = await callApi(receiver, resourcesUrl, { token: accessToken });
          assert.equal(answer.status, 200, answer.text);
          shown.push(answer.json().data.map((resource: Json) => resource.resourceId) as string[]);
        }
        const [mine = [], neighbours = []] = shown;
        assert.ok(mine.length > 0 && neighbours.length > 0, 'each of them has something to share');
        assert.deepEqual(new Set([...mine, ...neighbours]).size, mine.length + neighbours.length);
      });

      it('when a token of the other kind is used, then it is refused', async () => {
        const { accessToken, consentId } = await share();
        const consent = await callApi(receiver, `${consentsUrl}/${consentId}`, { token: accessToken });
        assert.equal(consent.status, 401, 'a customer’s token does not read consents');
        const resources = await callApi(receiver, resourcesUrl, { token: await own(receiver) });
        assert.equal(resources.status, 401, 'the receiver’s own token does not read resources');
      });
    });

    describe('and a CPF that is no customer’s', () => {
      it('when a consent is asked for, then the answer is that for a customer', async () => {
        const answers = [];
        for (const document of [customer.document, STRANGER]) {
          const answer = await callApi(receiver, consentsUrl, {
            method: 'POST',
            token: await own(receiver),
            headers: { 'content-type': 'application/json', 'x-idempotency-key': randomUUID() },
            body: JSON.stringify({
              data: {
                ...running.consentRequest(ecosystem),
                expirationDateTime: '2027-01-01T00:00:00Z',
                loggedUser: { document: { identification: document, rel: 'CPF' } },
              },
            }),
          });
          assert.equal(answer.status, 201, answer.text);
          const { date: _date, 'x-fapi-interaction-id': _id, ...headers } = answer.headers;
          const body = answer.text
            .replaceAll(answer.json().data.consentId, 'urn')
            .replaceAll(document, 'cpf')
            .replace(/"20\d\d-[^"]+Z"/g, '"instant"');
          answers.push({ headers, body });
        }
        assert.deepEqual(answers[1], answers[0]);
      });

      it('when the browser comes for its consent, then the login page is that of a customer’s consent', async () => {
        const pages = [];
        for (const document of [customer.document, STRANGER]) {
          const url = (await pushRequest(receiver, await ask({ ...customer, document }))).url();
          pages.push(saying(await browserAt(url).open(`${url.pathname}${url.search}`)));
        }
        assert.deepEqual(pages[1], pages[0]);
      });

      it('when somebody else logs in to its consent, then the page is that of a customer’s consent', async () => {
        const pages = [];
        for (const document of [customer.document, STRANGER]) {
          const url = (await pushRequest(receiver, await ask({ ...customer, document }))).url();
          const page = await enterAs(browserAt(url), url, neighbour);
          assert.match(page.text, /Este pedido foi feito para outra pessoa/);
          pages.push(saying(page));
        }
        assert.deepEqual(pages[1], pages[0]);
      });

      it('when a login is tried, then nobody learns whether it exists', async () => {
        const url = (await pushRequest(receiver, await ask())).url();
        const pages = [];
        for (const login of [neighbour.login, 'ninguem.aqui', STRANGER, customer.document]) {
          const page = await enterAs(browserAt(url), url, { login, password: 'errada-de-proposito' });
          assert.equal(page.status, 422);
          pages.push(saying(page, login));
        }
        for (const page of pages) assert.deepEqual(page, pages[0]);
      });
    });
  });

describe('given a consent of Open Finance that is to be renewed', () => {
  it('when the token is of another consent, then it is refused and nothing changes', async () => {
    const receiver = await testReceiver(running, 0, 'open-finance');
    const [customer] = running.customers('open-finance') as [SandboxCustomer];
    const { consentsUrl } = running.institution('open-finance');
    const shared: Shared[] = [];
    for (let count = 0; count < 2; count += 1) {
      const consentId = await running.awaitingConsent(receiver.connection, 'open-finance');
      const { code } = await approve(running, receiver, (await pushRequest(receiver, consentId)).url());
      shared.push(await redeemed(receiver, consentId, String(code)));
    }
    const [mine, theirs] = shared as [Shared, Shared];
    const renew = (token: string) =>
      callApi(receiver, `${consentsUrl}/${theirs.consentId}/extends`, {
        method: 'POST',
        token,
        headers: {
          'content-type': 'application/json',
          'x-fapi-customer-ip-address': '192.0.2.7',
          'x-customer-user-agent': 'a browser',
        },
        body: JSON.stringify({
          data: {
            expirationDateTime: new Date(Date.now() + 86_400_000).toISOString().replace(/\.\d+/, ''),
            loggedUser: { document: { identification: customer.document, rel: 'CPF' } },
          },
        }),
      });
    const before = await running.sandbox.store.consents.find(theirs.consentId);
    const refused = await renew(mine.accessToken);
    assert.equal(refused.status, 403, refused.text);
    assert.equal(codeOf(refused), 'TOKEN_DE_OUTRO_CONSENTIMENTO');
    assert.deepEqual(await running.sandbox.store.consents.find(theirs.consentId), before);
    const renewed = await renew(theirs.accessToken);
    assert.equal(renewed.status, 201, renewed.text);
  });
});

describe('given everything that has been refused', () => {
  it('when the logs are looked at, then nothing of it was unexpected', () => {
    assert.deepEqual(running.logged, []);
  });
});

function otherEcosystem(ecosystem: string): string {
  return ECOSYSTEMS.find((each) => each !== ecosystem) as string;
}

/** Everything that a natural person can share. */
function everythingNatural(ecosystem: string): string[] {
  const profile = readConsentProfiles(catalogFolder).find((each) => each.ecosystem === ecosystem);
  const names =
    profile?.groups.flatMap((group) => (group.rule === 'exclusive' ? [] : group.permissions)) ?? [];
  const natural = names.filter((name) => profile?.permissions.get(name)?.person !== 'legal');
  return [...new Set([...natural, profile?.companion ?? ''])];
}
