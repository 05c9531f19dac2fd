import type { Asking, Found } from '../connector.ts';
import type { Customer, CustomerDocuments } from '../customer.ts';
import { type ConnectorCase, expect, NotTried } from './connector-case.ts';
import type { Trial } from './trial.ts';

/** A CNPJ in digits that is nobody's: the tax authority gives out none of one digit alone. */
const NOBODYS_CNPJ = '99999999999999';
const NOBODYS_LOGIN = 'guiche-connector-test-nobody';

/** Cases about the connector itself and about who is a customer. */
export const CUSTOMER_CASES: readonly ConnectorCase[] = [
  {
    number: 1,
    name: 'health answers',
    why: 'An operator has to see whether the systems behind the connector are up, most of all when they are not.',
    run: tryHealth,
  },
  {
    number: 2,
    name: 'capabilities are true',
    why: 'APIs that are claimed and have no contract would be offered to receivers and never answered.',
    run: tryCapabilities,
  },
  {
    number: 3,
    name: 'a customer is found by CPF and by key',
    why: 'A login, a consent and a read have to lead to the same person, each by what it knows.',
    run: tryCustomer,
  },
  {
    number: 4,
    name: 'an unknown customer is not found',
    why: 'A stranger must be told apart from a system that is away: one ends the journey, the other is tried again.',
    run: tryUnknownCustomer,
  },
  {
    number: 5,
    name: 'an unknown login is not found',
    why: 'A failed login is a part of daily life and no fault of the systems.',
    run: tryUnknownLogin,
  },
];

/** The case about companies, which needs discovery. */
export const COMPANY_CASE: ConnectorCase = {
  number: 10,
  name: "nobody discovers another's company",
  why: 'Who may act for a company is known to the institution alone, and it is asked again at every read.',
  run: tryForeignCompany,
};

async function tryHealth(trial: Trial): Promise<number> {
  const { connector, settings } = trial;
  const ended = await trial.attempt('health', { deadlineMs: settings.patienceMs }, ({ signal }) =>
    connector.health(signal),
  );
  expect(ended.state === 'answered', 'health does not answer: what is away is an answer too');
  const { found } = ended;
  expect(typeof found?.isUp === 'boolean', 'isUp is not true or false');
  expect(found.isUp, 'the systems behind the connector are not up');
  return 1;
}

async function tryCapabilities({ connector, settings, attempt }: Trial): Promise<number> {
  const ended = await attempt('capabilities', { deadlineMs: settings.patienceMs }, () =>
    connector.capabilities(),
  );
  expect(ended.state === 'answered', 'capabilities do not answer');
  const { apis, authenticates } = ended.found;
  const known = new Set(settings.reads.map(({ operation }) => operation.api));
  const unknown = (apis ?? []).filter((api) => !known.has(api));
  expect(unknown.length === 0, `no contract of the ecosystem has: ${unknown.join(', ')}`);
  const hasLogin = typeof connector.authenticate === 'function';
  expect(authenticates === hasLogin, 'authenticates does not tell whether there is an authenticate method');
  return (apis?.length ?? 0) + 1;
}

async function tryCustomer(trial: Trial): Promise<number> {
  const { cpf, cnpj } = trial.customers.customer;
  const found = await askCustomer(trial, (asking) => trial.connector.customer({ cpf }, asking));
  expect(found.cpf === cpf, 'another CPF is answered than the one that was asked for');
  expect(typeof found.id === 'string' && found.id !== '', 'the customer has no id');
  expect(!found.id.includes(cpf), 'the id has the CPF in it: it has to tell nothing');
  expect(Array.isArray(found.companies), 'companies are not a list');
  const actsFor = cnpj === undefined || found.companies.some((company) => company.cnpj === cnpj);
  expect(actsFor, 'the company that was named is none of the customer’s companies');
  const again = await askCustomer(trial, (asking) => trial.connector.customer({ id: found.id }, asking));
  expect(again.id === found.id && again.cpf === cpf, 'the id leads to another customer');
  return 2;
}

async function askCustomer(
  trial: Trial,
  call: (asking: Asking) => Promise<Found<Customer>>,
): Promise<Customer> {
  const found = await trial.ask('customer', call);
  expect(found.status === 'ok', `the customer that was named is answered with ${found.status}`);
  expect(typeof found.data === 'object' && found.data !== null, 'the customer is not an object');
  return found.data;
}

async function tryUnknownCustomer({ ask, connector, customers, settings }: Trial): Promise<number> {
  const cpf = customers.unknownCpf;
  const byCpf = await ask('customer', (asking) => connector.customer({ cpf }, asking));
  expect(byCpf.status === 'notFound', `an unknown CPF is answered with ${byCpf.status}`);
  const byId = await ask('customer', (asking) => connector.customer({ id: NOBODYS_LOGIN }, asking));
  expect(byId.status === 'notFound', `an unknown key is answered with ${byId.status}`);
  const things = await ask('discover', (asking) => connector.discover({ cpf }, settings.types, asking));
  expect(things.status === 'notFound', `discovery for an unknown CPF answers ${things.status}`);
  return 3;
}

async function tryUnknownLogin({ ask, connector }: Trial): Promise<number> {
  if (!connector.authenticate) throw new NotTried('customers do not log in with this connector');
  const found = await ask(
    'authenticate',
    (asking) =>
      connector.authenticate?.(NOBODYS_LOGIN, NOBODYS_LOGIN, asking) ??
      Promise.resolve({ status: 'notFound' }),
  );
  expect(found.status === 'notFound', `an unknown login is answered with ${found.status}`);
  return 1;
}

async function tryForeignCompany({ ask, connector, customers, settings }: Trial): Promise<number> {
  const documents: CustomerDocuments = { cpf: customers.customer.cpf, cnpj: NOBODYS_CNPJ };
  const found = await ask('discover', (asking) => connector.discover(documents, settings.types, asking));
  expect(
    found.status !== 'ok' || found.data.length === 0,
    'things are found of a company that is not theirs',
  );
  return 1;
}
