import type { Store } from '../store/open-store.ts';

/** Waits for a database that is starting. Rejects with the reason when a person has to change something first. */
export async function untilReady(store: Pick<Store, 'health' | 'onChange'>): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const look = () => {
    const { state, reason } = store.health();
    if (state === 'ready') resolve();
    if (state === 'failed') reject(new Error(reason));
  };
  const forget = store.onChange(look);
  look();
  await promise.finally(forget);
}
