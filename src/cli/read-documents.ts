import type { Readable } from 'node:stream';

/** Documents that a command takes, in the order in which they are read from standard input. */
export const DOCUMENT_NAMES = ['cpf', 'cnpj', 'otherCpf', 'emptyCpf', 'unknownCpf'] as const;
export type DocumentName = (typeof DOCUMENT_NAMES)[number];

/** A document, `-` for a line of standard input, or nothing. */
export type GivenDocuments = { readonly [Name in DocumentName]?: string | undefined };

const FORMS: Readonly<
  Record<DocumentName, { readonly form: RegExp; readonly flag: string; readonly is: string }>
> = {
  cpf: { form: /^\d{11}$/, flag: '--cpf', is: 'a CPF: 11 digits' },
  cnpj: { form: /^[0-9A-Z]{12}\d{2}$/, flag: '--cnpj', is: 'a CNPJ: 14 digits or capital letters' },
  otherCpf: { form: /^\d{11}$/, flag: '--other-cpf', is: 'a CPF: 11 digits' },
  emptyCpf: { form: /^\d{11}$/, flag: '--empty-cpf', is: 'a CPF: 11 digits' },
  unknownCpf: { form: /^\d{11}$/, flag: '--unknown-cpf', is: 'a CPF: 11 digits' },
};

const FROM_INPUT = '-';
const MOST_CHARACTERS = 1000;
const PATIENCE_MS = 60_000;

/**
 * Reads documents, those given as `-` from a stream: one on each line. Points, hyphens and slashes do not count.
 *
 * @returns what is wrong, without the document, when something is
 */
export async function readDocuments(
  given: GivenDocuments,
  input: Readable,
): Promise<GivenDocuments | string> {
  const fromInput = DOCUMENT_NAMES.filter((name) => given[name] === FROM_INPUT);
  const lines = await readLines(input, fromInput.length);
  if (lines === undefined)
    return `standard input has to have a line for each of ${fromInput.map((name) => FORMS[name].flag).join(', ')}`;
  const documents: { [Name in DocumentName]?: string } = {};
  for (const name of DOCUMENT_NAMES) {
    const text = given[name] === FROM_INPUT ? lines[fromInput.indexOf(name)] : given[name];
    if (text === undefined) continue;
    const document = text.trim().replaceAll(/[.\-/]/g, '');
    const { form, flag, is } = FORMS[name];
    if (!form.test(document)) return `${flag} expected ${is}`;
    documents[name] = document;
  }
  return documents;
}

/** So many lines; undefined when there are fewer, when they are too long, or when they do not come. */
async function readLines(input: Readable, count: number): Promise<string[] | undefined> {
  if (count === 0) return [];
  const timer = setTimeout(() => input.destroy(), PATIENCE_MS);
  let text = '';
  try {
    for await (const chunk of input.setEncoding('utf8')) {
      text += chunk;
      if (text.length > MOST_CHARACTERS || text.split('\n').length > count) break;
    }
  } catch {
    return undefined;
  } finally {
    clearTimeout(timer);
  }
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  return text.length > MOST_CHARACTERS || lines.length < count ? undefined : lines.slice(0, count);
}
