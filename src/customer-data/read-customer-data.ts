import type { ChangedResource } from '../connectors/connector.ts';
import { calledConsent } from '../consents/called-consent.ts';
import type { ConsentProfile } from '../consents/consent-profile.ts';
import type { Consents } from '../consents/consents.ts';
import { type Answer, answerProblem, type Call, type Step } from '../contract/call.ts';
import { note } from '../contract/call-notes.ts';
import type { Operation } from '../contract/operation.ts';
import { createProblem, type Problem } from '../kernel/problem.ts';
import type { Sealer } from '../kernel/sealer.ts';
import { type AskInstitutionSettings, createAskInstitution } from './ask-institution.ts';
import {
  answerNotReady,
  type CustomerDataAnswerSettings,
  createCustomerDataAnswers,
} from './create-customer-data-answers.ts';
import { type Access, type AccessFault, createJudgeAccess } from './judge-access.ts';
import { createPageKeys } from './page-keys.ts';
import { createPagePlans } from './page-plan.ts';
import { createAddressing } from './product-ids.ts';
import { createRecordFilters, type SpanDays } from './record-filters.ts';
import { createSnapshots } from './snapshots.ts';

export interface ReadCustomerDataSettings
  extends Omit<AskInstitutionSettings, 'snapshots'>,
    CustomerDataAnswerSettings {
  readonly profile: ConsentProfile;
  /** Every operation of the ecosystem: lists tell what the ids in other paths are. */
  readonly operations: readonly Operation[];
  readonly consents: Pick<Consents, 'find'>;
  readonly sealer: Pick<Sealer, 'derive'>;
  /** Bytes that answers may take which are kept for when the institution's systems are late. */
  readonly snapshotBytes: number;
  /**
   * The day, as `2026-01-31`, that a missing end of a span of dates stands for, as contracts of Open Finance have it;
   * undefined leaves spans open.
   */
  readonly todayOf: (at: number) => string | undefined;
  /** The first day that spans of dates of an operation may begin on; undefined where nothing limits them. */
  readonly earliestDayOf: (operation: Operation, at: number) => string | undefined;
}

export interface CustomerDataReader {
  /**
   * The step that answers every read of customer data, of whatever contract: what the consent of the token opens of the
   * operation, from the institution's systems, with public ids in place of its references, filtered, paged and held to
   * the contract. It runs after the step that checks the token.
   */
  readonly step: Step;
  /** Lets go of what is kept of resources that have changed. */
  readonly forget: (changed: readonly ChangedResource[]) => void;
}

/** Creates what reads customer data of one institution. */
export function createReadCustomerData(settings: ReadCustomerDataSettings): CustomerDataReader {
  const { profile, operations, clock, snapshotSecondsOf } = settings;
  const snapshots = createSnapshots({ clock, maxBytes: settings.snapshotBytes });
  const keys = createPageKeys({ sealer: settings.sealer, ecosystem: profile.ecosystem, clock });
  const addressingOf = createAddressing(operations);
  const judgeAccess = createJudgeAccess(profile);
  const planPage = createPagePlans(keys, settings.maxPageSize);
  const selectionOf = createRecordFilters();
  const askInstitution = createAskInstitution({ ...settings, snapshots });
  const answer = createCustomerDataAnswers(settings);

  function daysOf(operation: Operation): SpanDays {
    const at = clock.now();
    return { today: () => settings.todayOf(at), earliest: () => settings.earliestDayOf(operation, at) };
  }

  async function step(call: Call): Promise<Answer> {
    const { operation, caller, query } = call;
    const consent = calledConsent(call) ?? (await settings.consents.find(consentIdOf(call)));
    if (consent?.status !== 'AUTHORISED' || consent.subject !== caller?.subject) return refuseToken();
    const access = judgeAccess(operation, consent);
    noteAccess(call, access);
    if (typeof access === 'string') return answerProblem(createProblem('PERMISSAO_NAO_CONCEDIDA'));
    const addressing = addressingOf(operation);
    const plan = planPage(call, addressing);
    if ('kind' in plan) return plan;
    const selection = selectionOf(operation, query, daysOf(operation));
    if (selection && 'code' in selection) return answerProblem(selection);
    const read = { call, access, addressing, plan, selection };
    const fetched = await askInstitution(read, consent);
    if ('problem' in fetched) return answerFault(fetched.problem);
    const { target, found, isSnapshot } = fetched;
    const answered = answer(read, target, found);
    if (answered.kind === 'json' && found.status === 'ok' && !isSnapshot && snapshotSecondsOf(operation) > 0)
      snapshots.keep(read, consent, { target, found });
    return answered;
  }

  return { step, forget: snapshots.forget };
}

/** Throws where no step has said who calls: nothing is answered to nobody. */
function consentIdOf({ operation, caller }: Call): string {
  if (caller?.consentId === undefined) throw new Error(`${operation.key} was served to nobody`);
  return caller.consentId;
}

function answerFault(problem: Problem): Answer {
  return problem.code === 'DADOS_EM_PREPARACAO' ? answerNotReady() : answerProblem(problem);
}

function refuseToken(): Answer {
  return answerProblem(createProblem('CONSENTIMENTO_NAO_AUTORIZADO'), {
    'www-authenticate': 'Bearer error="invalid_token"',
  });
}

function noteAccess(call: Call, access: Access | AccessFault): void {
  if (!call.notes) return;
  const asked = call.operation.permissions;
  const isGranted = typeof access !== 'string';
  note(call, { permission: { asked, isGranted, ...(!isGranted && { reason: access }) } });
}
