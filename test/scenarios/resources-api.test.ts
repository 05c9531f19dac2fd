import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Operation } from '../../src/contract/operation.ts';
import { catalogOperations } from '../support/catalog-operations.ts';
import { openFinance } from '../support/consent-profiles.ts';
import {
  type ApiAnswer,
  type ApiCall,
  createReceiverCaller,
  errorOf,
  type ReceiverCaller,
} from '../support/receiver-caller.ts';
import type { Json } from '../support/send-request.ts';
import { answerAsApprover, shareAsCustomer, type WantedShare } from '../support/share-as-customer.ts';
import { type AuthorisedConsent, startTestSandbox, type TestSandbox } from '../support/start-sandbox.ts';
import { type SecondNode, startSecondNode } from '../support/start-second-node.ts';
import { until } from '../support/temporary-database.ts';

const FINANCE = '/open-banking/resources/v3/resources';
const BALANCES = ['ACCOUNTS_READ', 'ACCOUNTS_BALANCES_READ', 'RESOURCES_READ'];
const CREDIT = openFinance.groups.find(({ id }) => id === 'credit-operations')?.permissions ?? [];
const INVESTMENTS = openFinance.groups.find(({ id }) => id === 'investments')?.permissions ?? [];
const ANA = { login: 'ana.souza', cpf: '41726305961' };
const AUTO = 'DAMAGES_AND_PEOPLE_AUTO';

/** The newest version in the catalog at each path of the Resources APIs. */
const operations = [
  ...Map.groupBy(
    catalogOperations.filter(({ kind }) => kind === 'resources'),
    ({ path }) => path,
  ).values(),
].map((versions) => versions.toSorted((a, b) => b.version.localeCompare(a.version))[0] as Operation);

describe('given the Resources APIs of a running sandbox', () => {
  let running: TestSandbox;
  let node: SecondNode;
  const callers = new Map<string, ReceiverCaller>();

  before(async () => {
    running = await startTestSandbox();
    node = await startSecondNode(running);
    for (const ecosystem of ['open-finance', 'open-insurance'])
      callers.set(ecosystem, await createReceiverCaller(running, 0, ecosystem));
  });
  after(async () => {
    await Promise.all([...callers.values()].map((caller) => caller.close()));
    await node.close();
    assert.deepEqual(running.logged, [], 'nothing unexpected happened');
  });

  function callerOf(ecosystem: string): ReceiverCaller {
    return callers.get(ecosystem) as ReceiverCaller;
  }

  function share(change: Partial<WantedShare> = {}): Promise<AuthorisedConsent> {
    const wanted = { ecosystem: 'open-finance', login: ANA.login, permissions: BALANCES, ...change };
    return shareAsCustomer(running, 0, callerOf(wanted.ecosystem).connection, wanted);
  }

  function send(ecosystem: string, call: ApiCall): Promise<ApiAnswer> {
    return callerOf(ecosystem).send(call);
  }

  async function list(path: string, { accessToken }: AuthorisedConsent, origin?: string): Promise<Json[]> {
    const ecosystem = path.startsWith('/open-banking') ? 'open-finance' : 'open-insurance';
    const answer = await send(ecosystem, { path, token: accessToken, ...(origin ? { origin } : {}) });
    assert.equal(answer.status, 200, answer.text);
    return answer.body.data;
  }

  /** How many there are of each type and state. */
  function counted(resources: readonly Json[]): Record<string, number> {
    const counts: Record<string, number> = {};
    for (const { type, status } of resources) {
      const name = `${type} ${status}`;
      counts[name] = (counts[name] ?? 0) + 1;
    }
    return counts;
  }

  describe('and a customer who shares an account and all credit operations', () => {
    let consent: AuthorisedConsent;
    before(async () => {
      consent = await share({
        permissions: [...BALANCES, ...CREDIT],
        choices: { 'escolha-ACCOUNT': ['cc-30418'] },
      });
    });

    it('when they are listed, then there is the one account and everything of the other kinds', async () => {
      assert.deepEqual(counted(await list(FINANCE, consent)), {
        'ACCOUNT AVAILABLE': 1,
        'LOAN AVAILABLE': 1,
        'FINANCING AVAILABLE': 1,
        'UNARRANGED_ACCOUNT_OVERDRAFT AVAILABLE': 1,
      });
    });

    it('when ids are compared, then they tell nothing, and are the same on every node and in every consent', async () => {
      const mine = await list(FINANCE, consent);
      assert.deepEqual(await list(FINANCE, consent, node.origin), mine);
      const again = await share({ choices: { 'escolha-ACCOUNT': ['cc-30418', 'cp-77120'] } });
      const accounts = await list(FINANCE, again);
      assert.equal(new Set(accounts.map(({ resourceId }) => resourceId)).size, 2);
      assert.ok(accounts.some(({ resourceId }) => resourceId === mine[0].resourceId));
      assert.doesNotMatch(JSON.stringify([mine, accounts]), /30418|77120|20931/);
    });

    it('when they take out a loan and open an account, then the loan appears by itself and the account does not', async () => {
      const earlier = await list(FINANCE, consent, node.origin);
      node.editCustomer('open-finance', ANA.cpf, (file) => {
        file.resources.push({ type: 'LOAN', ref: 'emp-new', label: 'Empréstimo novo' });
        file.resources.push({ type: 'ACCOUNT', ref: 'cc-new', label: 'Conta nova' });
      });
      await until(
        'the loan appears',
        async () => (await list(FINANCE, consent, node.origin)).length > earlier.length,
      );
      assert.deepEqual(counted(await list(FINANCE, consent, node.origin)), {
        ...counted(earlier),
        'LOAN AVAILABLE': 2,
      });
    });

    it('when account and loan are closed, then the account stays listed as unavailable and the loan goes', async () => {
      node.editCustomer('open-finance', ANA.cpf, (file) => {
        file.resources = file.resources.filter(
          ({ ref }: Json) => ref !== 'cc-30418' && !ref.startsWith('emp-'),
        );
      });
      const seen = async () => counted(await list(FINANCE, consent, node.origin));
      await until('the account is gone', async () => (await seen())['ACCOUNT UNAVAILABLE'] === 1);
      assert.deepEqual(await seen(), {
        'ACCOUNT UNAVAILABLE': 1,
        'FINANCING AVAILABLE': 1,
        'UNARRANGED_ACCOUNT_OVERDRAFT AVAILABLE': 1,
      });
    });
  });

  describe('and an institution that blocks, bars and gives back', () => {
    const ACCOUNTS = '/open-banking/accounts/v2/accounts';
    let other: SecondNode;
    let consent: AuthorisedConsent;
    before(async () => {
      other = await startSecondNode(running);
      // One loan, and one fund, whatever else the example has.
      edit((file) => {
        const [loan] = file.resources.filter(({ type }: Json) => type === 'LOAN');
        const others = file.resources.filter(({ type }: Json) => type !== 'LOAN' && type !== 'FUND');
        file.resources = [...others, loan, { type: 'FUND', ref: 'fundo-1', label: 'Fundo de ações' }];
      });
      consent = await share({
        permissions: [...BALANCES, ...CREDIT, ...INVESTMENTS],
        choices: { 'escolha-ACCOUNT': ['cc-30418', 'cp-77120'] },
        scopes: ['resources', 'accounts'],
      });
    });
    after(() => other.close());

    function edit(change: (file: Json) => void): void {
      other.editCustomer('open-finance', ANA.cpf, change);
    }

    /** Says how all resources of a type stand with the institution, or some of them by their references. */
    function place(type: string, change: Json, refs?: readonly string[]): void {
      edit((file) => {
        for (const resource of file.resources)
          if (resource.type === type && (refs?.includes(resource.ref) ?? true))
            Object.assign(resource, change);
      });
    }

    async function stateOf(type: string): Promise<string> {
      const states = (await list(FINANCE, consent, other.origin)).filter((each) => each.type === type);
      return states.map(({ status }) => status).join(' ');
    }

    function untilStateOf(type: string, state: string): Promise<void> {
      return until(`${type} is ${state}`, async () => (await stateOf(type)) === state);
    }

    const read = (path: string) =>
      send('open-finance', { path, token: consent.accessToken, origin: other.origin });

    it('when an account is blocked for a time, then list, product and detail agree on it, and again afterwards (vector 12)', async () => {
      const [first, second] = (await list(FINANCE, consent, other.origin))
        .filter(({ type }) => type === 'ACCOUNT')
        .map(({ resourceId }) => resourceId);
      const listed = async () => {
        const { status, text, body } = await read(ACCOUNTS);
        assert.equal(status, 200, text);
        return body.data.map((account: Json) => account.accountId);
      };
      assert.deepEqual(new Set(await listed()), new Set([first, second]));

      place('ACCOUNT', { situation: 'blocked' }, ['cc-30418']);
      await untilStateOf('ACCOUNT', 'TEMPORARILY_UNAVAILABLE AVAILABLE');
      assert.deepEqual(await listed(), [second]);
      assert.deepEqual(errorOf(await read(`${ACCOUNTS}/${first}`)), [
        403,
        'STATUS_RESOURCE_TEMPORARILY_UNAVAILABLE',
      ]);
      assert.equal((await read(`${ACCOUNTS}/${second}`)).status, 200);

      place('ACCOUNT', { situation: 'active' });
      await untilStateOf('ACCOUNT', 'AVAILABLE AVAILABLE');
      assert.equal((await read(`${ACCOUNTS}/${first}`)).status, 200);
    });

    it('when a loan was barred, then it is unavailable for good; a fund may return (vectors 13 and 14)', async () => {
      assert.deepEqual([await stateOf('LOAN'), await stateOf('FUND')], ['AVAILABLE', 'AVAILABLE']);
      for (const type of ['LOAN', 'FUND']) place(type, { situation: 'barred' });
      for (const type of ['LOAN', 'FUND']) await untilStateOf(type, 'UNAVAILABLE');
      for (const type of ['LOAN', 'FUND']) place(type, { situation: 'active' });
      await untilStateOf('FUND', 'AVAILABLE');
      assert.equal(await stateOf('LOAN'), 'UNAVAILABLE');
    });

    it('when another node’s files know nothing of it, then what was final is final there too', async () => {
      const [loan] = (await list(FINANCE, consent, other.origin)).filter(({ type }) => type === 'LOAN');
      const elsewhere = await list(FINANCE, consent);
      assert.deepEqual(
        elsewhere.find(({ resourceId }) => resourceId === loan.resourceId),
        loan,
      );
      assert.equal(loan.status, 'UNAVAILABLE');
    });

    it('when what was closed is still seen, then it is shared for twelve months', async () => {
      const dayBefore = (days: number) => new Date(Date.now() - days * 86_400_000).toISOString().slice(0, 10);
      place('FINANCING', { situation: 'closed', closedOn: dayBefore(300) });
      place('ACCOUNT', { situation: 'closed', closedOn: dayBefore(400) }, ['cp-77120']);
      await untilStateOf('ACCOUNT', 'AVAILABLE UNAVAILABLE');
      assert.equal(await stateOf('FINANCING'), 'AVAILABLE');
    });

    it('when all has happened, then the history of each is on record, and the ledger is whole', async () => {
      const [loan] = (await list(FINANCE, consent, other.origin)).filter(({ type }) => type === 'LOAN');
      const history = await running.sandbox.store.resourceStates.history(loan.resourceId, 10);
      assert.deepEqual(
        history.filter(({ consentId }) => consentId === consent.consentId).map(({ reason }) => reason),
        ['FINAL', 'BARRED', 'IN_USE'],
      );
      const verified = await running.sandbox.store.ledger.verify();
      assert.ok('entries' in verified, JSON.stringify(verified));
    });
  });

  describe('and an account that needs a further approver', () => {
    const joint = () =>
      share({ login: 'carla.nunes', choices: { 'escolha-ACCOUNT': ['cc-64480', 'cj-64505'] } });
    const answer = ({ consentId }: AuthorisedConsent, word: string) =>
      answerAsApprover(running, 'open-finance', 'daniel.rocha', consentId, {
        'resposta-ACCOUNT-cj-64505': word,
      });

    for (const { word, status } of [
      { word: 'sim', status: 'AVAILABLE' },
      { word: 'nao', status: 'UNAVAILABLE' },
    ])
      it(`when the approver says ${word}, then it waits until then, and is ${status} afterwards`, async () => {
        const consent = await joint();
        const [own, shared] = await list(FINANCE, consent);
        assert.deepEqual([own.status, shared.status], ['AVAILABLE', 'PENDING_AUTHORISATION']);
        await answer(consent, word);
        assert.deepEqual(await list(FINANCE, consent), [own, { ...shared, status }]);
        assert.deepEqual(await list(FINANCE, consent, node.origin), [own, { ...shared, status }]);
      });

    it('when something of several owners comes after the consent, then they are asked, and it waits for them', async () => {
      const consent = await share({ permissions: [...CREDIT, 'RESOURCES_READ'] });
      const loans = async (origin?: string) =>
        (await list(FINANCE, consent, origin)).filter(({ type }) => type === 'LOAN');
      const before = await loans(node.origin);
      const loan = {
        type: 'LOAN',
        ref: 'emp-joint',
        label: 'Empréstimo conjunto',
        approvers: ['64021578307'],
      };
      node.editCustomer('open-finance', ANA.cpf, (file) => file.resources.push(loan));
      const joint = async () => {
        const known = before.map(({ resourceId }) => resourceId);
        return (await loans(node.origin)).find(({ resourceId }) => !known.includes(resourceId))?.status;
      };
      await until('the loan is listed', async () => (await joint()) === 'PENDING_AUTHORISATION');
      await answerAsApprover(running, 'open-finance', 'daniel.rocha', consent.consentId, {
        'resposta-LOAN-emp-joint': 'sim',
      });
      assert.equal(await joint(), 'AVAILABLE');
      node.editCustomer('open-finance', ANA.cpf, (file) => file.resources.pop());
    });

    it('when the approver has said no, then they are not asked again', async () => {
      const consent = await joint();
      await answer(consent, 'nao');
      await assert.rejects(answer(consent, 'sim'), /no form has a button/);
      assert.equal((await list(FINANCE, consent))[1].status, 'UNAVAILABLE');
    });
  });

  it('when a customer owns nothing of what is shared as a whole, then the list is empty', async () => {
    const consent = await share({ login: 'elisa.prado', permissions: [...CREDIT, 'RESOURCES_READ'] });
    const { status, body } = await send('open-finance', { path: FINANCE, token: consent.accessToken });
    assert.deepEqual([status, body.data, body.meta.totalRecords, body.meta.totalPages], [200, [], 0, 0]);
  });

  it('when what is shared is a company’s, then nothing of the person’s own is listed', async () => {
    const wanted = { login: 'bruno.lima', company: '27481635000104', permissions: [...BALANCES, ...CREDIT] };
    const consent = await share({ ...wanted, choices: { 'escolha-ACCOUNT': ['cc-90133', 'cc-90141'] } });
    assert.deepEqual(counted(await list(FINANCE, consent)), {
      'ACCOUNT AVAILABLE': 1,
      'ACCOUNT PENDING_AUTHORISATION': 1,
      'LOAN AVAILABLE': 1,
      'INVOICE_FINANCING AVAILABLE': 1,
    });
  });

  it('when one of the permissions to read registration data is given, then only what it opens is listed', async () => {
    const consent = await share({
      ecosystem: 'open-insurance',
      login: 'guilherme.alves',
      permissions: ['CUSTOMERS_PERSONAL_QUALIFICATION_READ', 'RESOURCES_READ'],
    });
    for (const { path } of operations.filter(({ ecosystem }) => ecosystem === 'open-insurance'))
      assert.deepEqual(counted(await list(path, consent)), {
        'CUSTOMERS_PERSONAL_QUALIFICATION AVAILABLE': 1,
      });
  });

  for (const operation of operations) {
    const { path, version, ecosystem } = operation;
    const isFinance = ecosystem === 'open-finance';

    describe(`and version ${version} of ${ecosystem}`, () => {
      let consent: AuthorisedConsent;
      let whole: Json[];
      before(async () => {
        consent = isFinance
          ? await share({ choices: { 'escolha-ACCOUNT': ['cc-30418', 'cp-77120'] } })
          : await share({
              ecosystem,
              login: 'guilherme.alves',
              permissions: [`${AUTO}_READ`, 'RESOURCES_READ'],
              choices: { [`escolha-${AUTO}`]: ['apolice-auto-20418', 'apolice-auto-20977'] },
            });
        whole = await list(path, consent);
      });
      const read = (query = '', change: Partial<ApiCall> = {}) =>
        send(ecosystem, { path: `${path}${query}`, token: consent.accessToken, ...change });

      it('when both are listed, then each has an id of its own, in the form of every version', () => {
        assert.equal(whole.length, 2);
        for (const { resourceId } of whole) assert.match(resourceId, /^[a-zA-Z0-9]{1,60}$/);
        assert.notEqual(whole[0].resourceId, whole[1].resourceId);
      });

      it('when pages of one are asked for, then they come so, or as small as the contract has them', async () => {
        const { body } = await read('?page=1&page-size=1');
        const size = operation.paging?.minSize ?? 1;
        assert.deepEqual(body.data, whole.slice(0, size));
        assert.equal(body.meta.totalRecords, 2);
        assert.equal('next' in body.links, size === 1);
        if (size === 1) {
          const { pathname, search } = new URL(body.links.next);
          const next = await send(ecosystem, { path: `${pathname}${search}`, token: consent.accessToken });
          assert.deepEqual(next.body.data, whole.slice(1));
          assert.ok(!('next' in next.body.links) && 'prev' in next.body.links && 'first' in next.body.links);
        }
      });

      it('when the page is beyond the last, then it is empty', async () => {
        const { status, body } = await read('?page=7');
        assert.deepEqual([status, body.data, body.meta.totalRecords], [200, [], 2]);
      });

      it('when page or size cannot be, then it is refused', async () => {
        for (const query of ['?page=0', '?page=x', '?page-size=0', '?page-size=-1', '?page=1&page=1'])
          assert.equal((await read(query)).status, 400, query);
        const tooLarge = operation.statuses.has(422) ? 422 : 400;
        assert.deepEqual(errorOf(await read('?page-size=1001')), [tooLarge, 'PAGINA_MUITO_GRANDE']);
      });

      it('when the token is none, the receiver’s own, or of nobody, then 401', async () => {
        const { token } = callerOf(ecosystem);
        assert.deepEqual(errorOf(await read('', { token: null })), [401, 'TOKEN_AUSENTE']);
        for (const wrong of [token, 'of-nobody'])
          assert.deepEqual(errorOf(await read('', { token: wrong })), [401, 'TOKEN_INVALIDO']);
      });

      it('when another receiver presents the token, then 401', async () => {
        const thief = await createReceiverCaller(running, 1, ecosystem);
        const answer = await thief.send({ path, token: consent.accessToken }).finally(thief.close);
        assert.deepEqual(errorOf(answer), [401, 'TOKEN_INVALIDO']);
      });

      it('when the interaction id is missing, then 400; JSON is not accepted, 406; the method is another, 405', async () => {
        assert.deepEqual(errorOf(await read('', { headers: { 'x-fapi-interaction-id': undefined } })), [
          400,
          'CABECALHO_INVALIDO',
        ]);
        assert.deepEqual(errorOf(await read('', { headers: { accept: 'text/csv' } })), [
          406,
          'FORMATO_NAO_ACEITO',
        ]);
        for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS'])
          assert.deepEqual(errorOf(await read('', { method })), [405, 'METODO_NAO_PERMITIDO']);
        const head = await read('', { method: 'HEAD' });
        assert.deepEqual([head.status, head.text], [200, '']);
      });

      it('when the consent ends, then the very next read is refused, on every node', async () => {
        const consents = path.replace('/resources/', '/consents/').replace(/resources$/, 'consents');
        const at = `${consents}/${consent.consentId}`;
        assert.equal((await send(ecosystem, { method: 'DELETE', path: at })).status, 204);
        for (const change of [{}, { origin: node.origin }])
          assert.deepEqual(errorOf(await read('', change)), [401, 'TOKEN_INVALIDO']);
      });
    });
  }

  it('when the token lacks the scope, then 403, which tells the scope', async () => {
    const consent = await share({ choices: { 'escolha-ACCOUNT': ['cc-30418'] }, scopes: ['accounts'] });
    const answer = await send('open-finance', { path: FINANCE, token: consent.accessToken });
    assert.deepEqual(errorOf(answer), [403, 'ESCOPO_INSUFICIENTE']);
    assert.match(String(answer.headers['www-authenticate']), /scope=".*resources/);
  });
});
