import type { Capabilities, Connector } from '../../connectors/connector.ts';
import type { Clock } from '../../kernel/clock.ts';

/** Which APIs an institution's systems have data for, as far as they have said. */
export interface Offering {
  /** Never waits: what is not known is offered, for the read itself tells what is wrong with it. */
  isOffered(api: string): boolean;
}

const ASKED_AGAIN_AFTER_MS = 5_000;

/**
 * Asks a connector what it can do, and again every few seconds while somebody wants to know. Systems that cannot say it
 * any more leave what they have said before.
 *
 * @param patienceMs how long the first answer is waited for
 */
export async function createOffering(
  connector: Pick<Connector, 'capabilities'>,
  { clock, patienceMs }: { readonly clock: Pick<Clock, 'now'>; readonly patienceMs: number },
): Promise<Offering> {
  let known: Capabilities | undefined;
  let askedAt = Number.NEGATIVE_INFINITY;
  let isAsking = false;

  async function ask(): Promise<void> {
    isAsking = true;
    askedAt = clock.now();
    try {
      known = await connector.capabilities();
    } catch {
      // They are away, which every read of their data tells.
    } finally {
      isAsking = false;
    }
  }

  await untilDone(ask(), patienceMs);
  return {
    isOffered(api) {
      if (!isAsking && clock.now() - askedAt >= ASKED_AGAIN_AFTER_MS) void ask();
      return known?.apis?.includes(api) ?? true;
    },
  };
}

async function untilDone(work: Promise<void>, ms: number): Promise<void> {
  const { promise: late, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  await Promise.race([work, late]);
  clearTimeout(timer);
}
