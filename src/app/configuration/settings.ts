import { connectors } from './connector-settings.ts';
import { institutions, proxy } from './institution-settings.ts';
import {
  addresses,
  colonTextList,
  file,
  folder,
  folders,
  host,
  integer,
  type Kind,
  oneOf,
  operationOverrides,
  optional,
  processCount,
  publicOrigin,
  serverUrl,
} from './setting-kind.ts';

/** One key of the configuration, described once for the loader, the command line, `guiche check` and the docs. */
export interface Setting<T = unknown> {
  /** Keys from the root of the file, joined with dots. */
  readonly path: string;
  readonly kind: Kind<T>;
  /** As a file would hold it; paths in it are relative to the file's folder. Undefined when the key may be absent. */
  readonly default: unknown;
  /** What the key is for, in Markdown that fits a table cell. */
  readonly meaning: string;
  readonly flag?: string;
  /** A shorter name for its variable. */
  readonly shortVariable?: string;
  /** A secret never leaves the process: printed as a mask wherever the configuration is shown. */
  readonly secret?: boolean;
}

/** `setTimeout` fires at once when asked for more. */
const LONGEST_TIMEOUT_MS = 2 ** 31 - 1;

/** Every key there is. */
export const SETTINGS = [
  {
    path: 'listen.host',
    kind: host(),
    default: '127.0.0.1',
    meaning: 'Address that the open-data listener binds to; `0.0.0.0` or `::` for every interface.',
    flag: '--host',
    shortVariable: 'GUICHE_HOST',
  },
  {
    path: 'listen.port',
    kind: integer(0, 65535),
    default: 3000,
    meaning: 'Port of the open-data listener; 0 lets the system choose one.',
    flag: '--port',
    shortVariable: 'GUICHE_PORT',
  },
  {
    path: 'tls.certificate',
    kind: optional(file()),
    default: undefined,
    meaning:
      'PEM file with the certificate chain of the open-data listener, which then speaks HTTPS. A renewed file is picked up without a restart.',
  },
  {
    path: 'tls.key',
    kind: optional(file()),
    default: undefined,
    meaning: 'PEM file with the private key of `tls.certificate`.',
  },
  {
    path: 'mtls.host',
    kind: host(),
    default: '127.0.0.1',
    meaning:
      'Address of the listener for receivers: token, registration, consents. It opens once there are `institutions`.',
  },
  {
    path: 'mtls.port',
    kind: integer(0, 65535),
    default: 3002,
    meaning: 'Port of the listener for receivers; 0 lets the system choose one.',
  },
  {
    path: 'mtls.certificate',
    kind: optional(file()),
    default: undefined,
    meaning:
      'PEM file with the certificate chain of the listener for receivers. Without one it speaks plain HTTP, which only makes sense behind `mtls.proxy`.',
  },
  {
    path: 'mtls.key',
    kind: optional(file()),
    default: undefined,
    meaning: 'PEM file with the private key of `mtls.certificate`.',
  },
  {
    path: 'mtls.proxy',
    kind: optional(proxy()),
    default: undefined,
    meaning:
      'The proxy that ends TLS in front of the listener for receivers, described below. From anybody else its header is ignored.',
    secret: true,
  },
  {
    path: 'masterKeys',
    kind: optional(colonTextList()),
    default: undefined,
    meaning:
      'Keys that seal personal data and signing keys in the database, newest first, each `id:` and 32 bytes in base64. Without any, one is generated under `state`; several nodes need the same ones. A variable separates them with `,`.',
    secret: true,
  },
  {
    path: 'institutions',
    kind: institutions(),
    default: {},
    meaning:
      'Whose consents guiche holds: a map from `open-finance` and `open-insurance` to the institution, described below.',
  },
  {
    path: 'connectors',
    kind: connectors(),
    default: {},
    meaning:
      "How the institutions' own systems are reached: a map from names to connectors, described below.",
    secret: true,
  },
  {
    path: 'explain.days',
    kind: integer(0, 31),
    default: 3,
    meaning:
      'Days for which `guiche explain` can tell why a call behind consents was answered as it was; 0 keeps nothing.',
  },
  {
    path: 'baseUrl',
    kind: publicOrigin(),
    default: 'https://api.guiche.example',
    meaning:
      'Public origin that the `links` of every answer start with; `https`, or `http` outside production. The `Host` header is never used.',
    flag: '--base-url',
  },
  {
    path: 'contracts',
    kind: folders(),
    default: [],
    meaning:
      'Folders with OpenAPI documents of your own, beside the built-in catalog: `.yaml`, `.yml` and `.json`, at any depth.',
    flag: '--contracts',
  },
  {
    path: 'data',
    kind: folders(),
    default: ['./data'],
    meaning: 'Folders with the open data. No two of them may offer the same dataset.',
    flag: '--data',
  },
  {
    path: 'state',
    kind: folder(),
    default: './var',
    meaning:
      "Folder of what guiche keeps: its own PostgreSQL, unless `databaseUrl` names another, and that server's password.",
    flag: '--state',
  },
  {
    path: 'databaseUrl',
    kind: serverUrl('postgres', 'postgresql'),
    default: undefined,
    meaning: 'PostgreSQL to use in place of the one that guiche starts under `state`.',
    shortVariable: 'DATABASE_URL',
    secret: true,
  },
  {
    path: 'redisUrl',
    kind: serverUrl('redis', 'rediss'),
    default: undefined,
    meaning:
      'Redis or Valkey in which several nodes share their limits. Without it each process counts for itself.',
    shortVariable: 'REDIS_URL',
    secret: true,
  },
  {
    path: 'workers',
    kind: processCount(256),
    default: 1,
    meaning: 'Processes that serve the same ports; `auto` for one per processor.',
    flag: '--workers',
  },
  {
    path: 'limits.perMinutePerIp',
    kind: integer(1),
    default: 500,
    meaning:
      "Requests that one address may send within a minute. The regulators' floor is 500: nobody is refused below it.",
  },
  {
    path: 'limits.perSecond',
    kind: integer(1),
    default: 300,
    meaning:
      "Requests per second in all, over all nodes that share a `redisUrl`. The regulators' floor is 300.",
  },
  {
    path: 'limits.trustedProxies',
    kind: addresses(),
    default: [],
    meaning: 'Addresses and ranges of your own proxies. Only from these is `X-Forwarded-For` believed.',
  },
  {
    path: 'admin.host',
    kind: host(),
    default: '127.0.0.1',
    meaning: 'Address of the operational listener: health, Prometheus metrics, outages. Never expose it.',
  },
  {
    path: 'admin.port',
    kind: integer(0, 65535),
    default: 3001,
    meaning: 'Port of the operational listener; 0 lets the system choose one.',
  },
  {
    path: 'metrics.allow',
    kind: addresses(),
    default: ['127.0.0.0/8', '::1'],
    meaning:
      "Addresses and ranges that may read the regulatory metrics. With `NODE_ENV=production` there is no default: name the regulator's.",
  },
  {
    path: 'cacheMegabytes',
    kind: integer(1),
    default: 64,
    meaning: 'Upper bound, in megabytes, of the prepared pages kept in memory.',
    flag: '--cache-megabytes',
  },
  {
    path: 'maxDatasetMegabytes',
    kind: integer(1),
    default: 512,
    meaning: 'A data file larger than this many megabytes is refused.',
    flag: '--max-dataset-megabytes',
  },
  {
    path: 'maxPageSize',
    kind: integer(1, 1000),
    default: 1000,
    meaning:
      'Your own cap on `page-size`: a larger size that the contract allows is answered with pages of this size.',
    flag: '--max-page-size',
  },
  {
    path: 'shutdownGraceMs',
    kind: integer(0, LONGEST_TIMEOUT_MS),
    default: 10_000,
    meaning: 'Milliseconds that requests under way have to finish after SIGTERM.',
    flag: '--shutdown-grace-ms',
  },
  {
    path: 'logLevel',
    kind: oneOf(['trace', 'debug', 'info', 'warn', 'error', 'silent']),
    default: 'info',
    meaning:
      'Least serious log lines to write: `trace`, `debug`, `info`, `warn`, `error`, or `silent` for none.',
    flag: '--log-level',
  },
  {
    path: 'operations',
    kind: operationOverrides(),
    default: {},
    meaning: 'Overrides for single operations, described below.',
  },
] as const satisfies readonly Setting[];

type Flat = {
  [S in (typeof SETTINGS)[number] as S['path']]: S['kind'] extends Kind<infer T> ? T : never;
};

type Nested<F> = {
  readonly [P in keyof F as P extends `${infer Head}.${string}`
    ? Head
    : P]: P extends `${infer Head}.${string}`
    ? Nested<{ [Q in keyof F as Q extends `${Head}.${infer Rest}` ? Rest : never]: F[Q] }>
    : F[P];
};

/** The effective configuration: nested as in the file, checked, complete, every path absolute, deeply frozen. */
export type Configuration = Nested<Flat>;

/** The full name of a setting's variable: `listen.port` is `GUICHE_LISTEN_PORT`. */
export function variableOf(path: string): string {
  return `GUICHE_${path.replaceAll('.', '_').replace(/[A-Z]/g, '_$&').toUpperCase()}`;
}
