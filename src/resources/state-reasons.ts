/** Why a resource is in its state, by stable code: what `guiche explain` says and `docs/resources.md` is held to. */
export const STATE_REASONS = {
  IN_USE: 'in normal use',
  HIDDEN: 'in use, and for now not seen in the institution’s own channels',
  BLOCKED: 'held for a time, and not seen in the institution’s own channels',
  BLOCKED_BUT_SEEN: 'held for a time, and seen in the institution’s own channels all the same',
  CLOSED_RECENTLY: 'closed, and shared until the time for that is over',
  CLOSED_LONG_AGO: 'closed, and the time for sharing it is over',
  CLOSED_UNSEEN: 'closed, and not seen in the institution’s own channels',
  CLOSED_UNDATED: 'closed, on a day that the institution does not tell',
  BARRED: 'held for good',
  MIGRATED: 'with another institution or customer now',
  GONE: 'picked by the customer, and not known to the institution any more',
  AWAITING_APPROVAL: 'waiting for the word of a further approver',
  NOT_ASKED: 'acquired after the consent, and needs a word that nobody has been asked for',
  REFUSED_BY_APPROVER: 'refused by a further approver',
  OWNER_UNKNOWN: 'the institution does not know the customer, or not as acting for the company; not recorded',
  REFUSED_BY_INSTITUTION: 'the institution hands nothing out; not recorded',
  FINAL: 'was unavailable before, which is final, whatever the institution says now',
  NEVER_PENDING_AGAIN: 'would have to wait for an approval, which only a new resource can',
} as const;

export type StateReason = keyof typeof STATE_REASONS;
