import type { Found, Json } from '../connectors/connector.ts';
import { type Answer, answerProblem, type Call } from '../contract/call.ts';
import { note } from '../contract/call-notes.ts';
import { type ComputedPage, composeAnswer, composePage } from '../contract/compose-answer.ts';
import type { Operation } from '../contract/operation.ts';
import type { Clock } from '../kernel/clock.ts';
import { createProblem, type ProblemCode } from '../kernel/problem.ts';
import { type ContractBreach, createAnswerChecks } from './check-answers.ts';
import type { OnCustomerDataEvent } from './customer-data-event.ts';
import { cutPage } from './cut-page.ts';
import { emptyContent, type PlacedRecord } from './enclosed-records.ts';
import type { Target } from './find-target.ts';
import type { Access } from './judge-access.ts';
import type { PagePlan } from './page-plan.ts';
import type { Addressing } from './product-ids.ts';
import { isOwned, publishRecord } from './publish-record.ts';
import type { RecordSelection } from './record-filters.ts';
import { createContentMemory } from './remember-content.ts';
import { FOREIGN, type ScreenedList, screenRecords } from './screen-records.ts';

/** What becomes of an answer in which a record breaks the contract: nothing of it is served, or all but that record. */
export type BreachPolicy = 'block' | 'serve-and-flag';

export interface CustomerDataAnswerSettings {
  readonly policyOf: (operation: Operation) => BreachPolicy;
  /** Origin that links start with. */
  readonly baseUrl: string;
  readonly maxPageSize: number;
  readonly clock: Pick<Clock, 'now'>;
  readonly onEvent: OnCustomerDataEvent;
}

/** One call that may be answered, as far as it has been understood. */
export interface CustomerDataRead {
  readonly call: Call;
  readonly access: Access;
  readonly addressing: Addressing;
  /** The records that it wants; undefined where it wants all. */
  readonly selection: RecordSelection | undefined;
  readonly plan: PagePlan;
}

type OkFound = Extract<Found<Json>, { status: 'ok' }>;

const RETRY_AFTER_SECONDS = '60';
const OWNERLESS: ContractBreach = { pointer: '', reason: 'owner missing' };
const OF_ANOTHER: ContractBreach = { pointer: '', reason: 'data of another customer' };
const UNFIT_LIST: ContractBreach = { pointer: '', reason: 'form of the list' };
const NONE = { records: 0, broken: 0, foreign: 0 };

/** Makes the function that turns what a connector found into an answer of the contract, or says why it is none. */
export function createCustomerDataAnswers(
  settings: CustomerDataAnswerSettings,
): (read: CustomerDataRead, target: Target, found: Found<Json>) => Answer {
  const { clock, policyOf, onEvent } = settings;
  const checkOf = createAnswerChecks();
  const screened = createContentMemory<ScreenedList | undefined>();
  const published = createContentMemory<ReturnType<typeof publishRecord>>();

  function answerList(read: CustomerDataRead, target: Target, content: Json, found: OkFound): Answer {
    const { call, addressing, selection, plan } = read;
    const { operation } = call;
    const list = screened(operation, target, content, () =>
      screenRecords(operation, addressing, target, content, checkOf(operation)),
    );
    if (!list) return block(read, 'breach', UNFIT_LIST);
    const isServed = policyOf(operation) === 'serve-and-flag';
    tell(call, list, isServed);
    if (!isServed && list.broken.records + list.foreign.records > 0) return refuse('DADOS_FORA_DO_CONTRATO');

    const page = cutPage(operation, plan, found, list, selection);
    if ('reason' in page) return block(read, 'breach', page);
    const most = page.total ?? page.records.length;
    if (most < (operation.answer.split()?.minItems ?? 0)) return answerNothing(operation);
    return composeList(read, {
      ...page,
      enclose: (records) => list.enclose(records as readonly PlacedRecord[]),
    });
  }

  function composeList({ call, plan }: CustomerDataRead, page: ComputedPage): Answer {
    return check(call, composePage(call, plan, page, { ...settings, at: clock.now() }));
  }

  function answerRecord({ call, addressing }: CustomerDataRead, target: Target, content: Json): Answer {
    const record = published(call.operation, target, content, () =>
      publishRecord(addressing, target, content),
    );
    if (typeof record === 'symbol') return block({ call }, 'foreign', FOREIGN);
    note(call, { validation: { ...NONE, records: 1 } });
    // What links say of a record without filters follows from the contract.
    const isAlone = Object.keys(call.query).length === 0;
    return check(
      call,
      composeAnswer(call, { record }, { ...settings, at: clock.now() }),
      isAlone ? record : undefined,
    );
  }

  function check(call: Call, made: Answer, source?: Json): Answer {
    if (made.kind !== 'json') return made;
    const breach = checkOf(call.operation).whole(made.body, source);
    return breach ? block({ call }, 'breach', breach) : made;
  }

  function tell(call: Call, { records, broken, foreign }: ScreenedList, isServed: boolean): void {
    const first = broken.first ?? foreign.first;
    note(call, {
      validation: { records, broken: broken.records, foreign: foreign.records, ...first },
    });
    for (const [kind, wrongs] of [
      ['foreign', foreign],
      ['breach', broken],
    ] as const)
      if (wrongs.first)
        onEvent({ kind, ...eventOf(call), records: wrongs.records, isServed, ...wrongs.first });
  }

  /** Nothing of an answer is served that is wrong as a whole. */
  function block(
    { call }: Pick<CustomerDataRead, 'call'>,
    kind: 'breach' | 'foreign',
    wrong: ContractBreach,
  ): Answer {
    onEvent({ kind, ...eventOf(call), records: 1, isServed: false, ...wrong });
    const known = call.notes?.validation ?? NONE;
    const count = kind === 'foreign' ? { foreign: known.foreign + 1 } : { broken: known.broken + 1 };
    note(call, { validation: { ...known, records: Math.max(known.records, 1), ...count, ...wrong } });
    return refuse('DADOS_FORA_DO_CONTRATO');
  }

  return (read, target, found) => {
    const { operation } = read.call;
    const { countedArray } = operation.answer;
    if (found.status === 'refused') return refuse('RESOURCE_FORBIDDEN');
    if (found.status === 'notReady') return answerNotReady();
    if (found.status === 'ok') {
      const doubt = doubtOwner(read, target, found);
      if (doubt === 'not shared') return refuse('RESOURCE_FORBIDDEN');
      if (doubt) return block(read, doubt === OWNERLESS ? 'breach' : 'foreign', doubt);
      return countedArray === undefined
        ? answerRecord(read, target, found.data)
        : answerList(read, target, found.data, found);
    }
    const none = countedArray && found.status === 'empty' ? emptyContent(countedArray.slice(1)) : undefined;
    return none === undefined
      ? answerNothing(operation)
      : answerList(read, target, none, { status: 'ok', data: none, asOf: clock.now() });
  };
}

/** The data is being prepared: the receiver may ask again in a minute. */
export function answerNotReady(): Answer {
  return refuse('DADOS_EM_PREPARACAO', { 'retry-after': RETRY_AFTER_SECONDS });
}

/**
 * What speaks against handing out what was found, by the connector's word on whose it is: that of a resource is the one
 * asked for, or one that is shared where something is known by an id of its own; that of none is the customer's, or the
 * company's.
 */
function doubtOwner(
  { access: { documents }, addressing: { parameters } }: CustomerDataRead,
  { resource, shared }: Target,
  { owner }: OkFound,
): ContractBreach | 'not shared' | undefined {
  if (typeof owner !== 'string') return OWNERLESS;
  if (resource) return owner === resource.ref ? undefined : FOREIGN;
  if (parameters.length === 0) return owner === (documents.cnpj ?? documents.cpf) ? undefined : OF_ANOTHER;
  if (shared.available.has(owner)) return undefined;
  return isOwned(shared, owner) ? 'not shared' : FOREIGN;
}

/** A contract has a 204 for nothing, or else there is nothing at the address. */
function answerNothing({ statuses }: Operation): Answer {
  return statuses.has(204) ? { kind: 'empty' } : refuse('SEM_REGISTROS');
}

function eventOf({ operation, interactionId }: Call) {
  return { operation: operation.key, interactionId };
}

function refuse(code: ProblemCode, headers?: Readonly<Record<string, string>>): Answer {
  return answerProblem(createProblem(code), headers);
}
