import type { Asking, Connector, ConnectorHealth, Found } from './connector.ts';
import type { Customer, OfferedResource } from './customer.ts';

export interface ConnectorRoutes {
  /** Knows the customers, and serves every API that no other connector serves. */
  readonly main: Connector;
  /** Customers log in with it, where it is not the main one. */
  readonly login: Connector | undefined;
  /** By the segments of its path that name an API. */
  readonly byApi: ReadonlyMap<string, Connector>;
  /** Types of the resources that an API is about. */
  readonly typesOf: (api: string) => Iterable<string>;
}

/** Makes one connector of several: each API is served by its own, and what a customer has is asked of all of them. */
export function routeConnectors({ main, login = main, byApi, typesOf }: ConnectorRoutes): Connector {
  if (login === main && byApi.size === 0) return main;
  const all = [...new Set([main, login, ...byApi.values()])];
  const byType = new Map(
    [...byApi].flatMap(([api, connector]) => [...typesOf(api)].map((type) => [type, connector])),
  );
  const of = ({ api }: Asking) => (api === undefined ? main : (byApi.get(api) ?? main));

  return {
    async capabilities() {
      const { authenticates } = await login.capabilities();
      const { apis } = await main.capabilities();
      return { authenticates, apis: apis && [...new Set([...apis, ...byApi.keys()])] };
    },
    health: async (signal) => worst(await Promise.all(all.map((connector) => connector.health(signal)))),
    customer: (key, asking) => main.customer(key, asking),
    ...(login.authenticate && { authenticate: (...given) => authenticate(login, main, ...given) }),

    async discover(documents, types, asking) {
      const asked = Map.groupBy(types, (type) => byType.get(type) ?? main);
      const found = await Promise.all(
        [...asked].map(([connector, theirs]) => connector.discover(documents, theirs, asking)),
      );
      return together(found);
    },
    list: (request) => of(request).list(request),
    get: (request) => of(request).get(request),
    children: (request) => of(request).children(request),
    async close() {
      await Promise.all(all.map((connector) => connector.close?.()));
    },
  };
}

/** The main connector's own key of a customer is the one that counts. */
async function authenticate(
  login: Connector,
  main: Connector,
  name: string,
  password: string,
  asking: Asking,
): Promise<Found<Customer>> {
  const found = (await login.authenticate?.(name, password, asking)) ?? { status: 'notFound' };
  if (login === main || found.status !== 'ok') return found;
  return main.customer({ cpf: found.data.cpf }, asking);
}

function worst(found: readonly ConnectorHealth[]): ConnectorHealth {
  return found.find(({ isUp }) => !isUp) ?? { isUp: true };
}

/** What one of them does not know yet, nobody knows: a list that lacks something would be taken for the whole. */
function together(found: readonly Found<readonly OfferedResource[]>[]): Found<readonly OfferedResource[]> {
  const [only] = found;
  if (only && found.length === 1) return only;
  for (const status of ['notReady', 'refused'] as const)
    if (found.some((each) => each.status === status)) return { status };
  const parts = found.flatMap((each) => (each.status === 'ok' ? [each] : []));
  if (parts.length === 0)
    return { status: found.every(({ status }) => status === 'notFound') ? 'notFound' : 'empty' };
  return {
    status: 'ok',
    data: parts.flatMap(({ data }) => data),
    asOf: Math.min(...parts.map(({ asOf }) => asOf)),
  };
}
