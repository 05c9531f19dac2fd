import type { Asking, Connector, Found, Json } from '../connectors/connector.ts';
import type { Consent } from '../consents/consent.ts';
import { note } from '../contract/call-notes.ts';
import type { Operation } from '../contract/operation.ts';
import type { Clock } from '../kernel/clock.ts';
import { createProblem, type Problem } from '../kernel/problem.ts';
import { InstitutionAway } from '../resources/institution-away.ts';
import { OutOfTime, withinBudget } from '../resources/within-budget.ts';
import type { CustomerDataRead } from './create-customer-data-answers.ts';
import type { OnCustomerDataEvent } from './customer-data-event.ts';
import { requestData } from './data-request.ts';
import { createFindTarget, type Target, type TargetSettings } from './find-target.ts';
import type { Snapshots } from './snapshots.ts';

export interface AskInstitutionSettings extends TargetSettings {
  readonly connector: Pick<Connector, 'customer' | 'list' | 'get' | 'children'>;
  /** What the operator calls the connector that serves an operation. */
  readonly connectorNameOf: (operation: Operation) => string;
  /** The institution's name. */
  readonly brand: string;
  /** Milliseconds that the institution's systems have for an operation: its service level less guiche's own share. */
  readonly budgetMsOf: (operation: Operation) => number;
  /** How old an answer may be, in seconds, that is served when they are late or away; 0 for none. */
  readonly snapshotSecondsOf: (operation: Operation) => number;
  readonly snapshots: Snapshots;
  readonly clock: Pick<Clock, 'now'>;
  readonly onEvent: OnCustomerDataEvent;
}

/** What the institution's systems told, now or before, or why they were not asked or did not answer. */
export type Fetched =
  | { readonly target: Target; readonly found: Found<Json>; readonly isSnapshot: boolean }
  | { readonly problem: Problem };

/**
 * Makes the function that asks the institution's systems what a call wants to know. What they do wrong is told as
 * theirs: 504 when late, 503 when away; where the operation's policy has it, what they have told before stands in.
 * Rejects while the database is away.
 */
export function createAskInstitution(
  settings: AskInstitutionSettings,
): (read: CustomerDataRead, consent: Consent) => Promise<Fetched> {
  const { connector, connectorNameOf, clock, snapshots, onEvent } = settings;
  const findTarget = createFindTarget(settings);

  async function fetch(
    read: CustomerDataRead,
    consent: Consent,
    asking: Asking,
    progress: { target?: Target },
  ): Promise<Fetched> {
    const { call, access, addressing, plan, selection } = read;
    const target = await findTarget(call, consent, access, addressing, asking);
    if ('problem' in target) {
      note(call, { resource: target.resource });
      return { problem: target.problem };
    }
    noteTarget(read, target);
    progress.target = target;
    const question = { call, access, addressing, page: plan.asked, implied: selection?.implied ?? {} };
    return { target, found: await requestData(connector, question, target, asking), isSnapshot: false };
  }

  /** What was found before, under what the call may read now, as far as that is known. */
  function recall(read: CustomerDataRead, consent: Consent, target: Target | undefined): Fetched | undefined {
    const maxSeconds = settings.snapshotSecondsOf(read.call.operation);
    const snapshot = maxSeconds > 0 ? snapshots.recall(read, consent, maxSeconds) : undefined;
    return snapshot && { target: target ?? snapshot.target, found: snapshot.found, isSnapshot: true };
  }

  return async (read, consent) => {
    const { call } = read;
    const name = connectorNameOf(call.operation);
    const startedAt = clock.now();
    const budgetMs = settings.budgetMsOf(call.operation);
    const progress: { target?: Target } = {};
    const noteWait = (outcome: string, waitedMs: number, fetched: Fetched | undefined) =>
      note(call, {
        connector: { name, outcome, waitedMs, budgetMs, ...ageOf(fetched) },
      });
    try {
      const fetched = await withinBudget(budgetMs, (signal) =>
        fetch(read, consent, askingOf(read, settings.brand, startedAt + budgetMs, signal), progress),
      );
      if ('found' in fetched) noteWait(fetched.found.status, clock.now() - startedAt, fetched);
      return fetched;
    } catch (error) {
      const isLate = error instanceof OutOfTime;
      if (!isLate && !(error instanceof InstitutionAway)) throw error;
      const kind = isLate ? 'late' : 'away';
      const waitedMs = isLate ? budgetMs : clock.now() - startedAt;
      const before = recall(read, consent, progress.target);
      noteWait(kind, waitedMs, before);
      onEvent({
        kind,
        operation: call.operation.key,
        interactionId: call.interactionId,
        connector: name,
        waitedMs,
        isServed: before !== undefined,
        ...(!isLate && { error: error.cause }),
      });
      return (
        before ?? { problem: createProblem(isLate ? 'INSTITUICAO_NAO_RESPONDEU' : 'SERVICO_INDISPONIVEL') }
      );
    }
  };
}

function askingOf(
  { call, access }: CustomerDataRead,
  brand: string,
  deadline: number,
  signal: AbortSignal,
): Asking {
  const { ecosystem, api, version } = call.operation;
  const { permissions } = access;
  const { interactionId } = call;
  return { brand, ecosystem, api, version, permissions, interactionId, deadline, signal };
}

function ageOf(fetched: Fetched | undefined): { asOf?: number; isSnapshot?: boolean } {
  if (!fetched || 'problem' in fetched || fetched.found.status !== 'ok') return {};
  const { asOf } = fetched.found;
  return fetched.isSnapshot ? { asOf, isSnapshot: true } : { asOf };
}

function noteTarget({ call, access }: CustomerDataRead, { resource, shared }: Target): void {
  if (!call.notes) return;
  if (resource) {
    const { id, type, status, reason } = resource;
    note(call, { resource: { id, type, status, reason } });
  } else if (access.types.size > 0) note(call, { resource: { shared: shared.available.size } });
}
