/** The codes that say too little by themselves; any other is worded as it stands. */
const PHRASES: ReadonlyMap<string, string> = new Map(
  Object.entries({
    missing: 'none was presented',
    'untrusted-issuer': 'no authority of the directory has issued it',
    'unknown-revocation': 'no current list tells whether it is revoked',
    'wrong-use': 'it is not for clients',
    'no-participant': 'the directory has no such participant',

    'unknown-permission': 'nobody knows the permission of the operation, so it is closed',
    'not-granted': 'it was not granted',
    'no-company': 'the operation is of companies, and the consent names none',
    'person-erased': 'the person of the consent was erased',

    NOT_REACHED: 'the consent does not reach it, or there is none with the id',
    NO_ID: 'the id has no form that the institution could know',
    NONE: 'the consent shares nothing of the kind',
    NO_CUSTOMER: 'the institution does not know the customer',
    NOT_OF_COMPANY: 'the customer does not act for the company any more',
    PREPARING: 'the institution is preparing the list of resources',
    PREPARATION_OVERDUE: 'the institution has been preparing the list of resources for too long',

    HIDDEN: 'in use, and not shown in the channels of the institution',
    BLOCKED: 'blocked for a time',
    BLOCKED_BUT_SEEN: 'blocked for a time, and still shown in the channels of the institution',
    CLOSED_RECENTLY: 'closed so recently that it is still shared',
    CLOSED_LONG_AGO: 'closed so long ago that it is not shared any more',
    CLOSED_UNSEEN: 'closed, and not shown in the channels of the institution',
    CLOSED_UNDATED: 'closed, and the institution does not tell when',
    BARRED: 'blocked for good',
    GONE: 'the institution does not have it any more',
    AWAITING_APPROVAL: 'further approvers have not decided yet',
    NOT_ASKED: 'it came after the consent, and its further approvers have not been asked',
    REFUSED_BY_APPROVER: 'a further approver refused',
    OWNER_UNKNOWN: 'nobody knows whose it is',
    FINAL: 'it was unavailable before, which is final',
    NEVER_PENDING_AGAIN: 'once decided it does not wait for approvers again',
  }),
);

/**
 * Words a reason as a person says it. Reasons are stable codes such as `CLOSED_LONG_AGO` or `not-yet-valid`; what is no
 * such code stays as it is.
 */
export function wordReason(reason: string): string {
  const phrase = PHRASES.get(reason);
  if (phrase !== undefined) return phrase;
  if (/^[A-Z][A-Z0-9]*(_[A-Z0-9]+)*$/.test(reason)) return reason.toLowerCase().replaceAll('_', ' ');
  return /^[a-z]+(-[a-z]+)+$/.test(reason) ? reason.replaceAll('-', ' ') : reason;
}
