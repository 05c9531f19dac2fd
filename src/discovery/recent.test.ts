import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createRecent } from './recent.ts';

function setUp() {
  let now = 0;
  let revision = 'a';
  let made = 0;
  const recent = createRecent<number>({ now: () => now, keepMs: 1000, revision: () => revision });
  const get = (key = 'key') => {
    made += 1;
    return recent.get(key, () => made);
  };
  return {
    get,
    at: (time: number) => {
      now = time;
    },
    revise: (next: string) => {
      revision = next;
    },
  };
}

describe('recent values', () => {
  it('are given again until the time is up', () => {
    const { get, at } = setUp();
    const first = get();
    at(999);
    assert.equal(get(), first);
    at(1000);
    assert.notEqual(get(), first);
  });

  it('are told apart by key', () => {
    const { get } = setUp();
    assert.notEqual(get('one'), get('two'));
  });

  it('are made anew after a change', () => {
    const { get, revise } = setUp();
    const first = get();
    revise('b');
    assert.notEqual(get(), first);
  });

  it('are made anew when the clock was set back', () => {
    const { get, at } = setUp();
    at(5000);
    const first = get();
    at(4000);
    assert.notEqual(get(), first);
  });

  it('are bounded: callers choose the keys', () => {
    const { get } = setUp();
    const first = get('0');
    for (let index = 1; index < 10_000; index += 1) get(String(index));
    assert.equal(get('0'), first);
    assert.notEqual(get('9999'), get('9999'));
    const long = 'x'.repeat(1000);
    assert.notEqual(get(long), get(long));
  });
});
