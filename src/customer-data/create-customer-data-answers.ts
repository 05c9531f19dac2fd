import type { Found, Json } from '../connectors/data-connector.ts';
import { type Answer, answerProblem, type Call } from '../contract/call.ts';
import { type Computed, composeAnswer } from '../contract/compose-answer.ts';
import type { Operation } from '../contract/operation.ts';
import type { Clock } from '../kernel/clock.ts';
import { createProblem, type Problem, type ProblemCode } from '../kernel/problem.ts';
import { type ContractBreach, createAnswerChecks } from './check-answers.ts';
import type { CustomerDataEvent, OnCustomerDataEvent } from './customer-data-event.ts';
import { emptyContent, isRecord, type PlacedRecord, putRecords, takeRecords } from './enclosed-records.ts';
import type { Target, TargetSettings } from './find-target.ts';
import type { Access } from './judge-access.ts';
import type { Addressing } from './product-ids.ts';
import { createRecordFilters } from './record-filters.ts';

/** What becomes of an answer in which a record breaks the contract: nothing of it is served, or all but that record. */
export type BreachPolicy = 'block' | 'serve-and-flag';

export interface CustomerDataAnswerSettings extends Pick<TargetSettings, 'publicIdOf'> {
  readonly policyOf: (operation: Operation) => BreachPolicy;
  /**
   * The day, as `2026-01-31`, that a missing end of a span of dates stands for, as contracts of Open Finance have it;
   * undefined leaves spans open.
   */
  readonly todayOf: (at: number) => string | undefined;
  /** Origin that links start with. */
  readonly baseUrl: string;
  readonly maxPageSize: number;
  readonly clock: Pick<Clock, 'now'>;
  readonly onEvent: OnCustomerDataEvent;
}

/** One call that may be answered, as far as it has been understood. */
export interface CustomerDataRead {
  readonly call: Call;
  /** The customer, by the stable public id that is the token's `sub`. */
  readonly subject: string;
  readonly access: Access;
  readonly addressing: Addressing;
}

const RETRY_AFTER_SECONDS = '60';
/** A record of a resource that the consent does not share. */
const NOT_SHARED = Symbol('not shared');
/** A record of another resource than the one that was asked for. */
const NOT_OURS = Symbol('of another resource');
/** A record of a list of resources that does not say which it is of. */
const NAMELESS = Symbol('of no resource');
const FOREIGN: ContractBreach = { pointer: '', reason: 'id of another resource' };

/** Makes the function that turns what a connector found into an answer of the contract, or says why it is none. */
export function createCustomerDataAnswers(
  settings: CustomerDataAnswerSettings,
): (read: CustomerDataRead, target: Target, found: Found<Json>) => Answer {
  const { clock, todayOf, policyOf, onEvent } = settings;
  const checkOf = createAnswerChecks();
  const filtersOf = createRecordFilters();

  function answerList(read: CustomerDataRead, target: Target, content: Json): Answer {
    const { operation, query } = read.call;
    const path = (operation.answer.countedArray ?? []).slice(1);
    const isWanted = filtersOf(operation, query, todayOf(clock.now()));
    if (typeof isWanted === 'object') return refuse(isWanted);
    const records = takeRecords(content, path);
    if (!records) return block(read, 'breach', { pointer: '', reason: 'form of the list' });

    const good = screen(read, target, records);
    if ('kind' in good) return good;
    const list = isWanted ? good.filter(({ record }) => isWanted(record)) : good;
    if (list.length < (operation.answer.split()?.minItems ?? 0)) return answerNothing(read.call);
    return compose(read, {
      list,
      enclose: (page) => putRecords(content, path, page as readonly PlacedRecord[]),
    });
  }

  /** The records that may be answered, with public ids; those that break the contract are left out or stop the answer. */
  function screen(
    read: CustomerDataRead,
    target: Target,
    records: readonly Json[],
  ): readonly PlacedRecord[] | Answer {
    const { operation } = read.call;
    const check = checkOf(operation);
    const good: PlacedRecord[] = [];
    const breaches: ContractBreach[] = [];
    const foreign: ContractBreach[] = [];
    for (const [at, found] of records.entries()) {
      const record = publish(read, target, found);
      if (record === NOT_SHARED) continue;
      if (record === NOT_OURS) {
        foreign.push(FOREIGN);
        continue;
      }
      const breach = record === NAMELESS ? nameless(read.addressing) : check.record(record);
      if (breach) breaches.push(breach);
      else good.push({ at, record: record as Json });
    }
    const isServed = policyOf(operation) === 'serve-and-flag';
    tell(read.call, 'foreign', foreign, isServed);
    tell(read.call, 'breach', breaches, isServed);
    return isServed || breaches.length + foreign.length === 0 ? good : refuse('DADOS_FORA_DO_CONTRATO');
  }

  function tell(
    call: Call,
    kind: 'breach' | 'foreign',
    wrongs: readonly ContractBreach[],
    isServed: boolean,
  ): void {
    const [first] = wrongs;
    if (first) onEvent({ kind, ...eventOf(call), records: wrongs.length, isServed, ...first });
  }

  /** The record as the receiver sees it. In a list of resources those that are not shared are nobody's business. */
  function publish(
    read: CustomerDataRead,
    target: Target,
    record: Json,
  ): Json | typeof NOT_SHARED | typeof NOT_OURS | typeof NAMELESS {
    const { idName, parameters } = read.addressing;
    const isOfResources = idName !== undefined && parameters.length === 0;
    if (idName === undefined || !isRecord(record) || !(idName in record))
      return isOfResources ? NAMELESS : record;
    const resource = target.shared.get(String(record[idName]));
    if (isOfResources && !resource) return NOT_SHARED;
    if (!resource || (target.resource && resource.ref !== target.resource.ref)) return NOT_OURS;
    return { ...record, [idName]: settings.publicIdOf(read.subject, resource.type, resource.ref) };
  }

  function answerRecord(read: CustomerDataRead, target: Target, content: Json): Answer {
    const record = publish(read, target, content);
    if (typeof record === 'symbol') return block(read, 'foreign', FOREIGN);
    return compose(read, { record });
  }

  function compose(read: CustomerDataRead, computed: Computed): Answer {
    const { call } = read;
    const made = composeAnswer(call, computed, { ...settings, at: clock.now() });
    if (made.kind !== 'json') return made;
    const breach = checkOf(call.operation).whole(made.body);
    return breach ? block(read, 'breach', breach) : made;
  }

  function block({ call }: CustomerDataRead, kind: 'breach' | 'foreign', wrong: ContractBreach): Answer {
    tell(call, kind, [wrong], false);
    return refuse('DADOS_FORA_DO_CONTRATO');
  }

  return (read, target, found) => {
    const { operation } = read.call;
    const { countedArray } = operation.answer;
    if (found.status === 'refused') return refuse('RESOURCE_FORBIDDEN');
    if (found.status === 'notReady')
      return refuse('DADOS_EM_PREPARACAO', { 'retry-after': RETRY_AFTER_SECONDS });
    const content = found.status === 'ok' ? found.data : undefined;
    if (content !== undefined && !isOwned(read, target, found)) return refuse('RESOURCE_FORBIDDEN');
    if (countedArray === undefined)
      return content === undefined ? answerNothing(read.call) : answerRecord(read, target, content);
    const list = found.status === 'empty' ? emptyContent(countedArray.slice(1)) : content;
    return list === undefined ? answerNothing(read.call) : answerList(read, target, list);
  };
}

function nameless({ idName }: Addressing): ContractBreach {
  return { pointer: '', reason: `required: ${idName}` };
}

/** What is asked for by an id of its own is only handed out with the word of the connector whose it is. */
function isOwned({ addressing }: CustomerDataRead, { shared }: Target, found: Found<Json>): boolean {
  if (addressing.isBelowResource || addressing.parameters.length === 0) return true;
  return found.status === 'ok' && found.owner !== undefined && shared.has(found.owner);
}

/** A contract has a 204 for nothing, or else there is nothing at the address. */
function answerNothing({ operation }: Call): Answer {
  return operation.statuses.has(204) ? { kind: 'empty' } : refuse('SEM_REGISTROS');
}

function eventOf({ operation, interactionId }: Call): Pick<CustomerDataEvent, 'operation' | 'interactionId'> {
  return { operation: operation.key, interactionId };
}

function refuse(problem: Problem | ProblemCode, headers?: Readonly<Record<string, string>>): Answer {
  return answerProblem(typeof problem === 'string' ? createProblem(problem) : problem, headers);
}
