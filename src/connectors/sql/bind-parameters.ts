/** A statement whose named parameters have become numbered ones. */
export interface BoundStatement {
  /** With `$1`, `$2` … in place of `:name`. */
  readonly text: string;
  /** What `$1`, `$2` … stand for, each name once. */
  readonly parameters: readonly string[];
}

/** Why a statement cannot be bound, and at which offset of its text. */
export interface BindingFault {
  readonly offset: number;
  readonly message: string;
}

const NAME = /[A-Za-z_][A-Za-z0-9_]*/y;
const DOLLAR_QUOTE = /\$(?:[A-Za-z_\u0080-\uffff][A-Za-z0-9_\u0080-\uffff]*)?\$/y;
const WORD = /[A-Za-z0-9_$\u0080-\uffff]/;

/**
 * Turns the `:name` parameters of one PostgreSQL query into numbered ones, so that their values are only ever bound and
 * never become part of the text. Strings, quoted names, dollar quotes and comments are left as they are, and so are casts
 * (`::date`). Faults: several statements, parameters that are numbered already, and a quote or comment that never ends.
 */
export function bindParameters(statement: string): BoundStatement | BindingFault {
  const parameters: string[] = [];
  let text = '';
  let at = 0;

  function keep(end: number): void {
    text += statement.slice(at, end);
    at = end;
  }

  while (at < statement.length) {
    const opaque = endOfOpaque(statement, at);
    if (opaque === -1) return { offset: at, message: 'a quote or comment opens here and never closes' };
    if (opaque !== undefined) {
      keep(opaque);
      continue;
    }
    const char = statement[at];
    if (char === ';' && statement.slice(at + 1).trim() !== '')
      return { offset: at, message: 'only one query may stand here' };
    if (char === ';') return { text: text.trimEnd(), parameters };
    if (char === '$' && !WORD.test(statement[at - 1] ?? ' '))
      return { offset: at, message: 'parameters have names, such as :owner' };
    if (char === ':' && statement[at + 1] === ':') {
      keep(at + 2);
      continue;
    }
    const name = char === ':' ? matchAt(NAME, statement, at + 1) : undefined;
    if (name === undefined) {
      keep(at + 1);
      continue;
    }
    if (!parameters.includes(name)) parameters.push(name);
    text += `$${parameters.indexOf(name) + 1}`;
    at += name.length + 1;
  }
  return { text: text.trimEnd(), parameters };
}

/** Where the string, quoted name or comment ends that begins here; -1 when it never does, undefined when none begins. */
function endOfOpaque(statement: string, at: number): number | undefined {
  const pair = statement.slice(at, at + 2);
  if (pair === '--') return endAfter(statement, '\n', at) ?? statement.length;
  if (pair === '/*') return endOfComment(statement, at);
  if (statement[at] === '"') return endAfter(statement, '"', at + 1) ?? -1;
  if (statement[at] === "'") return endOfString(statement, at);
  const isWithinWord = WORD.test(statement[at - 1] ?? ' ');
  const tag = isWithinWord ? undefined : matchAt(DOLLAR_QUOTE, statement, at);
  return tag === undefined ? undefined : (endAfter(statement, tag, at + tag.length) ?? -1);
}

/** Comments may hold comments. */
function endOfComment(statement: string, opened: number): number {
  let depth = 0;
  for (let at = opened; at < statement.length; at += 1) {
    const pair = statement.slice(at, at + 2);
    if (pair !== '/*' && pair !== '*/') continue;
    depth += pair === '/*' ? 1 : -1;
    at += 1;
    if (depth === 0) return at + 1;
  }
  return -1;
}

/** A doubled quote closes one string and opens the next, which comes to the same. */
function endOfString(statement: string, opened: number): number {
  const before = statement.slice(Math.max(0, opened - 2), opened);
  const hasEscapes = /(?:^|[^A-Za-z0-9_$\u0080-\uffff])[eE]$/.test(before);
  for (let at = opened + 1; at < statement.length; at += 1) {
    if (hasEscapes && statement[at] === '\\') at += 1;
    else if (hasEscapes && statement.startsWith("''", at)) at += 1;
    else if (statement[at] === "'") return at + 1;
  }
  return -1;
}

function endAfter(statement: string, mark: string, from: number): number | undefined {
  const found = statement.indexOf(mark, from);
  return found === -1 ? undefined : found + mark.length;
}

function matchAt(pattern: RegExp, statement: string, at: number): string | undefined {
  pattern.lastIndex = at;
  return pattern.exec(statement)?.[0];
}
