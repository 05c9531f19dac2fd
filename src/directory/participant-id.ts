const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const ID = /^[\w.-]{1,64}$/;

/**
 * The id of an organisation or software as the directory gives it; undefined for what cannot be one. UUIDs are compared
 * without regard to case (RFC 9562 §4), so all of them are written in lower case here.
 */
export function readParticipantId(value: unknown): string | undefined {
  if (typeof value !== 'string' || !ID.test(value)) return undefined;
  return UUID.test(value) ? value.toLowerCase() : value;
}
