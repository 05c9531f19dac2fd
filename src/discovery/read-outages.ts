import type { Answer, Call } from '../contract/call.ts';
import { formatDateTime } from '../contract/error-shape.ts';
import type { Operation } from '../contract/operation.ts';
import { composeDiscovery, type DiscoverySettings } from './compose-discovery.ts';
import { endpointUrl } from './endpoint-url.ts';
import { type Outage, outagePhase } from './outage.ts';
import type { OutageBoard } from './outage-board.ts';
import { outageConcerns } from './outage-concerns.ts';
import { pageKey } from './page-key.ts';
import { createRecent } from './recent.ts';

const KEEP_MS = 1000;
/** How long after its end an outage is still published. */
const PAST_MS = 30 * 86_400_000;

/** What comes first interests most: what is going on, what is coming, what was. */
const PHASE_ORDER = ['running', 'scheduled', 'past'] as const;

export interface ReadOutagesSettings extends DiscoverySettings {
  /** Every operation that the institution serves, of all ecosystems. */
  readonly operations: readonly Operation[];
  readonly board: Pick<OutageBoard, 'list' | 'revision'>;
}

/**
 * Makes the step that answers outages: those of the ecosystem that the called operation belongs to, the running ones
 * first, then the scheduled ones, soonest first, then those of the last 30 days, latest first. Cancelled ones are gone.
 */
export function readOutages(settings: ReadOutagesSettings): (call: Call) => Answer {
  const { board, now, baseUrl } = settings;
  const keys = new Map(
    [...Map.groupBy(settings.operations, ({ ecosystem }) => ecosystem)].map(([ecosystem, operations]) => [
      ecosystem,
      new Set(operations.map(({ key }) => key)),
    ]),
  );
  const answers = createRecent<Answer>({ now, keepMs: KEEP_MS, revision: () => String(board.revision) });

  function recordsOf(ecosystem: string): unknown[] {
    const at = now();
    const known = keys.get(ecosystem) ?? new Set();
    const phases = Map.groupBy(
      board.list().filter((outage) => outageConcerns(outage, ecosystem, known)),
      (outage) => outagePhase(outage, at),
    );
    const past = (phases.get('past') ?? []).filter((outage) => endOf(outage) > at - PAST_MS);
    phases.set(
      'past',
      past.sort((a, b) => b.startsAt - a.startsAt),
    );
    return PHASE_ORDER.flatMap((phase) => phases.get(phase) ?? []).map((outage) => record(outage, baseUrl));
  }

  return (call) =>
    answers.get(pageKey(call), () => composeDiscovery(call, recordsOf(call.operation.ecosystem), settings));
}

function endOf({ startsAt, durationMs }: Outage): number {
  return startsAt + durationMs;
}

/** One outage with every member that some version of the answer declares. */
function record(outage: Outage, baseUrl: string): unknown {
  return {
    outageTime: formatDateTime(outage.startsAt),
    duration: outage.duration,
    isPartial: outage.isPartial,
    explanation: outage.explanation,
    unavailableEndpoints: [...new Set(outage.endpoints.map((key) => endpointUrl(baseUrl, key)))].sort(),
  };
}
