import { endpointUrl, type Holder } from './holder.ts';
import { inside, type Receiver, type ReceiverParts } from './receiver.ts';

/** What is wrong at a holder, or is not, as its discovery API tells everybody. */
export interface HolderIncident {
  readonly code: HolderStatusCode;
  /** For people, in the holder's words. */
  readonly explanation: string;
  readonly endpoints: readonly string[];
  /** RFC 3339; where the holder knows it. */
  readonly expectedResolutionTime: string | undefined;
}

export type HolderStatusCode = 'OK' | 'PARTIAL_FAILURE' | 'UNAVAILABLE' | 'SCHEDULED_OUTAGE';

/** The state of a holder; not reached when the discovery API gives no sound answer either. */
export type HolderStatus =
  | {
      readonly isReached: true;
      readonly code: HolderStatusCode;
      readonly incidents: readonly HolderIncident[];
    }
  | { readonly isReached: false };

/** From the worst to none. */
const CODES: readonly HolderStatusCode[] = ['UNAVAILABLE', 'SCHEDULED_OUTAGE', 'PARTIAL_FAILURE', 'OK'];
const NOT_REACHED: HolderStatus = { isReached: false };

/**
 * Asks the discovery API of a holder how it is (Open Finance Brasil and Open Insurance Brasil, discovery, `/status`). Needs
 * no consent. Rejects only when the signal is aborted.
 */
export function readHolderStatus(
  receiver: Receiver,
  holder: Holder,
  { signal }: { readonly signal?: AbortSignal } = {},
): Promise<HolderStatus> {
  return askForStatus(receiver[inside], holder, signal);
}

/** The same, with the parts of a receiver. */
export async function askForStatus(
  { fetch }: Pick<ReceiverParts, 'fetch'>,
  holder: Holder,
  signal: AbortSignal | undefined,
): Promise<HolderStatus> {
  const url = endpointUrl(holder, { family: 'discovery', path: '/status' });
  if (!url) return NOT_REACHED;
  const headers = { accept: 'application/json' };
  try {
    const response = await fetch(url.href, {
      method: 'GET',
      body: null,
      headers,
      redirect: 'manual',
      ...(signal && { signal }),
    });
    return response.ok ? readStatus(await response.json()) : NOT_REACHED;
  } catch {
    signal?.throwIfAborted();
    return NOT_REACHED;
  }
}

function readStatus(body: unknown): HolderStatus {
  const { data } = (body ?? {}) as { data?: { status?: unknown } };
  const listed = Array.isArray(data) ? data : data?.status;
  if (!Array.isArray(listed)) return NOT_REACHED;
  const incidents = listed.flatMap(readIncident);
  const code = CODES.find((candidate) => incidents.some((incident) => incident.code === candidate));
  return code === undefined ? NOT_REACHED : { isReached: true, code, incidents };
}

function readIncident(entry: Readonly<Record<string, unknown>> | null): HolderIncident[] {
  const code = CODES.find((candidate) => candidate === entry?.code);
  if (code === undefined) return [];
  const { explanation, unavailableEndpoints, expectedResolutionTime } = entry ?? {};
  return [
    {
      code,
      explanation: typeof explanation === 'string' ? explanation : '',
      endpoints: Array.isArray(unavailableEndpoints) ? unavailableEndpoints.map(String) : [],
      expectedResolutionTime: typeof expectedResolutionTime === 'string' ? expectedResolutionTime : undefined,
    },
  ];
}
