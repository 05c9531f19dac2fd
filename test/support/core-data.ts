import type { Asking, DataRequest } from '../../src/connectors/connector.ts';
import type { CoreData } from './memory-connector.ts';

export const CARLA = '98765432100';
export const DAVI = '12345678909';
export const BAKERY = '12ABC34501DE35';

/** An institution with two customers and a company. */
export const CORE_DATA: CoreData = {
  customers: [
    {
      id: 'c-19f3e',
      name: 'Carla Dias',
      cpf: CARLA,
      companies: [{ cnpj: BAKERY, name: 'Padaria Exemplo Ltda.' }],
      login: 'carla.dias',
      password: 'correct horse battery staple',
    },
    { id: 'd-20a41', name: 'Davi Reis', cpf: DAVI, companies: [] },
  ],
  owned: {
    [CARLA]: {
      resources: [
        { type: 'ACCOUNT', ref: 'cc-5512', label: 'Conta corrente, final 551-2', approvers: [] },
        {
          type: 'ACCOUNT',
          ref: 'pp-0090',
          label: 'Poupança, final 009-0',
          approvers: [DAVI],
          situation: 'closed',
          closedOn: '2026-01-31',
          isVisible: true,
        },
        { type: 'LOAN', ref: 'ep-7', label: 'Empréstimo 7', approvers: [] },
      ],
      data: {
        '/bank/accounts': [{ accountId: 'cc-5512' }, { accountId: 'pp-0090' }],
        '/bank/accounts/cc-5512': { accountId: 'cc-5512', number: '551-2' },
        '/bank/accounts/cc-5512/transactions': Array.from({ length: 60 }, (_, at) => ({
          transactionId: `t-${at}`,
        })),
        '/bank/proposals/p-1': { proposalId: 'p-1' },
      },
      owners: { '/bank/proposals/p-1': 'ep-7' },
    },
    [DAVI]: { resources: [], data: {} },
    [BAKERY]: {
      resources: [{ type: 'ACCOUNT', ref: 'pj-1', label: 'Conta da padaria', approvers: [] }],
      data: { '/bank/accounts': [{ accountId: 'pj-1' }] },
    },
  },
};

/** Somebody who has ten seconds. */
export function anAsking(asking: Partial<Asking> = {}): Asking {
  return {
    brand: 'Banco Exemplo',
    ecosystem: 'open-finance',
    api: 'accounts',
    version: '2.4.2',
    permissions: ['ACCOUNTS_READ'],
    interactionId: '73cac523-d3ae-2289-b106-330a6218710d',
    deadline: Date.now() + 10_000,
    signal: new AbortController().signal,
    ...asking,
  };
}

/** A request for the accounts of {@link CARLA}. */
export function aRequest(request: Partial<DataRequest> = {}): DataRequest {
  return {
    ...anAsking(),
    operationPath: '/bank/accounts',
    types: ['ACCOUNT'],
    refs: {},
    documents: { cpf: CARLA },
    shape: 'list',
    query: {},
    page: undefined,
    ...request,
  };
}
