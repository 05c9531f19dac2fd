import { type Fields, mapOf } from './map-kind.ts';
import { file, folder, integer, isRecord, type Kind, map, oneOf, serverUrl, text } from './setting-kind.ts';

const REMEMBERED = {
  kind: integer(0, 3600),
  default: 0,
  meaning:
    'Seconds for which guiche remembers what a customer has, so that not every read asks again. What the institution says has changed is asked for at once.',
} as const;

/** Members of a connector that is a folder. */
export const FOLDER_FIELDS = {
  customers: {
    kind: folder(),
    isRequired: true,
    meaning: 'Folder of customers: `<CPF>/customer.yaml`, and their data below.',
  },
  passwords: {
    kind: file(),
    meaning:
      "File with the scrypt hashes of the customers' passwords, by login; without one nobody can log in.",
  },
} as const;

/** How requests of a connector that speaks HTTP are signed. */
export const SIGNING_FIELDS = {
  algorithm: {
    kind: oneOf(['ES256', 'PS256', 'HS256']),
    isRequired: true,
    meaning: '`ES256` and `PS256` sign with a private key, `HS256` with a secret that both sides have.',
  },
  key: {
    kind: file(),
    isRequired: true,
    meaning: 'File with the private key in PEM (PKCS #8), or with the secret of at least 32 bytes.',
  },
  keyId: { kind: text(1, 100), meaning: 'The `kid` that signatures name.' },
  issuer: { kind: text(1, 200), isRequired: true, meaning: 'Who signs: the `iss`.' },
  audience: { kind: text(1, 200), isRequired: true, meaning: 'For whom: the `aud`.' },
} as const;

/** Members of a connector that speaks HTTP. */
export const HTTP_FIELDS = {
  url: {
    kind: serverUrl('https', 'http'),
    isRequired: true,
    meaning: 'Where the institution serves the published contract; `http` only on this machine.',
  },
  certificate: { kind: file(), meaning: 'PEM file with the certificate that guiche shows there.' },
  key: { kind: file(), meaning: 'PEM file with the private key of `certificate`.' },
  authorities: {
    kind: file(),
    meaning:
      "PEM file with the authorities that the server's certificate may come from; by default those of the system.",
  },
  signing: { kind: mapOf(SIGNING_FIELDS), meaning: 'How requests are signed, described below.' },
  retries: {
    kind: integer(0, 5),
    default: 1,
    meaning: 'How often a call that is declared safe is tried again while there is time.',
  },
  concurrency: {
    kind: integer(1, 10_000),
    default: 32,
    meaning: 'Calls of one method and API under way at the same time, in each process.',
  },
  queue: {
    kind: integer(0, 100_000),
    default: 32,
    meaning: 'Calls of one method and API that may wait for their turn; more are refused at once.',
  },
  failures: {
    kind: integer(1, 1000),
    default: 5,
    meaning: 'Failures in a row after which nothing is sent for a while.',
  },
  pauseSeconds: {
    kind: integer(1, 600),
    default: 5,
    meaning: 'How long nothing is sent then, before one call is tried.',
  },
  maxAnswerMegabytes: {
    kind: integer(1, 256),
    default: 8,
    meaning: 'A larger answer is refused.',
  },
  rememberedSeconds: REMEMBERED,
} as const;

/** Members of a connector that reads a database. */
export const SQL_FIELDS = {
  mapping: {
    kind: file(),
    isRequired: true,
    meaning: 'YAML file that maps queries to the fields of contracts.',
  },
  databaseUrl: {
    kind: serverUrl('postgres', 'postgresql'),
    isRequired: true,
    meaning: "The institution's PostgreSQL, by a user that can only read.",
  },
  connections: {
    kind: integer(1, 1000),
    default: 8,
    meaning: 'Connections that each process opens at most.',
  },
  rememberedSeconds: REMEMBERED,
} as const;

/** Members of a connector that is a module. */
export const MODULE_FIELDS = {
  module: {
    kind: file(),
    isRequired: true,
    meaning: 'TypeScript or JavaScript file whose default export makes the connector.',
  },
  options: { kind: anyMap(), default: {}, meaning: 'What the module is given.' },
  rememberedSeconds: REMEMBERED,
} as const;

const KINDS = {
  folder: mapOf({ kind: kindOnly('folder'), ...FOLDER_FIELDS }),
  http: mapOf({ kind: kindOnly('http'), ...HTTP_FIELDS }),
  sql: mapOf({ kind: kindOnly('sql'), ...SQL_FIELDS }),
  module: mapOf({ kind: kindOnly('module'), ...MODULE_FIELDS }),
} as const;

export const CONNECTOR_KINDS = ['folder', 'http', 'sql', 'module'] as const satisfies (keyof typeof KINDS)[];

/** A connector, by what stands behind it. */
export type ConnectorSettings = {
  readonly [K in keyof typeof KINDS]: { readonly kind: K } & Omit<
    (typeof KINDS)[K] extends Kind<infer T> ? T : never,
    'kind'
  >;
}[keyof typeof KINDS];

const NAME = /^[a-z][a-z0-9-]{0,39}$/;

/** Which connector, besides the institution's own, serves an API. */
export type ApiConnectors = Readonly<Record<string, string>>;

/** A map from names to connectors; text holds it as JSON. */
export function connectors(): Kind<Readonly<Record<string, ConnectorSettings>>> {
  return map('a map from names to connectors', (value, reading) => {
    const read: [string, ConnectorSettings][] = [];
    for (const [name, given] of Object.entries(value)) {
      const at = [...reading.at, name];
      const kind = isRecord(given) ? CONNECTOR_KINDS.find((known) => known === given.kind) : undefined;
      if (!NAME.test(name))
        reading.faults.push({ code: 'config-value', at, expected: 'a name such as core-system', got: name });
      else if (kind === undefined)
        oneOf(CONNECTOR_KINDS).read(kindOf(given), { ...reading, at: [...at, 'kind'] });
      else {
        const settings = KINDS[kind].read(given, { ...reading, at });
        if (settings !== undefined) read.push([name, settings as ConnectorSettings]);
      }
    }
    return Object.fromEntries(read);
  });
}

/** A map from APIs to names of connectors. */
export function apiConnectors(): Kind<ApiConnectors> {
  return map('a map from APIs to names of connectors', (value, reading) => {
    const name = text(1, 40, NAME, 'the name of a connector');
    const read = Object.entries(value).map(([api, given]) => [
      api,
      name.read(given, { ...reading, at: [...reading.at, api] }),
    ]);
    return Object.fromEntries(read) as ApiConnectors;
  });
}

/** The name of a connector. */
export function connectorName(): Kind<string> {
  return text(1, 40, NAME, 'the name of a connector');
}

function kindOnly<const K extends string>(kind: K) {
  return { kind: oneOf([kind]), isRequired: true, meaning: `\`${kind}\`` } as const satisfies Fields[string];
}

function kindOf(value: unknown): unknown {
  return isRecord(value) ? value.kind : undefined;
}

function anyMap(): Kind<Readonly<Record<string, unknown>>> {
  return map('a map', (value) => value);
}
