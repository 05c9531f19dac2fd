const MOST_PARTICIPANTS = 100_000;

/** An organisation as the list of participants has it: checked to have an id, and no further. */
export type Participant = Readonly<Record<string, unknown>> & { readonly OrganisationId: string };

/** The organisations of a list of participants. Throws for what is no list of objects that name an organisation. */
export function readParticipants(body: Buffer): readonly Participant[] {
  const list: unknown = JSON.parse(body.toString('utf8'));
  if (!Array.isArray(list) || list.length > MOST_PARTICIPANTS || !list.every(isParticipant))
    throw new Error('the answer is not a list of participants');
  return list;
}

function isParticipant(entry: unknown): entry is Participant {
  return (
    typeof entry === 'object' &&
    entry !== null &&
    typeof (entry as { OrganisationId?: unknown }).OrganisationId === 'string'
  );
}
