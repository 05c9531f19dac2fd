import type { DataConnector, DataRequest, Found, Json } from '../connectors/data-connector.ts';
import type { Consent } from '../consents/consent.ts';
import type { Consents } from '../consents/consents.ts';
import { answerProblem, type Step } from '../contract/call.ts';
import type { Operation } from '../contract/operation.ts';
import { createProblem, type Problem } from '../kernel/problem.ts';
import {
  type CustomerDataAnswerSettings,
  type CustomerDataRead,
  createCustomerDataAnswers,
} from './create-customer-data-answers.ts';
import { findTarget, type Target, type TargetSettings } from './find-target.ts';
import { judgeAccess } from './judge-access.ts';
import { createAddressing } from './product-ids.ts';
import { OutOfTime, withinBudget } from './within-budget.ts';

export interface ReadCustomerDataSettings extends TargetSettings, CustomerDataAnswerSettings {
  /** Every operation of the ecosystem: lists tell what the ids in other paths are. */
  readonly operations: readonly Operation[];
  readonly consents: Pick<Consents, 'find'>;
  readonly connector: DataConnector;
  /** Milliseconds that the institution's systems have for an operation: its service level less guiche's own share. */
  readonly budgetMsOf: (operation: Operation) => number;
}

/**
 * Creates the step that answers every read of customer data, of whatever contract: what the consent of the token opens
 * of the operation, from the institution's systems, with public ids in place of its references, filtered, paged and held
 * to the contract. It runs after the step that checks the token.
 */
export function createReadCustomerData(settings: ReadCustomerDataSettings): Step {
  const addressingOf = createAddressing(settings.operations);
  const answer = createCustomerDataAnswers(settings);

  return async (call) => {
    const { consentId, subject } = call.caller ?? {};
    if (consentId === undefined || subject === undefined)
      throw new Error(`${call.operation.key} was served to nobody`);
    const consent = await settings.consents.find(consentId);
    if (consent?.status !== 'AUTHORISED')
      return answerProblem(createProblem('CONSENTIMENTO_NAO_AUTORIZADO'), {
        'www-authenticate': 'Bearer error="invalid_token"',
      });
    const access = judgeAccess(call.operation, consent, settings.profile);
    if (!access) return answerProblem(createProblem('PERMISSAO_NAO_CONCEDIDA'));
    const read = { call, subject, access, addressing: addressingOf(call.operation) };
    const fetched = await askInstitution(read, consent, settings);
    return 'problem' in fetched
      ? answerProblem(fetched.problem)
      : answer(read, fetched.target, fetched.found);
  };
}

type Fetched = { readonly target: Target; readonly found: Found<Json> } | { readonly problem: Problem };

/** Asks the institution's systems; what they do wrong is told as theirs: 504 when late, 503 when away. */
async function askInstitution(
  read: CustomerDataRead,
  consent: Consent,
  settings: ReadCustomerDataSettings,
): Promise<Fetched> {
  const { call, subject, access, addressing } = read;
  const { connector, clock, budgetMsOf, onEvent } = settings;
  const startedAt = clock.now();
  const budgetMs = budgetMsOf(call.operation);
  try {
    return await withinBudget(budgetMs, async (signal) => {
      const target = await findTarget(call, consent, subject, access, addressing, settings, signal);
      if ('code' in target) return { problem: target };
      const request = requestOf(read, target, startedAt + budgetMs, signal);
      const isList = call.operation.answer.countedArray !== undefined;
      return { target, found: await (isList ? connector.list(request) : connector.get(request)) };
    });
  } catch (error) {
    const isLate = error instanceof OutOfTime;
    onEvent({
      kind: isLate ? 'late' : 'away',
      operation: call.operation.key,
      interactionId: call.interactionId,
      waitedMs: isLate ? budgetMs : clock.now() - startedAt,
      ...(!isLate && { error }),
    });
    return { problem: createProblem(isLate ? 'INSTITUICAO_NAO_RESPONDEU' : 'SERVICO_INDISPONIVEL') };
  }
}

function requestOf(
  { call, access }: CustomerDataRead,
  { refs }: Target,
  deadline: number,
  signal: AbortSignal,
): DataRequest {
  const { operation, query, interactionId } = call;
  const paging = new Set([operation.paging?.pageParameter, operation.paging?.sizeParameter]);
  return {
    ecosystem: operation.ecosystem,
    api: operation.api,
    version: operation.version,
    operationPath: operation.path,
    refs,
    documents: access.documents,
    permissions: access.permissions,
    interactionId,
    deadline,
    signal,
    query: Object.fromEntries(Object.entries(query).filter(([name]) => !paging.has(name))),
  };
}
