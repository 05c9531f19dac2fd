import type { Found } from '../connectors/connector.ts';
import { InstitutionAway } from '../resources/institution-away.ts';

const STATUSES = new Set(['ok', 'empty', 'notReady', 'notFound', 'refused']);

/**
 * What a connector answers. Rejects with {@link InstitutionAway} when the connector fails, and when its answer is none of
 * the port; as the connector does once it has been told to stop.
 */
export async function toldByInstitution<Data>(
  signal: AbortSignal,
  ask: () => Promise<Found<Data>>,
): Promise<Found<Data>> {
  try {
    const found = await ask();
    if (!isAnswer(found)) throw new TypeError('the connector does not answer as its port says');
    return found;
  } catch (error) {
    throw signal.aborted ? error : new InstitutionAway(error);
  }
}

function isAnswer(found: Found<unknown> | undefined): boolean {
  if (!found || !STATUSES.has(found.status)) return false;
  return found.status !== 'ok' || (found.data !== undefined && Number.isFinite(found.asOf));
}
