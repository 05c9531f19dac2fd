import type { CustomerDocuments } from '../customer.ts';

interface Sign {
  readonly what: string;
  readonly pattern: RegExp;
}

/** Roots under which machines keep programs and data: a path of an API starts with none of them. */
const ROOTS = 'app|data|etc|home|mnt|opt|root|srv|tmp|Users|usr|var|work';
/** Last labels of names that machines have, inside and outside an institution's network. */
const DOMAINS =
  'br|cloud|com|corp|dev|example|gov|home|internal|intra|intranet|invalid|io|lan|local|localhost|net|org|svc|test';

const SIGNS: readonly Sign[] = [
  { what: 'a URL', pattern: /\b[a-z][a-z0-9+.-]{0,30}:\/\//i },
  { what: 'a line of a stack', pattern: /(?:^|\n)\s{0,20}at .{1,300}:\d+:\d+|\.[cm]?[jt]s:\d+/ },
  { what: 'the path of a file', pattern: new RegExp(`(?:^|[\\s('"=:])/(?:${ROOTS})/|node_modules/`) },
  { what: 'the path of a file', pattern: /\b[A-Z]:\\\w|(?:^|[\s('"=:])\\\\\w+\\/ },
  { what: 'an address', pattern: /\b\d{1,3}(?:\.\d{1,3}){3}\b|\b[0-9a-f]{1,4}(?::[0-9a-f]{0,4}){3,7}\b/i },
  { what: 'an address', pattern: /\b[a-z][a-z0-9-]{0,62}(?:\.[a-z0-9-]{1,63}){0,10}:\d{2,5}\b/i },
  {
    what: 'the name of a host',
    pattern: /\b(?:ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|EHOSTUNREACH)\s+\S/,
  },
  {
    what: 'the name of a host',
    pattern: new RegExp(`\\b[a-z0-9-]{1,63}(?:\\.[a-z0-9-]{1,63}){0,10}\\.(?:${DOMAINS})\\b`, 'i'),
  },
  {
    what: 'SQL',
    pattern:
      /\bselect\b[^.]{1,300}\bfrom\b|\binsert\s+into\b|\bupdate\s+\S{1,200}\s+set\b|\bdelete\s+from\b/i,
  },
  {
    what: 'words of a database',
    pattern:
      /\b(?:relation|column|function) \S{1,200} does not exist|syntax error at or near|violates .{1,200} constraint/i,
  },
];

/** Longer ones are of no use to anybody who reads a log. */
const LONGEST = 20_000;
const MOST_CAUSES = 8;

/**
 * What a message tells that only the institution should know: documents of the customers, hosts, paths, SQL.
 *
 * @returns the kind of thing, undefined when there is nothing
 */
export function findInternals(text: string, customers: readonly CustomerDocuments[]): string | undefined {
  const message = text.slice(0, LONGEST);
  const plain = message.replaceAll(/[.\-/\s]/g, '');
  const documents = customers.flatMap(({ cpf, cnpj }) => (cnpj === undefined ? [cpf] : [cpf, cnpj]));
  if (documents.some((document) => plain.includes(document))) return 'the document of a customer';
  return SIGNS.find(({ pattern }) => pattern.test(message))?.what;
}

/** Every message of an error: its own, and those of what caused it. */
export function messagesOf(error: unknown): string[] {
  const messages: string[] = [];
  const open: unknown[] = [error];
  while (open.length > 0 && messages.length < MOST_CAUSES) {
    const next = open.shift();
    if (!(next instanceof Error)) {
      if (next !== undefined) messages.push(String(next));
      continue;
    }
    messages.push(next.message);
    if (next.cause !== undefined) open.push(next.cause);
    if (next instanceof AggregateError) open.push(...next.errors.slice(0, MOST_CAUSES));
  }
  return messages;
}
