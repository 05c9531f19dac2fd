import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createVirtualClock } from '../../kernel/clock.ts';
import { createLoginAttempts } from './login-attempts.ts';

const LIMITS = { perLogin: 3, perAddress: 5, windowMs: 60_000 };

describe('given three attempts by login and five by address in a minute', () => {
  it('when a login is tried a fourth time, then it may not, from wherever', () => {
    const attempts = createLoginAttempts(createVirtualClock(0), LIMITS);
    for (const address of ['a', 'b', 'c']) assert.equal(attempts.take('ana', address), true);
    assert.equal(attempts.take('ana', 'd'), false);
    assert.equal(attempts.take(' ANA ', 'e'), false, 'the same login, written otherwise');
    assert.equal(attempts.take('bia', 'd'), true);
  });

  it('when an address tries many logins, then it may not go on', () => {
    const attempts = createLoginAttempts(createVirtualClock(0), LIMITS);
    for (const login of ['1', '2', '3', '4', '5']) assert.equal(attempts.take(login, 'a'), true);
    assert.equal(attempts.take('6', 'a'), false);
    assert.equal(attempts.take('6', 'b'), true);
  });

  it('when the minute is over, then it may again, and not before', async () => {
    const clock = createVirtualClock(0);
    const attempts = createLoginAttempts(clock, LIMITS);
    for (let count = 0; count < 3; count += 1) attempts.take('ana', 'a');
    await clock.advance(59_999);
    assert.equal(attempts.take('ana', 'a'), false);
    await clock.advance(1);
    assert.equal(attempts.take('ana', 'a'), true);
  });

  it('when attempts are right, then they do not count', () => {
    const attempts = createLoginAttempts(createVirtualClock(0), LIMITS);
    for (let count = 0; count < 20; count += 1) {
      assert.equal(attempts.take('ana', 'a'), true);
      attempts.giveBack('ana', 'a');
    }
  });
});
