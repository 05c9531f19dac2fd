/** Why a holder refused, whichever way it spells that. */
export type RefusalKind =
  /** Further approvers have not decided yet. */
  | 'pending-authorisation'
  /** The resource is blocked for a time. */
  | 'temporarily-unavailable'
  /** The resource is closed, migrated or blocked for good. */
  | 'unavailable'
  /** The resource is no part of the consent, or there is none like it. */
  | 'forbidden'
  /** 403 for anything else, such as a permission that the consent does not have. */
  | 'not-permitted'
  /** 401: the token does not count, or not any more. */
  | 'unauthorised'
  | 'not-found'
  /** 400, 405, 406, 415 or 422: the request itself. */
  | 'invalid-request'
  /** 429: more requests than this receiver may send. */
  | 'too-many-requests'
  /** 529: more requests than the holder can serve. */
  | 'overloaded'
  /** 504. */
  | 'late'
  /** Any other status of 500 and more. */
  | 'holder-failed'
  | 'other';

/** Why a holder refused. */
export interface RefusalReason {
  readonly kind: RefusalKind;
}

/**
 * Codes of refusals about one resource, without their prefix and in capitals. The second spelling of the second one is
 * in the guidance of accounts; the prefix is found in lower case too.
 */
const RESOURCE_KINDS: Readonly<Record<string, RefusalKind>> = {
  STATUS_RESOURCE_PENDING_AUTHORISATION: 'pending-authorisation',
  STATUS_RESOURCE_PENDING_AUTHORIZATION: 'pending-authorisation',
  STATUS_RESOURCE_TEMPORARILY_UNAVAILABLE: 'temporarily-unavailable',
  STATUS_RESOURCE_TEMPORARY_UNAVAILABLE: 'temporarily-unavailable',
  STATUS_RESOURCE_UNAVAILABLE: 'unavailable',
  RESOURCE_FORBIDDEN: 'forbidden',
};

const STATUS_KINDS: Readonly<Record<number, RefusalKind>> = {
  400: 'invalid-request',
  401: 'unauthorised',
  403: 'not-permitted',
  404: 'not-found',
  405: 'invalid-request',
  406: 'invalid-request',
  415: 'invalid-request',
  422: 'invalid-request',
  429: 'too-many-requests',
  504: 'late',
  529: 'overloaded',
};

/** Reads the reason from status and code (Open Finance Brasil, Resources API guidance: statuses in answers 403). */
export function reasonOf(status: number, code: string | undefined): RefusalReason {
  const spelled = code?.trim().toUpperCase().replaceAll(/[\s-]/g, '_') ?? '';
  if (status === 403 && Object.hasOwn(RESOURCE_KINDS, spelled))
    return { kind: RESOURCE_KINDS[spelled] as RefusalKind };
  return { kind: STATUS_KINDS[status] ?? (status >= 500 ? 'holder-failed' : 'other') };
}
