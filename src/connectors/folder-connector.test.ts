import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { temporaryFolder, writeBelow } from '../../test/support/temporary-folder.ts';
import { isCnpj, isCpf } from '../consents/identity-document.ts';
import { readConsentProfiles } from '../consents/read-consent-profiles.ts';
import { createVirtualClock } from '../kernel/clock.ts';
import type { ChildrenRequest, FoundData, RecordRequest } from './connector.ts';
import type { Customer } from './customer.ts';
import { readCustomerFile } from './customer-file.ts';
import { createFolderConnector } from './folder-connector.ts';
import { createInstitution } from './institution.ts';
import { hashPassword } from './password-hash.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const CPF = '11144477735';
const CNPJ = '11222333000181';
const SIGNAL = new AbortController().signal;

const CUSTOMER = [
  'id: c-1',
  'login: Maria.Silva',
  'name: Maria Silva',
  `cpf: "${CPF}"`,
  `companies: ["${CNPJ}"]`,
  'resources:',
  '  - { type: ACCOUNT, ref: a-1, label: Conta }',
  '  - { type: LOAN, ref: l-1, label: Empréstimo, approvers: ["52998224725"] }',
].join('\n');
const COMPANY = `cnpj: "${CNPJ}"\nname: Padaria\nresources:\n  - { type: ACCOUNT, ref: b-1, label: Conta da padaria }\n`;

async function setUp(files: Readonly<Record<string, string>> = {}) {
  const folder = temporaryFolder();
  const written = { [`${CPF}/customer.yaml`]: CUSTOMER, [`${CNPJ}/company.yaml`]: COMPANY, ...files };
  for (const [name, text] of Object.entries(written)) writeBelow(folder, name, text);
  const hashes = new Map([['maria.silva', await hashPassword('segredo')]]);
  const clock = createVirtualClock(0);
  const faults: Error[] = [];
  const connector = await createFolderConnector({
    folder,
    passwordHash: (login) => hashes.get(login),
    clock,
    onFault: (fault) => faults.push(fault),
  });
  const institution = createInstitution(connector, { brand: 'Banco', ecosystem: 'open-finance', clock });
  return { folder, connector, institution, clock, faults, hashes };
}

describe('given a folder of customers', () => {
  it('when login and password are right, then it is the customer, with their companies', async () => {
    const { institution } = await setUp();
    assert.deepEqual(await institution.authenticate(' MARIA.silva ', 'segredo', SIGNAL), {
      id: 'c-1',
      name: 'Maria Silva',
      cpf: CPF,
      companies: [{ cnpj: CNPJ, name: 'Padaria' }],
    });
  });

  it('when either is wrong, or a login has no password, then it is nobody', async () => {
    const { institution, hashes } = await setUp();
    assert.equal(await institution.authenticate('maria.silva', 'errada', SIGNAL), undefined);
    assert.equal(await institution.authenticate('joana', 'segredo', SIGNAL), undefined);
    hashes.clear();
    assert.equal(await institution.authenticate('maria.silva', 'segredo', SIGNAL), undefined);
    assert.equal(
      await institution.authenticate('maria.silva', 'nobody has this password', SIGNAL),
      undefined,
    );
  });

  it('when logins are timed, then an unknown one takes as long as a wrong password', async () => {
    const { institution } = await setUp();
    const time = async (login: string) => {
      const start = process.hrtime.bigint();
      await institution.authenticate(login, 'errada', SIGNAL);
      return Number(process.hrtime.bigint() - start);
    };
    const known: number[] = [];
    const unknown: number[] = [];
    for (let round = 0; round < 9; round += 1) {
      known.push(await time('maria.silva'));
      unknown.push(await time('ninguem'));
    }
    const median = (values: number[]) => values.sort((a, b) => a - b)[4] as number;
    const ratio = median(unknown) / median(known);
    assert.ok(ratio > 0.5 && ratio < 2, `an unknown login takes ${ratio.toFixed(2)} of a known one`);
  });

  it('when resources are looked for, then they are those of the types, of the person or of the company', async () => {
    const { institution } = await setUp();
    const maria = (await institution.customer('c-1', SIGNAL)) as Customer;
    const refs = async (cnpj: string | undefined, ...types: string[]) =>
      (await institution.discover(maria, cnpj, types, SIGNAL)).map(({ ref }) => ref);
    assert.deepEqual(await refs(undefined, 'ACCOUNT'), ['a-1']);
    assert.deepEqual(await refs(undefined, 'ACCOUNT', 'LOAN'), ['a-1', 'l-1']);
    assert.deepEqual(await refs(undefined), []);
    assert.deepEqual(await refs(CNPJ, 'ACCOUNT'), ['b-1']);
    assert.deepEqual(await refs('99999999000191', 'ACCOUNT'), [], 'a company that is not theirs');
  });

  it('when a file changes, then it counts a second later', async () => {
    const { folder, institution, clock } = await setUp();
    writeBelow(folder, `${CPF}/customer.yaml`, CUSTOMER.replace('Maria Silva', 'Maria Souza Silva'));
    await clock.advance(1_000);
    assert.equal((await institution.customer('c-1', SIGNAL))?.name, 'Maria Souza Silva');
  });

  it('when a change breaks a file, then what was read before serves, and the fault is told once, without names', async () => {
    const { folder, institution, clock, faults } = await setUp();
    writeBelow(folder, `${CPF}/customer.yaml`, CUSTOMER.replace('"11144477735"', '11144477735'));
    for (let round = 0; round < 3; round += 1) {
      await clock.advance(1_000);
      assert.equal((await institution.customer('c-1', SIGNAL))?.name, 'Maria Silva');
    }
    assert.equal(faults.length, 1);
    assert.match(faults[0]?.message ?? '', /cpf must be a string in quotes/);
    assert.doesNotMatch(faults[0]?.message ?? '', /Maria|11144477735/);
  });

  it('when a file is wrong at the start, then the start fails and says why', async () => {
    const file = `${CPF}/customer.yaml`;
    const wrong: [string, RegExp][] = [
      [CUSTOMER.replace('name:', 'nome:'), /no member called nome/],
      [CUSTOMER.replace(CPF, '52998224725'), /named after the document/],
      [CUSTOMER.replace('l-1', '../../etc'), /resources\[1\]\.ref must match/],
      [CUSTOMER.replace('label: Conta', 'label: Conta, situation: lost'), /situation must be one of active/],
      [CUSTOMER.replace('label: Conta', 'label: Conta, closedOn: 2026'), /closedOn must be a string/],
      [CUSTOMER.replace('label: Conta', 'label: Conta, closedOn: "2026-13-01"'), /closedOn must match/],
      [CUSTOMER.replace('label: Conta', 'label: Conta, isVisible: sim'), /isVisible must be true or false/],
      [`${CUSTOMER}\n  - { type: ACCOUNT, ref: a-1, label: Outra }`, /the same type and ref/],
      ['- a list', /must be a mapping/],
      [`${CUSTOMER}\n# ${'x'.repeat(300_000)}`, /larger than/],
    ];
    for (const [text, message] of wrong) await assert.rejects(setUp({ [file]: text }), message);
    const other = CUSTOMER.replaceAll(CPF, '52998224725').replace('c-1', 'c-2');
    await assert.rejects(setUp({ '52998224725/customer.yaml': other }), /the same login/);
  });

  it('when the wait is over, then it is not answered', async () => {
    const { institution } = await setUp();
    await assert.rejects(institution.customer('c-1', AbortSignal.abort()), /abort/i);
    await assert.rejects(institution.authenticate('maria.silva', 'segredo', AbortSignal.abort()), /abort/i);
  });
});

describe('given the data of a customer', () => {
  const LIST = '/open-banking/things/v1/things';
  const asked = (change: Partial<RecordRequest> = {}): ChildrenRequest => ({
    brand: 'Banco',
    ecosystem: 'open-finance',
    api: 'things',
    version: '1.0.0',
    permissions: [],
    interactionId: undefined,
    deadline: 0,
    signal: SIGNAL,
    operationPath: LIST,
    types: ['ACCOUNT'],
    refs: {},
    documents: { cpf: CPF },
    shape: 'list',
    query: {},
    page: undefined,
    type: 'ACCOUNT',
    ref: 'a-1',
    name: 'parts',
    ...change,
  });
  const one = (ref: string, change: Partial<RecordRequest> = {}) =>
    asked({ operationPath: `${LIST}/{thingId}`, refs: { thingId: ref }, ref, shape: 'record', ...change });
  const parts = (ref: string, change: Partial<RecordRequest> = {}) =>
    asked({ operationPath: `${LIST}/{thingId}/parts`, refs: { thingId: ref }, ref, ...change });

  it('when lists, records and what hangs on them have files, then these are told', async () => {
    const { connector } = await setUp({
      [`${CPF}${LIST}.json`]: '[{"thingId":"a-1"}]',
      [`${CPF}${LIST}/a-1.json`]: '{"owner":"a-1","data":{"name":"A"}}',
      [`${CPF}${LIST}/a-1/parts.json`]: '[]',
    });
    assert.deepEqual(await connector.list(asked()), {
      status: 'ok',
      data: [{ thingId: 'a-1' }],
      asOf: 0,
      owner: CPF,
    });
    assert.deepEqual(await connector.get(one('a-1')), {
      status: 'ok',
      data: { name: 'A' },
      asOf: 0,
      owner: 'a-1',
    });
    assert.equal((await connector.children(parts('a-1'))).status, 'ok');
  });

  it('when files do not say whose they are, then they are of whom they stand below, and else of whom they say', async () => {
    const { connector } = await setUp({
      [`${CPF}${LIST}.json`]: '[]',
      [`${CNPJ}${LIST}.json`]: '{"owner":"somebody-else","data":[]}',
      [`${CPF}${LIST}/a-1.json`]: '{}',
      [`${CPF}${LIST}/a-1/parts.json`]: '[]',
      [`${CPF}${LIST}/l-1.json`]: '{"owner":"l-2","data":{}}',
    });
    const ownerOf = async (found: Promise<FoundData>) => {
      const answer = await found;
      return answer.status === 'ok' && answer.owner;
    };
    assert.equal(await ownerOf(connector.list(asked())), CPF);
    assert.equal(
      await ownerOf(connector.list(asked({ documents: { cpf: CPF, cnpj: CNPJ } }))),
      'somebody-else',
    );
    assert.equal(await ownerOf(connector.get(one('a-1'))), 'a-1');
    assert.equal(await ownerOf(connector.children(parts('a-1'))), 'a-1');
    assert.equal(await ownerOf(connector.get(one('l-1', { type: 'LOAN' }))), 'l-2');
  });

  it('when something has an id of its own, then its file says whose it is, or the call fails', async () => {
    const { connector } = await setUp({
      [`${CPF}${LIST}/n-1.json`]: '{"owner":"a-1","data":{}}',
      [`${CPF}${LIST}/n-2.json`]: '{}',
    });
    const found = await connector.get(one('n-1', { type: undefined }));
    assert.equal(found.status === 'ok' && found.owner, 'a-1');
    await assert.rejects(connector.get(one('n-2', { type: undefined })), (error: Error) => {
      assert.match(error.message, /a customer's file for .*\{thingId\} must name its owner/);
      assert.doesNotMatch(error.message, new RegExp(CPF));
      return true;
    });
  });

  it('when there is no file, then lists are empty and records not found', async () => {
    const { connector } = await setUp();
    assert.deepEqual(await connector.list(asked()), { status: 'empty' });
    assert.deepEqual(await connector.list(asked({ shape: 'record' })), { status: 'notFound' });
    assert.deepEqual(await connector.get(one('a-1')), { status: 'notFound' });
    assert.deepEqual(await connector.children(parts('a-1')), { status: 'empty' });
    const below = { thingId: 'a-1', partId: 'p' };
    assert.deepEqual(await connector.children(parts('a-1', { refs: below })), { status: 'notFound' });
  });

  it('when a thing is not the customer’s, or of another type, then it is not found although there is a file', async () => {
    const { connector } = await setUp({ [`${CPF}${LIST}/b-1.json`]: '{}', [`${CPF}${LIST}/l-1.json`]: '{}' });
    assert.equal((await connector.get(one('b-1'))).status, 'notFound');
    assert.equal((await connector.get(one('l-1'))).status, 'notFound');
    assert.equal((await connector.get(one('l-1', { type: 'LOAN' }))).status, 'ok');
    assert.equal((await connector.children(parts('b-1'))).status, 'notFound');
  });

  it('when the same is discovered again, then the answer is the same object, until a file changes', async () => {
    const { connector, folder, clock } = await setUp();
    const discover = () => connector.discover({ cpf: CPF }, ['ACCOUNT'], asked());
    const first = await discover();
    assert.equal(await discover(), first);
    assert.ok(Object.isFrozen(first));
    writeBelow(
      folder,
      `${CPF}/customer.yaml`,
      CUSTOMER.replace('label: Conta', 'label: Conta, situation: blocked'),
    );
    await clock.advance(1_000);
    const second = await discover();
    assert.equal(second.status === 'ok' && second.data[0]?.situation, 'blocked');
  });

  it('when the folder goes away, then its health says so', async () => {
    const { connector, folder } = await setUp();
    assert.deepEqual(await connector.health(SIGNAL), { isUp: true });
    rmSync(folder, { recursive: true });
    assert.equal((await connector.health(SIGNAL)).isUp, false);
  });
});

describe('the example customers', () => {
  const examples = { bank: 'open-finance', insurer: 'open-insurance' } as const;
  for (const [name, ecosystem] of Object.entries(examples))
    it(`when those of the ${name} are read, then documents are valid and types are the ecosystem's`, async () => {
      const folder = join(ROOT, 'examples', name, 'customers');
      const profile = readConsentProfiles(join(ROOT, 'catalog')).find((each) => each.ecosystem === ecosystem);
      const types = [...new Set(profile?.groups.flatMap(({ resourceTypes }) => resourceTypes))];
      const people = readdirSync(folder).filter((document) => !document.includes('.'));
      for (const document of people) assert.ok(isCpf(document) || isCnpj(document), document);

      const connector = await createFolderConnector({
        folder,
        passwordHash: () => undefined,
        clock: createVirtualClock(0),
        onFault: assert.ifError,
      });
      const institution = createInstitution(connector, {
        brand: name,
        ecosystem,
        clock: createVirtualClock(0),
      });
      const files = people.map((document) => join(folder, document, 'customer.yaml')).filter(existsSync);
      const ids = files.map((file) => readCustomerFile(readFileSync(file, 'utf8')).id);
      assert.ok(ids.length >= 3);
      const shown = new Set<string>();
      for (const id of ids) {
        const customer = (await institution.customer(id, SIGNAL)) as Customer;
        for (const cnpj of [undefined, ...customer.companies.map((company) => company.cnpj)])
          for (const { type } of await institution.discover(customer, cnpj, types, SIGNAL)) shown.add(type);
      }
      assert.deepEqual(
        types.filter((type) => !shown.has(type)),
        [],
        'every type is shown by some customer',
      );
    });
});
