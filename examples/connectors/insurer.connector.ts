// A sample connector as a module: one customer's financial assistance, held in memory. Yours would ask your own systems.
// docs/connector-module.md explains what a module may do. The types vanish before it runs.
import type { ConnectorModule, Customer, Json } from 'guiche/connector';

interface Contract {
  readonly number: string;
  /** CPF or CNPJ of whose it is. */
  readonly holder: string;
  readonly movements: readonly { readonly debit: string; readonly left: number; readonly unpaid: number }[];
}

const PATH = '/open-insurance/insurance-financial-assistance/v1/insurance-financial-assistance';

const PEOPLE: readonly Customer[] = [
  { id: 'p-7d20', name: 'Guilherme Alves', cpf: '53807142690', companies: [] },
  { id: 'p-91ae', name: 'Marta Figueira', cpf: '17290534832', companies: [] },
];
const CONTRACTS: readonly Contract[] = [
  {
    number: 'AF-61005',
    holder: '53807142690',
    movements: [
      { debit: '13110.15', left: 16, unpaid: 0 },
      { debit: '12204.77', left: 15, unpaid: 0 },
    ],
  },
];

const connect: ConnectorModule = ({ clock }) => {
  const found = <Data>(data: Data) => ({ status: 'ok', data, asOf: clock.now() }) as const;
  const heldBy = ({ cpf, cnpj }: { readonly cpf: string; readonly cnpj?: string }) =>
    CONTRACTS.filter(({ holder }) => holder === (cnpj ?? cpf));

  return {
    capabilities: () => ({ apis: ['insurance-financial-assistance'], authenticates: false }),

    health: async () => ({ isUp: true }),

    async customer(key) {
      const person = PEOPLE.find(({ id, cpf }) => ('cpf' in key ? cpf === key.cpf : id === key.id));
      return person ? found(person) : { status: 'notFound' };
    },

    async discover(documents, types) {
      const { cpf, cnpj } = documents;
      const person = PEOPLE.find((known) => known.cpf === cpf);
      // Nobody is told what a company has for which they may not act.
      const mayAct = cnpj === undefined || person?.companies.some((company) => company.cnpj === cnpj);
      if (!person || !mayAct) return { status: 'notFound' };
      const contracts = types.includes('FINANCIAL_ASSISTANCE') ? heldBy(documents) : [];
      if (contracts.length === 0) return { status: 'empty' };
      return found(
        contracts.map(({ number }) => ({
          ref: number,
          type: 'FINANCIAL_ASSISTANCE',
          label: `Assistência financeira ${number}`,
          approvers: [],
        })),
      );
    },

    async list({ operationPath, documents }) {
      const contracts = heldBy(documents);
      const [first] = contracts;
      if (operationPath !== `${PATH}/contracts` || !first) return { status: 'empty' };
      const company = {
        companyName: 'Aurora Vida e Previdência S.A.',
        cnpjNumber: '99720318000104',
        contracts: contracts.map(({ number }) => ({ contractId: number })),
      };
      // Whose data it is, from where the data is.
      return {
        ...found([{ brand: { name: 'Aurora Seguros', companies: [company] } }]),
        owner: first.holder,
      };
    },

    // Nothing here has an id of its own without that of a contract before it.
    get: async () => ({ status: 'notFound' }),

    async children({ operationPath, documents, ref, page }) {
      const contract = heldBy(documents).find(({ number }) => number === ref);
      if (!contract || operationPath !== `${PATH}/{contractId}/movements`) return { status: 'notFound' };
      const all = contract.movements.map(
        ({ debit, left, unpaid }): Json => ({
          updatedDebitAmount: {
            amount: debit,
            unitType: 'MONETARIO',
            unit: { code: 'R$', description: 'BRL' },
          },
          remainingCounterInstallmentsQuantity: left,
          remainingUnpaidCounterInstallmentsQuantity: unpaid,
        }),
      );
      const owner = contract.number;
      if (!page) return { ...found(all), owner };
      return { ...found(all.slice(page.offset, page.offset + page.size)), owner, total: all.length };
    },
  };
};

export default connect;
