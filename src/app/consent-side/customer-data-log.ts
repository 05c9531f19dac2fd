import { LRUCache } from 'lru-cache';
import type { CustomerDataEvent } from '../../customer-data/customer-data-event.ts';
import type { Clock } from '../../kernel/clock.ts';
import type { SideLog } from './institution-side.ts';

/** The same fault is told again after so long. */
const SILENCE_MS = 60_000;
const MOST_REMEMBERED = 1_000;

/**
 * Creates what logs faults of customer data: where and why, never whose or what. A fault that every request meets is
 * told once a minute.
 */
export function createCustomerDataLog(
  logger: SideLog,
  clock: Pick<Clock, 'now'>,
): (event: CustomerDataEvent) => void {
  const told = new LRUCache<string, number>({ max: MOST_REMEMBERED });
  return (event) => {
    const { operation, kind } = event;
    const place = 'pointer' in event ? `${event.pointer} ${event.reason}` : '';
    const key = `${operation} ${kind} ${place}`;
    if (clock.now() - (told.get(key) ?? Number.NEGATIVE_INFINITY) < SILENCE_MS) return;
    told.set(key, clock.now());
    logger.warn({ customerData: withoutError(event) }, `${operation}: ${WORDS[kind]}`);
  };
}

const WORDS: Readonly<Record<CustomerDataEvent['kind'], string>> = {
  breach: 'records of the institution break the contract',
  foreign: 'the institution gave records of another resource or customer',
  late: 'the institution took too long',
  away: 'the institution could not be asked',
};

/** What a connector throws may repeat what it was asked; its name is all that is told. */
function withoutError(event: CustomerDataEvent): object {
  if (!('error' in event)) return event;
  const { error, ...rest } = event;
  return { ...rest, failure: (error as Error | undefined)?.name ?? 'unknown' };
}
