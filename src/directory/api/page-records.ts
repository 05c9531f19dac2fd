import { type Answer, answerProblem, type Call } from '../../contract/call.ts';
import { createProblem } from '../../kernel/problem.ts';
import type { PageQuery, RecordBody } from './directory-store.ts';

const DEFAULT_SIZE = 25;
const LARGEST_SIZE = 1000;
const LAST_PAGE = 1_000_000;
const SORT = /^([A-Za-z][A-Za-z0-9]{0,63})(?:,(asc|desc))?$/i;

/** Which page a call asks for. */
export type AskedPage = Pick<PageQuery, 'sort' | 'offset' | 'limit'>;

/**
 * Reads `page`, `size` and `sort` of a call. Pages count from 0; `sort` is a member and, after a comma, `asc` or `desc`
 * (schema PageableRequest of the directory's contract). What is not that is answered with 400.
 */
export function readAskedPage(call: Call, defaultSize = DEFAULT_SIZE): AskedPage | Answer {
  const page = readNumber(call.query.page, 0);
  const size = readNumber(call.query.size, defaultSize);
  const sort = readSort(call.query.sort);
  if (page === undefined || page > LAST_PAGE) return refuse('page');
  if (size === undefined || size < 1 || size > LARGEST_SIZE) return refuse('size');
  if (sort === undefined) return refuse('sort');
  return { offset: page * size, limit: size, sort };
}

/** The most records that one page may have. */
export const WHOLE_LIST = LARGEST_SIZE;

function readNumber(text: string | undefined, absent: number): number | undefined {
  if (text === undefined || text === '') return absent;
  return /^\d{1,7}$/.test(text) ? Number(text) : undefined;
}

function readSort(text: string | undefined): AskedPage['sort'] | undefined {
  if (text === undefined || text === '') return [];
  const [, name = '', direction = 'asc'] = SORT.exec(text) ?? [];
  if (name === '') return undefined;
  // Members of the contract begin with a capital; its example of a sort does not.
  const member = `${name.charAt(0).toUpperCase()}${name.slice(1)}`;
  return [{ member, descending: direction.toLowerCase() === 'desc' }];
}

function refuse(name: string): Answer {
  return answerProblem(createProblem('PARAMETRO_INVALIDO', { detail: `O parâmetro ${name} é inválido.` }));
}

/** A page as the contract answers it (schema PaginationProperties). */
export function composePage(content: readonly RecordBody[], total: number, asked: AskedPage): RecordBody {
  const { offset, limit } = asked;
  const number = Math.floor(offset / limit);
  const sorted = asked.sort.length > 0;
  const orderBy = asked.sort.map(({ member, descending }) => ({
    property: member,
    direction: descending ? 'DESC' : 'ASC',
    ignoreCase: false,
    ascending: !descending,
  }));
  return {
    content,
    totalSize: total,
    totalPages: Math.ceil(total / limit),
    numberOfElements: content.length,
    size: limit,
    offset,
    pageNumber: number,
    empty: content.length === 0,
    pageable: { number, size: limit, offset, sorted, sort: { sorted, orderBy } },
  };
}
