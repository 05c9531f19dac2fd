import type { Answer, Call } from '../contract/call.ts';
import { formatDateTime } from '../contract/error-shape.ts';
import { pageProblem } from '../contract/page-problem.ts';
import {
  type PageRequest,
  type PagingRule,
  pageLinks,
  REGULATORY_MAX_PAGE_SIZE,
  readPageRequest,
  totalPages,
} from '../contract/paging.ts';
import { projectOnSchema } from '../contract/project-on-schema.ts';
import type { Problem } from '../kernel/problem.ts';
import type { Consent, ConsentExtension } from './consent.ts';
import type { ConsentProfile } from './consent-profile.ts';
import { createSpelling } from './version-spelling.ts';

/** What an answer is composed with, besides its content. */
export interface AnswerContext {
  readonly profile: ConsentProfile;
  /** Origin under which the operation is reached. */
  readonly baseUrl: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/**
 * Answers with one consent in the shape of the operation's own contract: everything that any version knows is put
 * together, and what this one does not declare left out. Its self link is the consent's own URL.
 */
export function composeConsentAnswer(
  call: Call,
  status: number,
  consent: Consent,
  { profile, baseUrl, at }: AnswerContext,
): Answer {
  const spelling = createSpelling(profile, call.operation.version);
  const data = {
    consentId: consent.id,
    creationDateTime: formatDateTime(consent.createdAt),
    status: consent.status,
    statusUpdateDateTime: formatDateTime(consent.statusUpdatedAt),
    permissions: consent.permissions.map(spelling.writePermission),
    expirationDateTime: consent.expiresAt === undefined ? undefined : formatDateTime(consent.expiresAt),
    rejection: consent.rejection && {
      rejectedBy: consent.rejection.rejectedBy,
      reason: {
        code: spelling.writeReason(consent.rejection.code),
        additionalInformation: consent.rejection.additionalInformation,
      },
    },
    journey: consent.isLinked === undefined ? undefined : { isLinked: consent.isLinked },
    ...(consent.details && spelling.writeDetails(consent.details)),
  };
  const links = { self: consentUrl(baseUrl, call, consent.id) };
  return answer(call, status, { data, links, meta: metaOf(1, 1, at) });
}

const ALL_AT_ONCE: PagingRule = Object.freeze({
  pageParameter: 'page',
  sizeParameter: 'page-size',
  firstPage: 1,
  defaultSize: REGULATORY_MAX_PAGE_SIZE,
  minSize: 1,
  maxSize: REGULATORY_MAX_PAGE_SIZE,
});

/** The page of renewals that a request asks for; a problem when it asks for one that cannot be. */
export function readRenewalsPage(call: Call): { readonly page: PageRequest } | { readonly problem: Problem } {
  const rule = call.operation.paging ?? ALL_AT_ONCE;
  const { [rule.pageParameter]: page, [rule.sizeParameter]: size } = call.query;
  const request = readPageRequest(rule, page, size, REGULATORY_MAX_PAGE_SIZE);
  if (typeof request === 'string') return { problem: pageProblem(request, rule, call.operation) };
  return { page: request };
}

/** The half of a store's question that a page stands for. */
export function renewalsRange(call: Call, { page, size }: PageRequest): { offset: number; limit: number } {
  const { firstPage } = call.operation.paging ?? ALL_AT_ONCE;
  return { offset: Math.min((page - firstPage) * size, Number.MAX_SAFE_INTEGER), limit: size };
}

/** Answers with one page of a consent's renewals. */
export function composeRenewalsAnswer(
  call: Call,
  consentId: string,
  page: PageRequest,
  { items, total }: { readonly items: readonly ConsentExtension[]; readonly total: number },
  { baseUrl, at }: AnswerContext,
): Answer {
  const data = items.map((extension) => ({
    expirationDateTime: optionalDateTime(extension.expiresAt),
    loggedUser: extension.loggedUser && { document: extension.loggedUser },
    requestDateTime: formatDateTime(extension.requestedAt),
    previousExpirationDateTime: optionalDateTime(extension.previousExpiresAt),
    xFapiCustomerIpAddress: extension.customerIpAddress || undefined,
    xCustomerUserAgent: extension.customerUserAgent || undefined,
  }));
  const url = `${consentUrl(baseUrl, call, consentId)}/${call.operation.path.split('/').at(-1)}`;
  const links = pageLinks(call.operation.paging ?? ALL_AT_ONCE, page, total, url);
  return answer(call, 200, { data, links, meta: metaOf(total, totalPages(total, page.size), at) });
}

function answer(call: Call, status: number, body: unknown): Answer {
  const schema = call.operation.answer.schema();
  return { kind: 'json', status, body: schema === undefined ? body : projectOnSchema(schema, body) };
}

function metaOf(totalRecords: number, totalPages: number, at: number) {
  return { totalRecords, totalPages, requestDateTime: formatDateTime(at) };
}

/** The consent's own URL below the collection that the operation belongs to; a colon may stand in a path (RFC 3986). */
function consentUrl(baseUrl: string, { operation }: Call, id: string): string {
  const [collection] = operation.path.split('/{');
  return `${baseUrl}${collection}/${encodeURIComponent(id).replaceAll('%3A', ':')}`;
}

function optionalDateTime(at: number | undefined): string | undefined {
  return at === undefined ? undefined : formatDateTime(at);
}
