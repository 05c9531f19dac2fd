import type { ConfigurationFlags } from './read-configuration.ts';
import { withStore } from './with-store.ts';

export interface KeysOptions extends ConfigurationFlags {
  readonly format: 'text' | 'json';
}

/**
 * Seals every key in the database with the newest master key, so that older ones can be thrown away once every node runs
 * without them. Nothing that those keys encrypt is written anew; a running service goes on.
 *
 * @returns the exit status: 0 when it is done, 1 when the database or a master key cannot be used, 2 for a wrong flag
 */
export function rewrapKeys(options: KeysOptions): Promise<0 | 1 | 2> {
  return withStore(options, {
    isSealed: true,
    subject: 'the keys cannot be sealed anew',
    async run(store) {
      const keys = await store.rewrapKeys();
      process.stdout.write(
        options.format === 'json'
          ? `${JSON.stringify({ keys })}\n`
          : `the newest master key seals everything; ${keys} ${keys === 1 ? 'key was' : 'keys were'} sealed anew\n`,
      );
      return 0;
    },
  });
}
