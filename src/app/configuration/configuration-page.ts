import {
  FOLDER_FIELDS,
  HTTP_FIELDS,
  MODULE_FIELDS,
  SIGNING_FIELDS,
  SQL_FIELDS,
} from './connector-settings.ts';
import { DIRECTORY_FIELDS, INSTITUTION_FIELDS, PROXY_FIELDS } from './institution-settings.ts';
import type { Fields } from './map-kind.ts';
import { SETTINGS, type Setting, variableOf } from './settings.ts';

/** The example of the page; a test loads it. */
export const EXAMPLE = `listen:
  host: 0.0.0.0
  port: 8080
baseUrl: https://api.seguradora.example
workers: auto
limits:
  trustedProxies:
    - 10.20.0.0/16
data:
  - ./data
  - /srv/guiche/branches
contracts:
  - ./contracts
maxPageSize: 500
logLevel: warn
institutions:
  open-insurance:
    name: Seguradora Exemplo
    organisationId: 0f6fbd9c-7a35-4b3a-8f0e-2f1d6f0a3c11
    namespace: seguradoraexemplo
    issuer: https://auth.seguradora.example
    mtlsBase: https://mtls.seguradora.example
    customers: ./customers
    directory:
      keystore: https://keystore.directory.opinbrasil.com.br
      anchors: ./anchors.pem
mtls:
  host: 0.0.0.0
  certificate: ./mtls.pem
  key: ./mtls.key
operations:
  GET /open-insurance/channels/v1/branches:
    version: "1.2.0"
    countedArray: /data/brand/companies/*/branches
`;

/** Renders `docs/configuration.md` from the table of settings. */
export function renderConfigurationPage(settings: readonly Setting[] = SETTINGS): string {
  return `<!-- Generated from src/app/configuration/settings.ts; regenerate with: npm run docs -->

# Configuration

guiche runs without any configuration. To change something, put a \`guiche.yaml\` in the folder it is started from, or
name another file with \`--config FILE\`. Environment variables override the file, and flags override both.
\`guiche check\` prints the value in effect for every key and where it came from.

\`\`\`yaml
${EXAMPLE}\`\`\`

Every key is optional, and a key without a value keeps its default.

## Keys

| key | flag | variable | default | meaning |
| --- | --- | --- | --- | --- |
${settings.map(row).join('\n')}

## Folders

A relative path in the file starts at the file's folder; one in a variable or a flag starts at the current folder. The
defaults of \`data\` and \`state\` are beside the file, or in the current folder when there is no file.

## Lists

A list may be a single string in the file. A flag that takes a list is repeated (\`--data one --data two\`), and a
variable separates its values with \`:\` (\`GUICHE_DATA=one:two\`). A list replaces the one it overrides; the two are
not joined.

Addresses are IPv4 or IPv6, single (\`10.0.0.1\`) or a range (\`10.0.0.0/8\`), never names. As \`:\` is part of every IPv6
address, a variable may separate addresses with \`,\`, and must where one of them is IPv6
(\`GUICHE_METRICS_ALLOW=198.51.100.0/24,2001:db8::/32\`).

## Variables

A variable is \`GUICHE_\` and the key in upper snake case. An empty variable counts as absent. Where a key has both a
full and a short variable, the full one wins. A \`GUICHE_…\` variable that belongs to no key is a warning. The variables
that Kubernetes adds for a service called \`guiche\`, such as \`GUICHE_PORT=tcp://10.0.0.7:80\`, are ignored.

## Secrets

${secretKeys(settings)} may hold passwords. Give them as variables, so that no file has them. Wherever guiche shows its
configuration or complains about it, \`***\` stands in their place.

## Operations

\`operations\` maps an operation, written as its method and its full path template, to overrides. As a variable it is
one JSON object.

| override | meaning |
| --- | --- |
| \`countedArray\` | The array whose elements are counted and paged, as a JSON pointer in which \`*\` stands for every element. |
| \`brokenRecords\` | What becomes of an answer with customer data of which some records break the contract: \`serve-and-flag\`, the default, leaves them out and says so in the log; \`block\` answers none. |
| \`snapshotSeconds\` | How old an answer from before may be that stands in for a connector that is late or away; 0, the default, for none. |
| \`version\` | The \`info.version\` of the document that answers this route when several describe it. Quote it. |

## Institutions

With \`institutions\` guiche holds consents: it opens the listener for receivers (\`mtls\`), and an authorization server for
each institution. As a variable it is one JSON object.

${fieldTable(INSTITUTION_FIELDS)}

Members of its \`directory\`:

${fieldTable(DIRECTORY_FIELDS)}

## Connectors

Each of \`connectors\` has a \`kind\`: \`folder\`, \`http\`, \`sql\` or \`module\`. [Connectors](connectors.md) tells how to choose.

\`kind: folder\`:

${fieldTable(FOLDER_FIELDS)}

\`kind: http\`:

${fieldTable(HTTP_FIELDS)}

Members of its \`signing\`:

${fieldTable(SIGNING_FIELDS)}

\`kind: sql\`:

${fieldTable(SQL_FIELDS)}

\`kind: module\`:

${fieldTable(MODULE_FIELDS)}

## The proxy

Members of \`mtls.proxy\`:

${fieldTable(PROXY_FIELDS)}

## What is refused

An unknown key, a key given twice or a value of the wrong kind stops the start. The line on the screen holds the file,
line and column, what was expected there and, for a probable slip, what you may have meant; for a variable or a flag it
starts with its name. Everything wrong is listed at once, even in a value that another source overrides. The file is
YAML in UTF-8, of at most 1 MiB.
`;
}

function secretKeys(settings: readonly Setting[]): string {
  return settings
    .filter(({ secret }) => secret)
    .map(({ path }) => code(path))
    .join(' and ');
}

function row({ path, flag, shortVariable, kind, default: value, meaning }: Setting): string {
  const variables = [shortVariable, variableOf(path)].filter((name) => name !== undefined);
  const cells = [
    code(path),
    flag === undefined ? 'none' : code(`${flag} ${kind.placeholder}`) + (kind.list ? ', repeatable' : ''),
    variables.map(code).join(', '),
    defaultCell(value),
    meaning,
  ];
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}

function fieldTable(fields: Fields): string {
  const rows = Object.entries(fields).map(([name, { isRequired, default: value, meaning }]) => {
    const cells = [code(name), isRequired ? 'required' : defaultCell(value), meaning];
    return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  });
  return ['| member | default | meaning |', '| --- | --- | --- |', ...rows].join('\n');
}

function defaultCell(value: unknown): string {
  const values = Array.isArray(value) ? value : [value];
  const shown = values.filter((one) => typeof one === 'string' || typeof one === 'number');
  return shown.length === 0 ? 'none' : shown.map((one) => code(String(one))).join(', ');
}

function code(text: string): string {
  return `\`${text}\``;
}
