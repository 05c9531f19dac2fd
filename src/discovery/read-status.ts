import type { Answer, Call } from '../contract/call.ts';
import type { EcosystemProfile, StatusRule } from '../contract/ecosystem-profile.ts';
import type { Operation } from '../contract/operation.ts';
import { composeDiscovery, type DiscoverySettings } from './compose-discovery.ts';
import type { Health } from './health.ts';
import type { OutageBoard } from './outage-board.ts';
import { pageKey } from './page-key.ts';
import { createRecent } from './recent.ts';
import { computeStatus, type StatusEntry } from './status.ts';

/**
 * How long the state, and each answer made of it, may be given again: together at most a second, far less than the
 * regulator's 30 s between two looks.
 */
const KEEP_MS = 500;

const DEFAULT_RULE: StatusRule = { unavailableWhen: 'everything' };

export interface ReadStatusSettings extends DiscoverySettings {
  readonly profiles: readonly EcosystemProfile[];
  /** Every operation that the institution serves, of all ecosystems. */
  readonly operations: readonly Operation[];
  /** Tells whether there is anything behind an operation now; everything when absent. */
  readonly isOffered?: (operation: Operation) => boolean;
  readonly health: Pick<Health, 'impairments' | 'revision'>;
  readonly board: Pick<OutageBoard, 'running' | 'revision'>;
}

/**
 * Makes the step that answers status: the state of the ecosystem that the called operation belongs to. An answer is
 * given again for up to a second, or until a change of health or of outages is told.
 */
export function readStatus(settings: ReadStatusSettings): (call: Call) => Answer {
  const { profiles, health, board, now, baseUrl, isOffered = () => true } = settings;
  const operations = Map.groupBy(settings.operations, ({ ecosystem }) => ecosystem);
  const revision = () => `${health.revision} ${board.revision}`;
  const entries = createRecent<readonly StatusEntry[]>({ now, keepMs: KEEP_MS, revision });
  const answers = createRecent<Answer>({ now, keepMs: KEEP_MS, revision });

  function entriesOf(ecosystem: string): readonly StatusEntry[] {
    const at = now();
    return computeStatus({
      ecosystem,
      rule: profiles.find((profile) => profile.ecosystem === ecosystem)?.status ?? DEFAULT_RULE,
      operations: operations.get(ecosystem) ?? [],
      isOffered,
      impairments: health.impairments(),
      outages: board.running(at),
      now: at,
      baseUrl,
    });
  }

  return (call) =>
    answers.get(pageKey(call), () => {
      const { ecosystem } = call.operation;
      const list = entries.get(ecosystem, () => entriesOf(ecosystem));
      return composeDiscovery(call, list, settings);
    });
}
