import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { REGULATORY_TIME_ZONE } from '../../src/app/regulatory-time-zone.ts';
import type { ConsentProfile } from '../../src/consents/consent-profile.ts';
import { canonicalPermission } from '../../src/consents/version-spelling.ts';
import { recentDaysOf } from '../../src/contract/ecosystem-profile.ts';
import type { Operation } from '../../src/contract/operation.ts';
import { takeRecords } from '../../src/customer-data/enclosed-records.ts';
import { createAddressing } from '../../src/customer-data/product-ids.ts';
import { createDayOf } from '../../src/metrics/day-of.ts';
import { createMtlsFetch, type MtlsFetch } from '../../src/receiver/mtls-fetch.ts';
import { contractFolder, loadFolders, profiles } from '../support/contract-folder.ts';
import {
  customerDataOperations,
  EXAMPLE_INSTITUTIONS,
  type ExampleInstitution,
  type ExampleOwner,
  type ExampleRead,
  exampleOwners,
  exampleProfile,
  exampleReads,
} from '../support/example-customers.ts';
import { createExampleShares, type ExampleShares, type Share } from '../support/example-shares.ts';
import { referenceContracts } from '../support/reference-contracts.ts';
import { declaredErrors, schemaValidator } from '../support/schema-validator.ts';
import type { Json } from '../support/send-request.ts';
import { startTestSandbox, type TestSandbox } from '../support/start-sandbox.ts';
import { type SecondNode, startSecondNode } from '../support/start-second-node.ts';
import { unseenContracts } from '../support/unseen-contracts.ts';

interface HeardAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Json;
}

const DAY_MS = 86_400_000;
const dayOf = createDayOf(REGULATORY_TIME_ZONE);
const references = referenceContracts === undefined ? [] : loadFolders(referenceContracts).operations;
const unseenFolder = contractFolder(unseenContracts());
const validators = new Map<string, ReturnType<typeof schemaValidator>>();
const pinned = EXAMPLE_INSTITUTIONS.flatMap(olderVersions);
let running: TestSandbox;
/** With the contracts that were dropped in, and the older one of two versions. */
let node: SecondNode;
let connections: MtlsFetch;
let shares: ExampleShares;

before(async () => {
  running = await startTestSandbox();
  connections = createMtlsFetch(running.sandbox.receivers[0]?.keys ?? {});
  shares = createExampleShares(running, connections.fetch);
  const operations = Object.fromEntries(pinned.map(({ older }) => [older.key, { version: older.version }]));
  node = await startSecondNode(running, {}, { contracts: [unseenFolder], operations: operations as never });
});
after(async () => {
  await connections?.close();
  await node?.close();
});

for (const institution of EXAMPLE_INSTITUTIONS) {
  const { ecosystem } = institution;
  const profile = exampleProfile(institution);
  const operations = customerDataOperations(institution);
  const addressingOf = createAddressing(operations);
  const newest = operations.filter(({ key, version }) =>
    operations.every((other) => other.key !== key || compareVersions(other.version, version) <= 0),
  );
  const reads = exampleReads(institution).filter(({ operation }) => newest.includes(operation));

  describe(`given customers of ${ecosystem} who share all that they have`, () => {
    const covering: Share[] = [];
    let origin: string;

    before(async () => {
      origin = new URL(running.institution(ecosystem).mtlsBase).origin;
      for (const owner of whoCoverAll(reads)) covering.push(await shares.all(institution, owner));
    });

    for (const operation of newest)
      it(`when ${operation.path} is read, then it is what the files say, in the contract`, async () => {
        const { idName } = addressingOf(operation);
        let found = 0;
        for (const share of covering) {
          const own = reads.filter((one) => isOf(one, operation, share.owner));
          if (own.length === 0) continue;
          const bodies: Json[] = [];
          for (const id of idsToRead(own, share)) {
            const { status, headers, body } = await read(origin, operation, share.accessToken, id);
            assert.equal(status, 200, JSON.stringify(body));
            assert.equal(headers.get('x-v'), operation.version);
            assertInContract(operation, body);
            assertEnvelope(operation, body, id);
            bodies.push(body);
            found += recordsIn(operation, body);
          }
          if (recentDays(operation) === undefined)
            assert.deepEqual(comparable(bodies, share, idName), comparable(own.map(fileOf), share, idName));
        }
        // What is recent has gone by since the files were written, but for what is scheduled.
        if (recentDays(operation) === undefined) assert.ok(found > 0);
      });

    it('when ids are of somebody else, of another type or of nothing, then they are all forbidden alike', async () => {
      for (const operation of newest) {
        const share = covering.find(({ owner }) => reads.some((one) => isOf(one, operation, owner)));
        const sample = reads.find((one) => share && isOf(one, operation, share.owner) && one.isOfResource);
        if (!share || !sample) continue;
        const own = new Set([...sample.types].flatMap((type) => share.ids.get(type) ?? []));
        const foreign = covering
          .flatMap(({ owner, ids }) => [...ids].map(([type, [id]]) => ({ owner, type, id })))
          .filter(({ id }) => id !== undefined && !own.has(id))
          .toSorted(
            (one, other) => Number(sample.types.has(other.type)) - Number(sample.types.has(one.type)),
          );
        const [likeOwn] = foreign;
        const elsewhere = foreign.find(({ owner }) => owner !== share.owner);
        const ofOtherType = foreign.find(({ owner }) => owner === share.owner);
        assert.ok(elsewhere?.id && ofOtherType?.id);
        for (const id of [likeOwn?.id, elsewhere.id, ofOtherType.id, 'a'.repeat(40), sample.ref]) {
          const { status, body } = await read(origin, operation, share.accessToken, id);
          assert.deepEqual([status, codeOf(body)], [403, 'RESOURCE_FORBIDDEN'], operation.path);
          assertError(operation, status, body);
        }
      }
    });

    it('when a permission was not granted, then its operations are closed and the others stay open', async () => {
      const [first] = covering;
      assert.ok(first);
      const companion = profile.companion ?? '';
      const groups = profile.groups.filter(({ rule }) => rule !== 'exclusive');
      const group = groups.find(({ permissions }) =>
        permissions.some((name) => opens(name, newest, profile)),
      );
      const granted = new Set([...(group?.permissions ?? []), companion]);
      const { accessToken } = await shares.some(institution, first.owner, [...granted]);
      let closed = 0;
      for (const operation of newest) {
        const own = reads.filter((one) => isOf(one, operation, first.owner));
        const [id] = own.length === 0 ? [] : idsToRead(own, first);
        if (own.length === 0) continue;
        const isOpen = operation.permissions.every((name) => granted.has(canonicalPermission(profile, name)));
        const { status, body } = await read(origin, operation, accessToken, id);
        assert.equal(status, isOpen ? 200 : 403, operation.path);
        if (isOpen) continue;
        closed += 1;
        assertError(operation, status, body);
      }
      assert.ok(closed > newest.length / 4);
    });
  });

  /** Everybody whose data is needed for all operations to have some, the ones with most first. */
  function whoCoverAll(all: readonly ExampleRead[]): ExampleOwner[] {
    const missing = new Set(all.map(({ operation }) => operation));
    const chosen: ExampleOwner[] = [];
    const owners = [...new Set(all.map(({ owner }) => owner))];
    for (const owner of owners.toSorted((a, b) => b.resources.length - a.resources.length)) {
      const own = all.filter((one) => one.owner === owner).map(({ operation }) => operation);
      if (!own.some((operation) => missing.has(operation))) continue;
      chosen.push(owner);
      for (const operation of own) missing.delete(operation);
    }
    return chosen;
  }
}

describe('given operations of which the catalog has two versions', () => {
  it('when the configuration chooses the older one, then that is answered, from the files for it', async () => {
    assert.ok(pinned.length > 0);
    for (const { institution, older, newer } of pinned) {
      const [one] = exampleReads(institution).filter(({ operation }) => operation === older);
      assert.ok(one);
      const mine = await shares.all(institution, one.owner);
      const [id] = idsToRead([one], mine);
      for (const [origin, operation] of [
        [node.origin, older],
        [new URL(running.institution(institution.ecosystem).mtlsBase).origin, newer],
      ] as const) {
        const { status, headers, body } = await read(origin, operation, mine.accessToken, id);
        assert.equal(status, 200, JSON.stringify(body));
        assert.equal(headers.get('x-v'), operation.version);
        assertInContract(operation, body);
      }
    }
  });
});

describe('given operations that only tell what is recent', () => {
  for (const institution of EXAMPLE_INSTITUTIONS) {
    const recent = exampleReads(institution).filter(({ operation }) => recentDays(operation) !== undefined);
    for (const operation of new Set(recent.map((one) => one.operation)))
      it(`when ${operation.path} is read without dates, then it tells what is of today`, async () => {
        const own = recent.filter((one) => one.operation === operation);
        const mine = await shares.all(institution, (own[0] as ExampleRead).owner);
        const before = own.filter((one) => isOf(one, operation, mine.owner));
        for (const { ref = '' } of before) {
          const path = operation.path.replace(/\{[^}]*\}/, ref);
          const [newest] = earlierRecords(institution, operation, mine.owner, ref);
          node.writeData(institution.ecosystem, mine.owner.document, path, [
            withDates(newest, dayOf(Date.now())),
            withDates(newest, '2026-01-05'),
          ]);
        }
        for (const id of idsToRead(before, mine)) {
          const url = `${node.origin}${operation.path.replace(/\{[^}]*\}/, id ?? '')}`;
          const { status, body } = await send(url, mine.accessToken);
          assert.equal(status, 200, JSON.stringify(body));
          assertInContract(operation, body);
          assert.equal(recordsIn(operation, body), 1);
        }
      });
  }
});

describe('given contracts that nothing was written for, dropped in with the data of a customer', () => {
  const [institution] = EXAMPLE_INSTITUTIONS;
  const { ecosystem } = institution;
  const { operations } = loadFolders(unseenFolder);
  const unseen = (path: string) => {
    const found = operations.find((operation) => operation.path.endsWith(path));
    assert.ok(found, path);
    return found;
  };
  const CARD = 'card-5510';
  const BILLS = '/credit-cards-accounts/v2/accounts/{creditCardAccountId}/bills';
  const USES = `${BILLS}/{billId}/transactions`;
  let mine: Share;

  before(async () => {
    const owner = exampleOwners(institution).toSorted((a, b) => b.resources.length - a.resources.length)[0];
    mine = await shares.all(institution, owner as ExampleOwner);
    const { document } = mine.owner;
    const write = (path: string, content: unknown) =>
      node.writeData(ecosystem, document, `/open-banking${path}`, content);
    write('/loans/v2/contracts', [
      { contractId: 'emp-20931', brandName: 'Banco Ipê' },
      { contractId: 'emp-of-somebody', brandName: 'Banco Ipê' },
    ]);
    write('/loans/v2/contracts/emp-20931', { contractNumber: '931', contractAmount: '9000.00' });
    write('/loans/v2/contracts/emp-of-somebody', { contractNumber: '1', contractAmount: '1.00' });
    write('/loans/v2/contracts/emp-20931/payments', { contractOutstandingBalance: '7412.09' });
    const cards = '/credit-cards-accounts/v2/accounts';
    write(cards, [
      { creditCardAccountId: CARD, name: 'Ipê Ouro' },
      { creditCardAccountId: 'card-8842', name: 'Ipê Viagem' },
    ]);
    write(`${cards}/${CARD}`, { name: 'Ipê Ouro' });
    write(
      `${cards}/${CARD}/bills`,
      [1, 2, 3].map((month) => ({ billId: `bill-${month}`, dueDate: `2026-0${month}-09` })),
    );
    write(
      `${cards}/${CARD}/bills/bill-2/transactions`,
      Array.from({ length: 60 }, (_, index) => ({
        transactionId: `use-${index}`,
        transactionDate: index < 30 ? '2026-01-20' : '2026-02-01',
        amount: `${index}.00`,
      })),
    );
    write('/buried-treasures/v1/treasures', [{ treasureId: 'cambio-70052', island: 'Trindade' }]);
    write('/buried-treasures/v1/treasures/cambio-70052', { island: 'Trindade' });
    for (const end of ['secrets', 'maps'])
      write(`/buried-treasures/v1/treasures/cambio-70052/${end}`, { secret: 'the third palm' });
  });

  /** Reads as the customer's receiver; ids of resources are given by reference and sent as public ids. */
  async function ask(
    path: string,
    ids: Readonly<Record<string, string>> = {},
    query = '',
  ): Promise<HeardAnswer> {
    const operation = unseen(path);
    const url = operation.path.replace(/\{([^}]*)\}/g, (_, name) => ids[name] ?? '');
    return send(`${node.origin}${url}${query}`, mine.accessToken);
  }

  /** The ids of a list, by another member of its records. */
  async function idsOf(path: string, id: string, by: string): Promise<Map<string, string>> {
    const { body } = await ask(path);
    return new Map(body.data.map((record: Json) => [record[by], record[id]]));
  }

  it('when a list is read, then it has what is shared under public ids, and nothing of anybody else', async () => {
    const { status, headers, body } = await ask('/loans/v2/contracts');
    assert.equal(status, 200);
    assert.equal(headers.get('x-v'), '2.9.0');
    assertInContract(unseen('/loans/v2/contracts'), body);
    assert.deepEqual(
      body.data.map(({ contractId }: Json) => contractId),
      mine.ids.get('LOAN'),
    );
    assert.equal(body.meta.totalRecords, 1);
  });

  it('when a resource and what hangs on it are read, then both are answered', async () => {
    const contractId = mine.ids.get('LOAN')?.[0] as string;
    const contract = await ask('/loans/v2/contracts/{contractId}', { contractId });
    assert.deepEqual(contract.body.data, { contractNumber: '931', contractAmount: '9000.00' });
    const payments = await ask('/loans/v2/contracts/{contractId}/payments', { contractId });
    assert.deepEqual(payments.body.data, { contractOutstandingBalance: '7412.09' });
  });

  it('when ids are references, of somebody else or of another type, then they are forbidden', async () => {
    const card = mine.ids.get('CREDIT_CARD_ACCOUNT')?.[0] as string;
    for (const contractId of ['emp-20931', 'emp-of-somebody', card]) {
      const { status, body } = await ask('/loans/v2/contracts/{contractId}', { contractId });
      assert.deepEqual([status, codeOf(body)], [403, 'RESOURCE_FORBIDDEN']);
    }
  });

  it('when something two steps below a resource is read, then only below the resource it hangs on', async () => {
    const cards = await idsOf('/credit-cards-accounts/v2/accounts', 'creditCardAccountId', 'name');
    const creditCardAccountId = cards.get('Ipê Ouro') as string;
    const span = '?fromTransactionDate=2026-01-01&toTransactionDate=2026-02-28';
    const uses = await ask(USES, { creditCardAccountId, billId: 'bill-2' }, span);
    assert.equal(uses.status, 200, JSON.stringify(uses.body));
    assertInContract(unseen(USES), uses.body);
    assert.deepEqual([uses.body.data.length, uses.body.meta.totalRecords], [25, 60]);
    const other = { creditCardAccountId: cards.get('Ipê Viagem') as string, billId: 'bill-2' };
    assert.equal((await ask(USES, other, span)).status, 404);
    assert.equal((await ask(USES, { creditCardAccountId, billId: 'bill-9' }, span)).status, 404);
    assert.equal((await ask(USES, { creditCardAccountId, billId: '..' }, span)).status >= 400, true);
  });

  it('when a list has several pages, then its links lead through all of it, each record once', async () => {
    const cards = await idsOf('/credit-cards-accounts/v2/accounts', 'creditCardAccountId', 'name');
    const ids = { creditCardAccountId: cards.get('Ipê Ouro') as string, billId: 'bill-2' };
    const seen: string[] = [];
    let answer = await ask(USES, ids, '?fromTransactionDate=2026-01-01&toTransactionDate=2026-02-28');
    for (let pages = 1; ; pages += 1) {
      seen.push(...answer.body.data.map(({ transactionId }: Json) => transactionId));
      const { next } = answer.body.links;
      if (next === undefined) {
        assert.equal(pages, 3);
        break;
      }
      const { pathname, search } = new URL(next);
      answer = await send(`${node.origin}${pathname}${search}`, mine.accessToken);
    }
    assert.deepEqual(
      seen,
      Array.from({ length: 60 }, (_, index) => `use-${index}`),
    );
  });

  it('when a span of dates is asked for, then both its ends are in it', async () => {
    const cards = await idsOf('/credit-cards-accounts/v2/accounts', 'creditCardAccountId', 'name');
    const ids = { creditCardAccountId: cards.get('Ipê Ouro') as string };
    const span = '?fromDueDate=2026-02-09&toDueDate=2026-03-09';
    const { body } = await ask(BILLS, ids, span);
    assert.deepEqual(
      body.data.map(({ billId }: Json) => billId),
      ['bill-2', 'bill-3'],
    );
    assert.equal((await ask(BILLS, ids, '?fromDueDate=2026-02-30&toDueDate=soon')).status, 400);
  });

  it('when an API is of no regulator but its permission is known, then it is served like the others', async () => {
    const list = await ask('/buried-treasures/v1/treasures');
    assert.equal(list.status, 200, JSON.stringify(list.body));
    const [treasureId] = mine.ids.get('EXCHANGE') ?? [];
    assert.deepEqual(list.body.data, [{ treasureId, island: 'Trindade' }]);
    const one = await ask('/buried-treasures/v1/treasures/{treasureId}', {
      treasureId: treasureId as string,
    });
    assert.deepEqual(one.body.data, { island: 'Trindade' });
  });

  it('when nobody knows the permission, or there is none, then it is closed, whatever there is to read', async () => {
    const [treasureId = ''] = mine.ids.get('EXCHANGE') ?? [];
    for (const end of ['secrets', 'maps']) {
      const { status, body } = await ask(`/buried-treasures/v1/treasures/{treasureId}/${end}`, {
        treasureId,
      });
      assert.deepEqual([status, codeOf(body)], [403, 'PERMISSAO_NAO_CONCEDIDA']);
      assert.doesNotMatch(JSON.stringify(body), /palm/);
    }
  });
});

it('given all of these reads, when the log is looked at, then nothing unexpected happened', () => {
  assert.deepEqual(running.logged, []);
});

/** The operations that the catalog has in several versions, each older one with the newest. */
function olderVersions(institution: ExampleInstitution) {
  const operations = customerDataOperations(institution);
  return operations.flatMap((older) => {
    const newer = operations.find(
      ({ key, version }) => key === older.key && compareVersions(version, older.version) > 0,
    );
    return newer ? [{ institution, older, newer }] : [];
  });
}

/** What the institution has recorded of the same things without regard to how recent it is. */
function earlierRecords(
  institution: ExampleInstitution,
  { path }: Operation,
  owner: ExampleOwner,
  ref: string,
): Json[] {
  const all = exampleReads(institution).find(
    (one) =>
      path.startsWith(one.operation.path) &&
      one.ref === ref &&
      one.operation.path !== path &&
      one.owner.document === owner.document &&
      one.operation.answer.countedArray !== undefined,
  );
  assert.ok(all, path);
  return fileOf(all).data;
}

/** A record as of another day. */
function withDates(record: Json, day: string): Json {
  return JSON.parse(JSON.stringify(record).replaceAll(/(?<=")\d{4}-\d{2}-\d{2}(?=["T])/g, day));
}

/** The ids by which what a customer has is read: public ones of resources, and undefined for a list. */
function idsToRead(own: readonly ExampleRead[], { ids }: Share): (string | undefined)[] {
  const [first] = own;
  assert.ok(first);
  if (!first.isOfResource) return own.map(({ ref }) => ref);
  return [...first.types].flatMap((type) => ids.get(type) ?? []);
}

function read(origin: string, operation: Operation, token: string, id = ''): Promise<HeardAnswer> {
  return send(`${origin}${operation.path.replace(/\{[^}]*\}/, id)}${queryOf(operation)}`, token);
}

/** All on one page, and every span of dates as wide as it may be. */
function queryOf(operation: Operation): string {
  const recent = recentDays(operation);
  const now = Date.now();
  const from = recent === undefined ? '2024-01-01' : dayOf(now - (recent - 1) * DAY_MS);
  const to = recent === undefined ? '2026-12-31' : dayOf(now + 300 * DAY_MS);
  const query = new URLSearchParams();
  if (operation.paging) query.set(operation.paging.sizeParameter, '1000');
  for (const { name, in: place } of operation.parameters) {
    if (place !== 'query') continue;
    if (/^from[A-Z]/.test(name)) query.set(name, from);
    if (/^to[A-Z]/.test(name)) query.set(name, to);
  }
  return query.size === 0 ? '' : `?${query}`;
}

function recentDays({ ecosystem, path }: Operation): number | undefined {
  const profile = profiles.find((one) => one.ecosystem === ecosystem);
  return profile && recentDaysOf(profile, path);
}

async function send(url: string, token: string): Promise<HeardAnswer> {
  const id = randomUUID();
  const answer = await connections.fetch(url, {
    method: 'GET',
    headers: { authorization: `Bearer ${token}`, accept: 'application/json', 'x-fapi-interaction-id': id },
    redirect: 'manual',
    signal: AbortSignal.timeout(30_000),
    body: undefined,
  });
  const text = await answer.text();
  assert.equal(answer.headers.get('x-fapi-interaction-id'), id);
  return {
    status: answer.status,
    headers: answer.headers,
    body: text === '' ? undefined : JSON.parse(text),
  };
}

/** Holds an answer to guiche's own contract, and to the regulator's where it is at hand. */
function assertInContract(operation: Operation, body: Json): void {
  const alike = references.filter(
    ({ key, version }) => key === operation.key && version === operation.version,
  );
  for (const one of [operation, ...alike])
    assertFits(`${one.source.file} ${one.key}`, () => one.answer.schema() ?? false, body);
}

/** Where an answer says it is from, and how much there is of it. */
function assertEnvelope(operation: Operation, body: Json, id = ''): void {
  const { links, meta } = body;
  assert.equal(new URL(links.self).pathname, operation.path.replace(/\{[^}]*\}/, id));
  assert.deepEqual([links.prev, links.next], [undefined, undefined], 'all is on one page');
  if (operation.answer.countedArray === undefined || meta.totalRecords === undefined) return;
  const records = recordsIn(operation, body);
  assert.deepEqual([meta.totalRecords, meta.totalPages], [records, Math.min(records, 1)]);
}

function assertError(operation: Operation, status: number, body: Json): void {
  const schema = declaredErrors(operation).get(status);
  if (schema !== undefined)
    assertFits(`${operation.source.file} ${operation.key} ${status}`, () => schema, body);
}

function assertFits(name: string, schemaOf: () => unknown, body: Json): void {
  const validate = validators.get(name) ?? schemaValidator(schemaOf());
  validators.set(name, validate);
  assert.ok(validate(body), `${name}: ${JSON.stringify(validate.errors?.slice(0, 3))}`);
}

function codeOf(body: Json): string {
  return [body.errors].flat()[0].code;
}

function recordsIn({ answer: { countedArray } }: Operation, { data }: Json): number {
  return countedArray ? (takeRecords(data, countedArray.slice(1))?.length ?? 0) : 1;
}

function fileOf({ file }: ExampleRead): Json {
  return JSON.parse(readFileSync(file, 'utf8'));
}

/** The data of answers or files, with every id of a resource made the same, in an order that depends on nothing else. */
function comparable(bodies: readonly Json[], { owner, ids }: Share, idName: string | undefined): Json[] {
  const known = new Set([...[...ids.values()].flat(), ...owner.resources.map(({ ref }) => ref)]);
  const blank = (name: string, value: Json) => (name === idName && known.has(value) ? 'an id' : value);
  return bodies
    .map(({ data }) => JSON.stringify(data, blank))
    .toSorted()
    .map((text) => JSON.parse(text));
}

function isOf(one: ExampleRead, operation: Operation, owner: ExampleOwner): boolean {
  return one.operation === operation && one.owner.document === owner.document;
}

function opens(permission: string, operations: readonly Operation[], profile: ConsentProfile): boolean {
  return operations.some(({ permissions }) =>
    permissions.some((name) => canonicalPermission(profile, name) === permission),
  );
}

function compareVersions(one: string, other: string): number {
  return one.localeCompare(other, 'en', { numeric: true });
}
