import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Client } from 'pg';
import type { Json as Data } from '../../src/connectors/connector.ts';
import { createFolderConnector } from '../../src/connectors/folder-connector.ts';
import { systemClock } from '../../src/kernel/clock.ts';
import { type CoreSystem, type Misbehaviour, startCoreSystem } from '../support/core-system.ts';
import { runGuiche } from '../support/run-guiche.ts';
import type { Json } from '../support/send-request.ts';
import { startTemporaryDatabases } from '../support/temporary-database.ts';
import { temporaryFolder, writeBelow } from '../support/temporary-folder.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const PROGRAM = resolve(ROOT, 'bin/guiche.js');

/** Customers of the example bank: one with a bit of everything, one with accounts, one with nothing of their own. */
const ANA = '41726305961';
const OTHER = '28364091778';
const EMPTY = '17290534832';
const BANK = resolve(ROOT, 'examples/bank/customers');
const INSURER = resolve(ROOT, 'examples/insurer/customers');
const SAMPLES = resolve(ROOT, 'examples/connectors');
const INSURED = '53807142690';
const OTHER_INSURED = '09184736593';

/** A folder with the configuration of two institutions; members given name where their customers are. */
function operatorFolder(
  bank: object = { customers: BANK },
  connectors: object = {},
  insurer: object = { customers: INSURER },
): string {
  const folder = temporaryFolder();
  writeBelow(folder, 'anchors.pem', 'not read by this command\n');
  const institution = (path: string, organisationId: string) => ({
    name: path,
    organisationId,
    namespace: path,
    issuer: `https://auth.example.com/${path}`,
    mtlsBase: `https://mtls.example.com/${path}`,
    directory: { keystore: 'https://keystore.example.com', anchors: './anchors.pem' },
  });
  writeBelow(folder, 'guiche.yaml', {
    baseUrl: 'https://api.example.com',
    mtls: { certificate: './anchors.pem', key: './anchors.pem' },
    connectors,
    institutions: {
      'open-finance': { ...institution('banco', '5c0b7a4e-2f5d-4c1e-9b53-0d2b7f6a9e11'), ...bank },
      'open-insurance': {
        ...institution('seguradora', '8e2f9d36-71ab-4d0c-8a5e-4b6c1f3d7720'),
        ...insurer,
      },
    },
  });
  return folder;
}

function test(folder: string, ...args: readonly string[]) {
  return runGuiche(['connector', 'test', ...args], { cwd: folder });
}

function withoutOwner(found: Data): Data {
  const { owner: _, ...rest } = found as { readonly [member: string]: Data };
  return rest;
}

/** Runs the command with something on its standard input. */
async function testWithInput(folder: string, input: string, ...args: readonly string[]) {
  const child = spawn(process.execPath, [PROGRAM, 'connector', 'test', ...args], { cwd: folder });
  const output: Buffer[] = [];
  child.stdout.on('data', (chunk) => output.push(chunk));
  child.stderr.on('data', (chunk) => output.push(chunk));
  child.stdin.on('error', () => undefined).end(input);
  const status = await new Promise((resolveStatus) => child.on('close', resolveStatus));
  return { status, output: Buffer.concat(output).toString() };
}

describe('given the example institutions', { concurrency: 2 }, () => {
  it('when the folder of the bank is tested, then no case fails and the table tells each', async () => {
    const flags = ['--cpf', ANA, '--other-cpf', OTHER, '--empty-cpf', EMPTY];
    const { status, stdout, stderr } = await test(operatorFolder(), 'open-finance', ...flags);
    assert.equal(stderr, '');
    assert.equal(status, 0, stdout);
    assert.match(stdout, /^open-finance, folder, for open-finance$/m);
    assert.match(stdout, /^ {2}6 {2}passed {3}discovery answers$/m);
    assert.match(stdout, /^ 19 {2}passed {3}nobody gets the things of another customer$/m);
    assert.match(stdout, /^\d+ passed, 0 failed, \d+ skipped$/m);
    for (const document of [ANA, OTHER, EMPTY]) assert.ok(!stdout.includes(document));
  });

  it('when that of the insurer is tested as JSON, then the object tells the same', async () => {
    const flags = ['--cpf', INSURED, '--other-cpf', OTHER_INSURED, '--format', 'json'];
    const { status, stdout, stderr } = await test(operatorFolder(), 'open-insurance', ...flags);
    assert.equal(stderr, '');
    const { connector, ecosystem, summary, results } = JSON.parse(stdout) as Json;
    assert.deepEqual(
      results.filter(({ outcome }: Json) => outcome === 'failed'),
      [],
    );
    assert.equal(status, 0);
    assert.deepEqual([connector, ecosystem], ['open-insurance', 'open-insurance']);
    assert.equal(summary.passed + summary.failed + summary.skipped, results.length);
    const skipped = results.find(({ number }: Json) => number === 11);
    assert.equal(skipped.outcome, 'skipped');
    assert.match(skipped.reason, /--empty-cpf/);
    assert.ok(!stdout.includes(INSURED));
  });

  it('when documents come from standard input, then they are read line by line', async () => {
    const input = '417.263.059-61\n28364091778\n';
    const flags = ['--cpf', '-', '--other-cpf', '-'];
    const { status, output } = await testWithInput(operatorFolder(), input, 'open-finance', ...flags);
    assert.equal(status, 0, output);
    assert.match(output, /^ 19 {2}passed/m);
  });

  it('when the customer is named by a variable, then it is found there', async () => {
    const { status, stdout } = await runGuiche(['connector', 'test', 'open-finance'], {
      cwd: operatorFolder(),
      env: { CONNECTOR_TEST_CPF: ANA },
    });
    assert.equal(status, 0, stdout);
  });

  it('when the customer is a stranger, then cases fail and say why they matter', async () => {
    const { status, stdout } = await test(operatorFolder(), 'open-finance', '--cpf', '88888888888');
    assert.equal(status, 1);
    assert.match(stdout, /^ {2}3 {2}failed {3}a customer is found by CPF and by key$/m);
    assert.match(stdout, /^ +the customer that was named is answered with notFound$/m);
    assert.match(stdout, /^ +A login, a consent and a read have to lead to the same person/m);
    assert.match(stdout, /^ 17 {2}skipped/m);
  });
});

describe('given a connector that speaks HTTP', () => {
  let core: CoreSystem;
  let folder: string;
  before(async () => {
    const over = await createFolderConnector({
      folder: BANK,
      passwordHash: () => undefined,
      clock: systemClock,
      onFault: assert.ifError,
    });
    core = await startCoreSystem({ over });
    const connectors = { core: { kind: 'http', url: core.url }, unused: { kind: 'http', url: core.url } };
    folder = operatorFolder({ connector: 'core' }, connectors);
  });
  after(() => core.close());

  it('when the systems behind it are right, then no case fails', async () => {
    core.set();
    const { status, stdout } = await test(folder, 'core', '--cpf', ANA, '--other-cpf', OTHER);
    assert.equal(status, 0, stdout);
    assert.match(stdout, /^core, http, for open-finance$/m);
    assert.ok(core.calls.length > 100);
  });

  it('when they hand out the wrong thing, then the case about it fails and the status is 1', async () => {
    core.set({ asIf: { documents: { cpf: ANA }, ref: 'cc-30418' } }, { operation: 'getRecord' });
    const { status, stdout } = await test(folder, 'core', '--cpf', ANA, '--other-cpf', OTHER);
    assert.equal(status, 1);
    assert.match(stdout, /^ 14 {2}failed/m);
  });

  it('when they say that data is another’s, or do not say whose, then cases fail and name nobody', async () => {
    const wrong: [Misbehaviour, RegExp][] = [
      [
        { change: (found) => ({ ...(found as object), owner: 'cc-99999' }) },
        /^ 16 {2}failed {3}every answer says rightly whose it is\n +\S+ \(accounts 2\) names another owner than the thing that was asked for$/m,
      ],
      [{ change: withoutOwner }, /^ 12 {2}failed/m],
    ];
    for (const [misbehaviour, line] of wrong) {
      core.set(misbehaviour, { operation: 'getRecord', api: 'accounts' });
      const { status, stdout } = await test(folder, 'core', '--cpf', ANA);
      assert.equal(status, 1);
      assert.match(stdout, line);
      assert.ok(!stdout.includes(ANA) && !stdout.includes('cc-99999'));
    }
  });

  it('when institutions of both ecosystems use it, then one has to be named', async () => {
    core.set();
    const connectors = { core: { kind: 'http', url: core.url } };
    const both = operatorFolder({ connector: 'core' }, connectors, { connector: 'core' });
    const unnamed = await test(both, 'core', '--cpf', ANA);
    assert.equal(unnamed.status, 2);
    assert.equal(
      unnamed.stderr,
      'guiche: institutions of both ecosystems use core: name one with --ecosystem\n',
    );
    const named = await test(both, 'core', '--cpf', ANA, '--ecosystem', 'open-finance');
    assert.equal(named.status, 0, named.stdout);
  });

  it('when the connector is no institution’s, then the status is 2', async () => {
    const { status, stderr } = await test(folder, 'unused', '--cpf', ANA);
    assert.equal(status, 2);
    assert.equal(stderr, 'guiche: no institution uses the connector of that name\n');
  });
});

describe('given the sample connectors', () => {
  it('when the module is tested, then no case fails', async () => {
    const connectors = { sample: { kind: 'module', module: join(SAMPLES, 'insurer.connector.ts') } };
    const folder = operatorFolder(undefined, connectors, { connector: 'sample' });
    const { status, stdout } = await test(folder, 'sample', '--cpf', INSURED);
    assert.equal(status, 0, stdout);
    assert.match(stdout, /^sample, module, for open-insurance$/m);
    assert.match(stdout, /^ 13 {2}passed/m);
  });

  it('when the mapping of queries is tested, then no case fails', async () => {
    const databases = await startTemporaryDatabases();
    try {
      const databaseUrl = await databases.create();
      const client = new Client({ connectionString: databaseUrl });
      await client.connect();
      await client.query(readFileSync(join(SAMPLES, 'schema.sql'), 'utf8'));
      await client.end();
      const mapping = join(SAMPLES, 'insurer.sql.yaml');
      const connectors = { sample: { kind: 'sql', mapping, databaseUrl } };
      const folder = operatorFolder(undefined, connectors, { connector: 'sample' });
      const { status, stdout } = await test(folder, 'sample', '--cpf', INSURED);
      assert.equal(status, 0, stdout);
      assert.match(stdout, /^sample, sql, for open-insurance$/m);
      assert.match(stdout, /^ 13 {2}passed/m);
    } finally {
      await databases.server.close();
    }
  });
});

describe('given a person who calls it wrongly', { concurrency: 2 }, () => {
  const folder = operatorFolder();
  for (const { given, args, line } of [
    { given: 'no name', args: ['--cpf', ANA], line: /missing required argument 'NAME'/ },
    {
      given: 'a name that there is not',
      args: ['core', '--cpf', ANA],
      line: /no connector of that name; it has open-finance, open-insurance/,
    },
    { given: 'no customer', args: ['open-finance'], line: /name a customer with --cpf/ },
    {
      given: 'a CPF that is none',
      args: ['open-finance', '--cpf', '1234'],
      line: /--cpf expected a CPF: 11 digits/,
    },
    {
      given: 'a CNPJ that is none',
      args: ['open-finance', '--cpf', ANA, '--cnpj', 'abc'],
      line: /--cnpj expected a CNPJ/,
    },
    {
      given: 'nothing on standard input',
      args: ['open-finance', '--cpf', '-'],
      line: /standard input has to have a line for each of --cpf/,
    },
  ])
    it(`when ${given} is given, then stderr says so in a line and the status is 2`, async () => {
      const { status, stdout, stderr } = await test(folder, ...args);
      assert.equal(status, 2, stderr);
      assert.equal(stdout, '');
      assert.match(stderr, line);
      assert.equal(stderr.trim().split('\n').length, 1);
      for (const document of [ANA, '1234', 'abc']) assert.ok(!stderr.includes(document));
    });
});
