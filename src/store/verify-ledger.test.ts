import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { madeUpConsent, NOON } from '../../test/support/made-up-consent.ts';
import { type SealedStore, type SealedStores, startSealedStores } from '../../test/support/sealed-stores.ts';
import { query } from '../../test/support/temporary-database.ts';
import type { ConsentAct } from '../consents/consent-store.ts';
import type { BrokenLedger, WholeLedger } from './verify-ledger.ts';

const DAY = 86_400_000;
const CREATED: ConsentAct = { event: 'created', actor: 'client:client-1' };
const EXTENDED: ConsentAct = { event: 'extended', actor: 'client:client-1' };
const REJECTED: ConsentAct = { event: 'rejected', actor: 'clock' };
const ERASED: ConsentAct = { event: 'erased', actor: 'institution' };

let stores: SealedStores;
let opened: SealedStore;
/** Undoes all tampering: what was there before it. */
let restore: () => Promise<void>;

/** A ledger of thirteen lines: eight consents, one of which is renewed, ended and erased, and two of which are ended. */
before(async () => {
  stores = await startSealedStores();
  opened = await stores.open();
  const { consents } = opened.store;
  const wanted = Array.from({ length: 8 }, () => madeUpConsent());
  for (const consent of wanted) await consents.create(consent, CREATED);
  const [first, second, third] = wanted as [(typeof wanted)[0], (typeof wanted)[0], (typeof wanted)[0]];
  const extension = {
    requestedAt: NOON,
    expiresAt: NOON + 300 * DAY,
    previousExpiresAt: first.expiresAt,
    loggedUser: first.loggedUser,
    customerIpAddress: '192.0.2.7',
    customerUserAgent: 'Navegador/1.0',
  };
  await consents.change(first.id, 1, { expiresAt: extension.expiresAt, extension }, EXTENDED);
  const rejection = {
    rejectedBy: 'ASPSP',
    code: 'CONSENT_EXPIRED',
    additionalInformation: 'Fim "ação"',
  } as const;
  await consents.change(first.id, 2, { status: 'REJECTED', rejection }, REJECTED);
  await consents.change(second.id, 1, { status: 'REJECTED' }, REJECTED);
  await consents.change(third.id, 1, { status: 'REJECTED' }, REJECTED);
  await consents.erasePerson(first.loggedUser?.identification as string, ERASED);
  restore = await keepTables(opened.url);
});
after(() => stores.close());

const TABLES = ['consents', 'consent_ledger', 'consent_ledger_head', 'consent_extensions'];
const WITHOUT_CHECKS = 'set session_replication_role = replica;';

async function keepTables(url: string): Promise<() => Promise<void>> {
  for (const table of TABLES) await query(url, `create table kept_${table} as select * from ${table}`);
  const statements = TABLES.map(
    (table) => `delete from ${table}; insert into ${table} select * from kept_${table};`,
  );
  return async () => {
    await query(url, WITHOUT_CHECKS + statements.join(''));
  };
}

async function tamper(statements: string): Promise<BrokenLedger | WholeLedger> {
  await opened.sql(WITHOUT_CHECKS + statements);
  try {
    return await opened.store.ledger.verify();
  } finally {
    await restore();
  }
}

function assertBroken(found: BrokenLedger | WholeLedger, reason: string, seq?: number): void {
  assert.ok('broken' in found, 'the ledger is broken');
  assert.equal(found.broken.reason, reason);
  if (seq !== undefined) assert.equal(found.broken.seq, seq);
}

async function hashOf(seq: number): Promise<string> {
  const [line] = await opened.sql(
    `select encode(hash, 'hex') as hash from consent_ledger where seq = ${seq}`,
  );
  assert.ok(line);
  return String(line.hash);
}

/** Puts right every hash from a line on, as who knows how the chain is made would. */
async function rechain(from: number): Promise<void> {
  const lines = await opened.sql(`select * from consent_ledger where seq >= ${from} - 1 order by seq`);
  let previous = lines[0]?.hash as Buffer;
  for (const line of lines.slice(1)) {
    const text = JSON.stringify([
      'guiche ledger',
      line.version,
      Number(line.seq),
      Number(line.at),
      line.consent,
      line.event,
      line.actor,
      line.revision,
      line.body,
      previous.toString('hex'),
    ]);
    const hash = createHash('sha256').update(text).digest();
    const bytes = (value: Buffer) => `'\\x${value.toString('hex')}'`;
    await opened.sql(`update consent_ledger set previous_hash = ${bytes(previous)}, hash = ${bytes(hash)}
      where seq = ${line.seq}; update consent_ledger_head set hash = ${bytes(hash)}`);
    previous = hash;
  }
}

describe('given an untouched ledger', () => {
  it('when it is verified, then it is whole, and its head is the newest line', async () => {
    const found = await opened.store.ledger.verify();
    assert.deepEqual(found, { entries: 13, head: { seq: 13, hash: await hashOf(13) } });
  });

  it('when it is empty, then it is whole', async () => {
    const { store } = await stores.open();
    assert.deepEqual(await store.ledger.verify(), { entries: 0, head: { seq: 0, hash: '0'.repeat(64) } });
  });

  it('when consents are written meanwhile, then it is whole all the same', async () => {
    const { store } = await stores.open();
    const writing = Promise.all(
      Array.from({ length: 300 }, async (_, place) => {
        const consent = madeUpConsent();
        await store.consents.create(consent, CREATED);
        if (place % 2) await store.consents.change(consent.id, 1, { status: 'REJECTED' }, REJECTED);
      }),
    );
    for (let round = 0; round < 5; round += 1) assert.ok('entries' in (await store.ledger.verify()));
    await writing;
    assert.equal(((await store.ledger.verify()) as WholeLedger).entries, 450);
  });

  it('when a line is hashed as it is documented, by other means, then the hash is the one that is kept', async () => {
    const kept = await opened.sql('select seq, hash from consent_ledger order by seq');
    await rechain(2);
    assert.deepEqual(await opened.sql('select seq, hash from consent_ledger order by seq'), kept);
  });
});

describe('given a ledger that was tampered with', () => {
  const changes: Readonly<Record<string, string>> = {
    at: 'at + 1',
    event: `'extended'`,
    actor: `'customer:somebody'`,
    body: `replace(body, 'ACCOUNTS_READ', 'ACCOUNTS_ALL')`,
    version: 'version + 1',
    hash: `sha256('x')`,
  };
  for (const [column, value] of Object.entries(changes))
    it(`when the ${column} of a line is another, then the line is altered`, async () => {
      assertBroken(
        await tamper(`update consent_ledger set ${column} = ${value} where seq = 5`),
        'altered',
        5,
      );
    });

  it('when a line was removed, then it is missing', async () => {
    for (const seq of [1, 7])
      assertBroken(await tamper(`delete from consent_ledger where seq = ${seq}`), 'missing', seq);
  });

  it('when a line was removed and the others moved up, then it shows where they begin', async () => {
    const found = await tamper(
      `delete from consent_ledger where seq = 7; update consent_ledger set seq = seq - 1000 where seq > 7;
      update consent_ledger set seq = seq + 999 where seq < 0;
      update consent_ledger_head set seq = 12`,
    );
    assertBroken(found, 'unlinked', 7);
  });

  it('when two lines have changed places, then it shows at the first', async () => {
    const found = await tamper(
      `update consent_ledger set seq = 100 where seq = 4; update consent_ledger set seq = 4 where seq = 5;
      update consent_ledger set seq = 5 where seq = 100`,
    );
    assertBroken(found, 'unlinked', 4);
  });

  it('when a line was put in, then it shows where it was put', async () => {
    const insert = (seq: string) => `insert into consent_ledger
      select ${seq}, version, at, consent, event, actor, 99, body, previous_hash, hash from consent_ledger where seq = 6`;
    assertBroken(await tamper(insert('14')), 'unlinked', 14);
    for (const seq of ['0', '-5']) assertBroken(await tamper(insert(seq)), 'missing', 1);
  });

  it('when its end was cut off, then it is truncated, whether or not the head was moved', async () => {
    assertBroken(await tamper('delete from consent_ledger where seq > 10'), 'truncated', 11);
    const withHead = await tamper(
      `delete from consent_ledger where seq > 10;
      update consent_ledger_head set seq = 10, hash = (select hash from consent_ledger where seq = 10)`,
    );
    assertBroken(withHead, 'consent altered');
  });

  it('when the head is gone or another, then it is truncated', async () => {
    assertBroken(await tamper('delete from consent_ledger_head'), 'truncated');
    assertBroken(await tamper(`update consent_ledger_head set hash = sha256('x')`), 'truncated');
  });
});

describe('given consents that were tampered with', () => {
  const changes: Readonly<Record<string, string>> = {
    status: `status = 'AUTHORISED'`,
    'end date': 'expires_at = expires_at + 1',
    permissions: `permissions = permissions || array['MORE_READ']`,
    client: `client_id = 'client-2'`,
    person: 'person = gen_random_uuid()',
    revision: 'revision = revision + 1',
    'personal members': `personal = set_byte(personal, 40, get_byte(personal, 40) # 1)`,
    selection: `selection = '\\x00'`,
  };
  for (const [what, change] of Object.entries(changes))
    it(`when the ${what} is another than the ledger says, then the consent is altered`, async () => {
      const found = await tamper(
        `update consents set ${change} where id = (select consent from consent_ledger where seq = 8)`,
      );
      assertBroken(found, 'consent altered', 8);
    });

  it('when one is gone, then the line that made it misses it', async () => {
    const found = await tamper(
      'delete from consents where id = (select consent from consent_ledger where seq = 6)',
    );
    assertBroken(found, 'consent missing', 6);
  });

  it('when one has come from nowhere, then no line tells of it', async () => {
    const found = await tamper(
      `insert into consents select (jsonb_populate_record(consents, '{"id": "urn:made-up:forged"}')).* from consents limit 1`,
    );
    assertBroken(found, 'consent unrecorded');
    assert.equal((found as BrokenLedger).broken.consent, 'urn:made-up:forged');
  });

  it('when a renewal is another, or gone, or made up, then the renewal is altered', async () => {
    assertBroken(
      await tamper('update consent_extensions set expires_at = expires_at + 1'),
      'extension altered',
      9,
    );
    assertBroken(await tamper(`update consent_extensions set personal = '\\x00'`), 'extension altered', 9);
    assertBroken(await tamper('delete from consent_extensions'), 'extension altered', 9);
    const made =
      'insert into consent_extensions select consent, 1, 1, 1, 1, personal from consent_extensions';
    assertBroken(await tamper(made), 'extension altered', 1);
  });
});

describe('given a ledger that was written anew by who knows how', () => {
  it('when an anchor was kept elsewhere, then it is not in the chain any more', async () => {
    const { head } = (await opened.store.ledger.verify()) as WholeLedger;
    const anchor = { seq: 10, hash: await hashOf(10) };
    assert.deepEqual(await opened.store.ledger.verify(anchor), { entries: 13, head });
    try {
      await opened.sql(`${WITHOUT_CHECKS} update consent_ledger set actor = 'customer:nobody' where seq = 4`);
      await rechain(4);
      assert.ok('entries' in (await opened.store.ledger.verify()), 'the chain alone does not show it');
      assertBroken(await opened.store.ledger.verify(anchor), 'anchor lost', 10);
    } finally {
      await restore();
    }
  });

  it('when the anchor is beyond its end, or of another ledger, then it is lost', async () => {
    const { head } = (await opened.store.ledger.verify()) as WholeLedger;
    assertBroken(await opened.store.ledger.verify({ ...head, seq: 99 }), 'anchor lost');
    assertBroken(await opened.store.ledger.verify({ ...head, hash: 'f'.repeat(64) }), 'anchor lost', 13);
    assertBroken(await opened.store.ledger.verify({ seq: 0, hash: head.hash }), 'anchor lost');
  });
});
