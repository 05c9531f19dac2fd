/** How often the regulator asks for the status. */
export const SLOT_SECONDS = 30;
const SLOT_MS = SLOT_SECONDS * 1000;

/** The slot that an instant (milliseconds since the epoch) lies in. */
export function slotAt(at: number): number {
  return Math.floor(at / SLOT_MS);
}

/** The instant at which a slot begins. */
export function slotStart(slot: number): number {
  return slot * SLOT_MS;
}
