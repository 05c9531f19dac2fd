import type { Clock } from '../../kernel/clock.ts';
import type { Connector } from '../connector.ts';
import { Broken, type ConnectorCase, NotTried } from './connector-case.ts';
import { CONNECTOR_CASES } from './connector-cases.ts';
import type { ConnectorRead } from './connector-read.ts';
import { createTrial, type Trial, type TrialCustomers } from './trial.ts';

export interface ConnectorCasesSettings {
  readonly connector: Connector;
  readonly brand: string;
  readonly ecosystem: string;
  /** Every read of customer data of the ecosystem, of one version each. */
  readonly reads: readonly ConnectorRead[];
  /** Every resource type of the ecosystem. */
  readonly types: readonly string[];
  readonly customers: TrialCustomers;
  readonly clock: Pick<Clock, 'now'>;
  /** How long an ordinary call may take, in milliseconds; 5000 by default. */
  readonly patienceMs?: number;
  /** How long after its deadline or the end of its signal a call may take to settle, in milliseconds; 250 by default. */
  readonly graceMs?: number;
}

/** How one case went. */
export interface CaseResult {
  readonly number: number;
  readonly name: string;
  readonly why: string;
  readonly outcome: 'passed' | 'failed' | 'skipped';
  /** How many things were looked at; 0 unless it passed. */
  readonly looked: number;
  /** Why it failed or was skipped, without documents, references or data. */
  readonly reason?: string;
}

const PATIENCE_MS = 5000;
const GRACE_MS = 250;

/**
 * Tries a connector case by case and tells how each went, in the order of their numbers. It asks of the APIs that the
 * connector claims, and only reads. What a case reads is kept for those after it. The connector is not closed.
 */
export async function* runConnectorCases(settings: ConnectorCasesSettings): AsyncGenerator<CaseResult> {
  const { connector, patienceMs = PATIENCE_MS, graceMs = GRACE_MS } = settings;
  const limits = { patienceMs, graceMs };
  const first = createTrial({ ...settings, ...limits, claimed: undefined });
  const asked = await first.attempt('capabilities', { deadlineMs: patienceMs }, () =>
    connector.capabilities(),
  );
  const claimed = asked.state === 'answered' ? asked.found?.apis : undefined;
  const trial = createTrial({
    ...settings,
    ...limits,
    claimed: Array.isArray(claimed) ? claimed : undefined,
  });
  for (const each of CONNECTOR_CASES) yield await tryCase(each, trial);
}

async function tryCase({ number, name, why, run }: ConnectorCase, trial: Trial): Promise<CaseResult> {
  try {
    return { number, name, why, outcome: 'passed', looked: await run(trial) };
  } catch (error) {
    if (error instanceof Broken)
      return { number, name, why, outcome: 'failed', looked: 0, reason: error.message };
    if (error instanceof NotTried)
      return { number, name, why, outcome: 'skipped', looked: 0, reason: error.message };
    // Whatever a connector answers, the other cases are tried.
    const reason = `an answer cannot be made sense of (${error instanceof Error ? error.name : 'no error'})`;
    return { number, name, why, outcome: 'failed', looked: 0, reason };
  }
}
