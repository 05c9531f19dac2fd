import type { ConfigurationFlags } from './read-configuration.ts';
import { readDocuments } from './read-documents.ts';
import { withStore } from './with-store.ts';

export interface PersonOptions extends ConfigurationFlags {
  /** A CPF, or `-` for a line of standard input. */
  readonly cpf: string;
}

/**
 * Erases a person: their open consents end, and what is personal in all of them cannot be read any more. The ledger still
 * verifies. The document is never repeated.
 *
 * @returns the exit status: 0 when the person was erased, 1 when nothing is known of them or the database cannot be used,
 * 2 for a wrong flag
 */
export async function person(options: PersonOptions): Promise<0 | 1 | 2> {
  const documents = await readDocuments({ cpf: options.cpf }, process.stdin);
  if (typeof documents === 'string') {
    process.stderr.write(`guiche: ${documents}\n`);
    return 2;
  }
  return withStore(options, {
    isSealed: true,
    subject: 'the person cannot be erased',
    async run(store) {
      const { erasePerson } = await import('../app/erase-person.ts');
      const isErased = await erasePerson(store, documents.cpf as string);
      process.stdout.write(isErased ? 'the person has been erased\n' : 'nothing is known of this person\n');
      return isErased ? 0 : 1;
    },
  });
}
