import type { Asking } from '../connectors/connector.ts';
import { calledConsent } from '../consents/called-consent.ts';
import type { Consent } from '../consents/consent.ts';
import type { ConsentProfile } from '../consents/consent-profile.ts';
import type { Consents } from '../consents/consents.ts';
import { type Answer, answerProblem, type Call, type Step } from '../contract/call.ts';
import { note } from '../contract/call-notes.ts';
import { composeAnswer } from '../contract/compose-answer.ts';
import type { Clock } from '../kernel/clock.ts';
import { createProblem, type ProblemCode } from '../kernel/problem.ts';
import { InstitutionAway } from './institution-away.ts';
import type { Reached, ReachedResource, ReachedResources } from './reached-resources.ts';
import { OutOfTime, withinBudget } from './within-budget.ts';

/** Something that kept the institution's systems from saying what a customer has. */
export interface InstitutionFault {
  /** `late`: they took all the time there was. `away`: they failed. */
  readonly kind: 'late' | 'away';
  /** Key of the operation. */
  readonly operation: string;
  readonly interactionId: string | undefined;
  /** Milliseconds that they were given or took. */
  readonly waitedMs: number;
  /** The connector's own error, which may repeat what it was asked. */
  readonly error?: unknown;
}

export interface ReadResourcesSettings {
  readonly profile: ConsentProfile;
  readonly consents: Pick<Consents, 'find'>;
  readonly reached: ReachedResources;
  /** The institution's name, as its connector is told it. */
  readonly brand: string;
  /** What the institution's connector is called in notes. */
  readonly connectorName: string;
  /** Milliseconds that the institution's systems have: the service level of the API less guiche's own share. */
  readonly budgetMs: number;
  /** Origin that links start with. */
  readonly baseUrl: string;
  readonly maxPageSize: number;
  readonly clock: Pick<Clock, 'now'>;
  readonly onFault: (fault: InstitutionFault) => void;
}

const RETRY_AFTER_SECONDS = '60';

/**
 * Creates the step that answers the Resources API: what the consent of the token reaches, and in which state it is. While
 * the institution is preparing that for the first time the answer is 202 without a body, where the contract has it, and
 * 504 once the time for it is over (Resources API guide: polling).
 */
export function createReadResources(settings: ReadResourcesSettings): Step {
  const { profile, consents, baseUrl, maxPageSize, clock } = settings;
  const listed = new WeakMap<readonly ReachedResource[], readonly object[]>();

  function compose(call: Call, resources: readonly ReachedResource[]): Answer {
    const list = listed.get(resources) ?? resources.filter(({ isPurged }) => !isPurged).map(toRecord);
    listed.set(resources, list);
    return composeAnswer(call, { list }, { baseUrl, maxPageSize, at: clock.now() });
  }

  return async (call: Call): Promise<Answer> => {
    const { consentId } = call.caller ?? {};
    if (consentId === undefined) throw new Error(`${call.operation.key} was served to nobody`);
    const consent = calledConsent(call) ?? (await consents.find(consentId));
    if (consent?.status !== 'AUTHORISED')
      return answerProblem(createProblem('CONSENTIMENTO_NAO_AUTORIZADO'), {
        'www-authenticate': 'Bearer error="invalid_token"',
      });
    const isGranted = consent.permissions.includes(profile.companion);
    note(call, { permission: { asked: [profile.companion], isGranted } });
    if (!isGranted) return refuse('PERMISSAO_NAO_CONCEDIDA');

    const reached = await askInstitution(call, consent, settings);
    if ('kind' in reached) return reached;
    return reached.status === 'ready'
      ? compose(call, reached.resources)
      : answerDelay(call, reached.status === 'preparing');
  };
}

/** Asks for what the consent reaches; what the institution's systems do wrong is told as theirs. */
async function askInstitution(
  call: Call,
  consent: Consent,
  settings: ReadResourcesSettings,
): Promise<Reached | Answer> {
  const { clock, budgetMs } = settings;
  const startedAt = clock.now();
  try {
    const reached = await withinBudget(budgetMs, (signal) =>
      settings.reached.read(consent, askingOf(call, settings, signal)),
    );
    const isReady = reached.status === 'ready';
    noteOutcome(call, settings, isReady ? 'ok' : 'notReady', clock.now() - startedAt);
    if (isReady) note(call, { resource: { shared: countAvailable(reached.resources) } });
    return reached;
  } catch (error) {
    const isLate = error instanceof OutOfTime;
    if (!isLate && !(error instanceof InstitutionAway)) throw error;
    const kind = isLate ? 'late' : 'away';
    const waitedMs = isLate ? budgetMs : clock.now() - startedAt;
    noteOutcome(call, settings, kind, waitedMs);
    const { key: operation } = call.operation;
    const { interactionId } = call;
    settings.onFault({ kind, operation, interactionId, waitedMs, ...(!isLate && { error: error.cause }) });
    return isLate ? refuse('INSTITUICAO_NAO_RESPONDEU') : refuse('SERVICO_INDISPONIVEL', '1');
  }
}

function askingOf(
  { operation, interactionId }: Call,
  { brand, profile, budgetMs, clock }: ReadResourcesSettings,
  signal: AbortSignal,
): Asking {
  return {
    brand,
    ecosystem: operation.ecosystem,
    api: operation.api,
    version: operation.version,
    permissions: [profile.companion],
    interactionId,
    deadline: clock.now() + budgetMs,
    signal,
  };
}

/** A contract without 202 has no word for a list in preparation, and no deadline for it either. */
function answerDelay({ operation }: Call, isInTime: boolean): Answer {
  if (!operation.statuses.has(202)) return refuse('DADOS_EM_PREPARACAO', RETRY_AFTER_SECONDS);
  return isInTime ? { kind: 'empty', status: 202 } : refuse('RETRY_EXCEDIDO');
}

function noteOutcome(
  call: Call,
  { connectorName: name, budgetMs }: ReadResourcesSettings,
  outcome: string,
  waitedMs: number,
): void {
  note(call, { connector: { name, outcome, waitedMs, budgetMs } });
}

function countAvailable(resources: readonly ReachedResource[]): number {
  return resources.filter(({ status }) => status === 'AVAILABLE').length;
}

function toRecord({ id, type, status }: ReachedResource): object {
  return { resourceId: id, type, status };
}

function refuse(code: ProblemCode, retryAfter?: string): Answer {
  return answerProblem(createProblem(code), retryAfter === undefined ? {} : { 'retry-after': retryAfter });
}
