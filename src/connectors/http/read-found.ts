import { parseJson } from '../../contract/parse-json.ts';
import type { Found, FoundData, Json } from '../connector.ts';
import { BadAnswer } from './bad-answer.ts';
import type { CoreOperation } from './core-contract.ts';

/** Reads an answer and holds it to the document. Throws {@link BadAnswer}. */
export function readAnswer({ name, faultOf }: CoreOperation, bytes: Uint8Array): unknown {
  const parsed = parseJson(bytes);
  if ('fault' in parsed) throw new BadAnswer(name, 'it is not strict JSON in UTF-8');
  const fault = faultOf(parsed.value);
  if (fault !== undefined) throw new BadAnswer(name, fault);
  return parsed.value;
}

/** The moment of an answer, and how far the systems' clock may be ahead. */
export interface AnswerTime {
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly toleranceMs: number;
}

/** What an answer of the document says that was found, checked before by {@link readAnswer}. */
type FoundAnswer = Omit<Extract<Found<never>, { status: 'ok' }>, 'asOf' | 'data'> & {
  readonly data: unknown;
  readonly asOf: string;
};

/**
 * Reads what was found. An age that lies ahead by no more than clocks differ becomes now. Throws {@link BadAnswer} for one
 * that lies further ahead, or is no instant.
 */
export function readFound<Data>(
  operation: CoreOperation,
  bytes: Uint8Array,
  { now, toleranceMs }: AnswerTime,
): Found<Data> {
  const answer = readAnswer(operation, bytes) as FoundAnswer | Exclude<Found<never>, { status: 'ok' }>;
  if (answer.status !== 'ok') return { status: answer.status };
  const asOf = Date.parse(answer.asOf);
  if (Number.isNaN(asOf)) throw new BadAnswer(operation.name, 'asOf is no instant');
  if (asOf > now + toleranceMs) throw new BadAnswer(operation.name, 'asOf lies in the future');
  return { ...answer, data: answer.data as Data, asOf: Math.min(asOf, now) };
}

/** Reads what was found of a customer's data as {@link readFound} does. Throws {@link BadAnswer} where nobody is said to own it. */
export function readFoundData(operation: CoreOperation, bytes: Uint8Array, time: AnswerTime): FoundData {
  const found = readFound<Json>(operation, bytes, time);
  if (found.status !== 'ok') return found;
  const { owner } = found;
  if (owner === undefined) throw new BadAnswer(operation.name, 'it does not say whose it is');
  return { ...found, owner };
}
