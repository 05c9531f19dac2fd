import { hash } from 'node:crypto';
import type { PageAsked } from '../connectors/connector.ts';
import { type Answer, answerProblem, type Call } from '../contract/call.ts';
import { readPage, type WantedPage } from '../contract/compose-answer.ts';
import type { LinkKeys } from '../contract/paging.ts';
import { carriedQuery, queryNames } from '../contract/public-url.ts';
import { createProblem } from '../kernel/problem.ts';
import type { PageKeys, PageMark } from './page-keys.ts';
import { type Addressing, isListOfResources } from './product-ids.ts';

/** How the page that a call asks for is found. */
export interface PagePlan extends WantedPage {
  /** What the connector is asked for; undefined where it is to answer all there is. */
  readonly asked: PageAsked | undefined;
  /** What the page before left behind, where the call came by its link. */
  readonly mark: Pick<PageMark, 'cursor' | 'anchor'>;
  /** Undefined where the contract has no parameter for them. */
  readonly keysOf: ((next: Pick<PageMark, 'cursor' | 'anchor'>) => LinkKeys) | undefined;
}

/**
 * Makes the function that plans the page of a call, or says why it has none: a page or size that is none, or a key that
 * was not given out for it. A key whose time is over leaves the page to its number.
 */
export function createPagePlans(
  keys: PageKeys,
  maxPageSize: number,
): (call: Call, addressing: Addressing) => PagePlan | Answer {
  function readKey(call: Call, wanted: WantedPage, key: string): Partial<PageMark> | Answer {
    const mark = keys.open(bindingOf(call), key);
    if (mark === 'forged') return refuseKey(wanted);
    if (mark === 'expired') return {};
    const { page, size } = wanted.request;
    const isOfPage = mark.page === page && mark.size === size && mark.selection === selectionOf(call);
    return isOfPage ? mark : {};
  }

  return (call, addressing) => {
    const wanted = readPage(call, maxPageSize);
    if ('kind' in wanted) return wanted;
    const { request, rule } = wanted;
    const name = rule.keyParameter;
    const given = name === undefined ? undefined : call.query[name] || undefined;
    const mark = given === undefined ? {} : readKey(call, wanted, given);
    if ('kind' in mark) return mark;
    const { operation } = call;
    // Of a list of resources guiche picks those that are shared: a page of it would be of all.
    const isAsked =
      operation.paging && operation.answer.countedArray !== undefined && !isListOfResources(addressing);
    const asked = {
      offset: (request.page - rule.firstPage) * request.size,
      size: request.size,
      ...(mark.cursor !== undefined && { cursor: mark.cursor }),
    };
    return {
      ...wanted,
      asked: isAsked ? asked : undefined,
      mark,
      keysOf:
        name === undefined
          ? undefined
          : (next) => linkKeys(call, wanted, next, 'page' in mark ? given : undefined),
    };
  };

  /** One key tells of the next page; to all other pages it is a key that leaves them to their numbers. */
  function linkKeys(
    call: Call,
    { request: { page, size } }: WantedPage,
    next: Pick<PageMark, 'cursor' | 'anchor'>,
    own: string | undefined,
  ): LinkKeys {
    const mark = { ...next, page: page + 1, size, selection: selectionOf(call) };
    const other = keys.seal(bindingOf(call), mark);
    return { self: own ?? other, other };
  }
}

function bindingOf({ operation, caller, path }: Call): string {
  return JSON.stringify([operation.key, caller?.consentId, path]);
}

function selectionOf(call: Call): string {
  const query = carriedQuery(queryNames(call.operation), call);
  return query === '' ? '' : hash('sha256', query, 'base64url').slice(0, 16);
}

function refuseKey({ rule }: WantedPage): Answer {
  return answerProblem(
    createProblem('PARAMETRO_INVALIDO', {
      detail: `O parâmetro ${rule.keyParameter} não foi emitido por esta instituição para esta consulta.`,
    }),
  );
}
