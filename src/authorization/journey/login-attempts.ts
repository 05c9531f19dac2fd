import { createHash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { Clock } from '../../kernel/clock.ts';

/** Keeps people from guessing passwords. */
export interface LoginAttempts {
  /** Counts an attempt before it is made. False when too many have been made: this one must not be. */
  take(login: string, address: string): boolean | Promise<boolean>;
  /** Takes back the count of an attempt that was right. */
  giveBack(login: string, address: string): void | Promise<void>;
}

export interface LoginAttemptLimits {
  readonly perLogin: number;
  readonly perAddress: number;
  readonly windowMs: number;
}

const LIMITS: LoginAttemptLimits = { perLogin: 8, perAddress: 40, windowMs: 15 * 60_000 };
/** Logins and addresses that are remembered at once; the ones seen longest ago are forgotten first. */
const MOST_REMEMBERED = 50_000;

interface Window {
  readonly endsAt: number;
  count: number;
}

/** Creates a limit of wrong passwords by login and by address, kept by this process. Logins are remembered as hashes. */
export function createLoginAttempts(
  clock: Pick<Clock, 'now'>,
  { perLogin, perAddress, windowMs }: LoginAttemptLimits = LIMITS,
): LoginAttempts {
  const logins = new LRUCache<string, Window>({ max: MOST_REMEMBERED });
  const addresses = new LRUCache<string, Window>({ max: MOST_REMEMBERED });

  function windowOf(windows: LRUCache<string, Window>, key: string): Window {
    const known = windows.get(key);
    if (known && clock.now() < known.endsAt) return known;
    const window = { endsAt: clock.now() + windowMs, count: 0 };
    windows.set(key, window);
    return window;
  }

  return {
    take(login, address) {
      const byLogin = windowOf(logins, hash(login));
      const byAddress = windowOf(addresses, address);
      if (byLogin.count >= perLogin || byAddress.count >= perAddress) return false;
      byLogin.count += 1;
      byAddress.count += 1;
      return true;
    },
    giveBack(login, address) {
      for (const window of [windowOf(logins, hash(login)), windowOf(addresses, address)])
        window.count = Math.max(0, window.count - 1);
    },
  };
}

function hash(login: string): string {
  return createHash('sha256').update(login.trim().toLowerCase()).digest('base64url');
}
