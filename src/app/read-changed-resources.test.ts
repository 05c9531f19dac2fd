import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readNotice, toNotices } from './change-notice.ts';
import { readChangedResources } from './read-changed-resources.ts';

const ONE = { type: 'ACCOUNT', ref: 'a-1' };

describe('given what the institution says has changed', () => {
  it('when it is sound, then it is read, without what else is in it', () => {
    assert.deepEqual(readChangedResources({ resources: [{ ...ONE, holder: 'Ana' }] }), { resources: [ONE] });
  });

  it('when it is not, then each fault is told by its place, and nothing is repeated', () => {
    const wrong = [
      undefined,
      null,
      [],
      {},
      { resources: {} },
      { resources: [] },
      { resources: Array.from({ length: 1_001 }, () => ONE) },
    ];
    for (const body of wrong)
      assert.deepEqual(readChangedResources(body), {
        faults: ['resources must be a list of 1 to 1000 things'],
      });
    const found = readChangedResources({ resources: [ONE, { type: 'account', ref: 'conta\u00e9' }, null] });
    assert.ok('faults' in found);
    assert.deepEqual(
      found.faults.map((fault) => fault.split(' ')[0]),
      ['resources[1].type', 'resources[1].ref', 'resources[2].type', 'resources[2].ref'],
    );
    assert.doesNotMatch(found.faults.join(), /conta/);
  });
});

describe('given a notice for the other nodes', () => {
  it('when it is long, then it is several, each of which the database takes, and all together are the whole', () => {
    const resources = Array.from({ length: 1_000 }, (_, index) => ({
      type: 'T'.repeat(80),
      ref: String(index).padEnd(256, '"'),
    }));
    const texts = toNotices({ connector: 'core', resources });
    assert.ok(texts.every((text) => Buffer.byteLength(text) <= 7_000));
    const read = texts.map((text) => readNotice(text));
    assert.ok(read.every((notice) => notice?.connector === 'core'));
    assert.deepEqual(
      read.flatMap((notice) => notice?.resources ?? []),
      resources,
    );
  });

  it('when something else is told, then it is none', () => {
    for (const text of ['', 'x', '{}', '[]', 'null', '{"kind":"other","connector":"a","resources":[]}'])
      assert.equal(readNotice(text), undefined);
  });
});
