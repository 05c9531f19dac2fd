import type { DirectoryRecord, RecordBody } from './directory-store.ts';

/** What becomes of an envelope at the signing service. `template` is the one status of the contract that none takes on. */
export const ENVELOPE_STATUSES = [
  'created',
  'processing',
  'sent',
  'delivered',
  'signed',
  'completed',
  'declined',
  'voided',
  'deleted',
  'expired',
] as const;
export type EnvelopeStatus = (typeof ENVELOPE_STATUSES)[number];

/** Which status may follow which. The order is that of the signing service; what ended stays ended. */
const NEXT: Readonly<Record<EnvelopeStatus, readonly EnvelopeStatus[]>> = {
  created: ['processing', 'sent', 'voided', 'deleted', 'expired'],
  processing: ['sent', 'voided', 'deleted', 'expired'],
  sent: ['delivered', 'declined', 'voided', 'deleted', 'expired'],
  delivered: ['signed', 'completed', 'declined', 'voided', 'expired'],
  signed: ['completed', 'declined', 'voided', 'expired'],
  completed: [],
  declined: [],
  voided: [],
  deleted: [],
  expired: [],
};

/** Whether an envelope may go from one status to another; to the one it has it always may. */
export function mayFollow(current: EnvelopeStatus, next: string): next is EnvelopeStatus {
  return next === current || NEXT[current].some((status) => status === next);
}

/** Whether an envelope stands in the way of another for the same terms: it is under way, or has been completed. */
export function holdsTerms(status: EnvelopeStatus): boolean {
  return status === 'completed' || NEXT[status].length > 0;
}

/**
 * What an organisation has to do with terms and conditions, as its record is shown with.
 *
 * @param terms all terms of the directory
 * @param signatures those of the organisation
 * @param mustSign whether the organisation has to sign at all
 */
export function composeTermsState(
  terms: readonly DirectoryRecord[],
  signatures: readonly DirectoryRecord[],
  mustSign: boolean,
): RecordBody {
  const inForce = terms.filter(({ body }) => body.Type === 'Participant' && body.Status === 'Active');
  const completed = signatures.filter(({ body }) => body.EnvelopeStatus === 'completed');
  const isSigned = (item: DirectoryRecord) =>
    completed.some(({ body }) => body.TnCId === item.body.TnCId && body.TermsRevision === item.revision);
  const wasSigned = (item: DirectoryRecord) => completed.some(({ body }) => body.TnCId === item.body.TnCId);
  const open = inForce.filter((item) => !isSigned(item));
  return {
    TnCSigned: inForce.length > 0 && open.length === 0,
    TnCUpdated: open.some(wasSigned),
    TnCsToBeSigned: mustSign ? open.map(({ body }) => body) : [],
  };
}
