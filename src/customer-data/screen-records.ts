import type { Json } from '../connectors/connector.ts';
import type { Operation } from '../contract/operation.ts';
import type { AnswerCheck, ContractBreach } from './check-answers.ts';
import { type PlacedRecord, putRecords, takeRecords } from './enclosed-records.ts';
import type { Target } from './find-target.ts';
import type { Addressing } from './product-ids.ts';
import { NAMELESS, NOT_OURS, NOT_SHARED, publishRecord } from './publish-record.ts';
import type { RecordSelection } from './record-filters.ts';

/** Records that may not be answered. */
export interface Quarantine {
  readonly records: number;
  /** What is wrong with the first of them. */
  readonly first: ContractBreach | undefined;
}

/** The records that a connector found, as far as they may be answered. */
export interface ScreenedList {
  /** How many the connector gave, of resources that are not shared too. */
  readonly found: number;
  /** How many there are of resources that are shared, those that may not be answered among them. */
  readonly records: number;
  /** Those that break the contract. */
  readonly broken: Quarantine;
  /** Those of another resource than the one asked for. */
  readonly foreign: Quarantine;
  /** Those that may be answered, with public ids, or the ones among them that are wanted. */
  select(selection: RecordSelection | undefined): readonly PlacedRecord[];
  /** Puts a page of them back into what they were found in. */
  enclose(page: readonly PlacedRecord[]): Json;
}

export const FOREIGN: ContractBreach = { pointer: '', reason: 'id of another resource' };
/** Selections of one list whose records are kept together. */
const MOST_SELECTIONS = 4;

/** Looks at every record once. Undefined when the content does not have the form that the contract gives it. */
export function screenRecords(
  { answer }: Operation,
  addressing: Addressing,
  target: Target,
  content: Json,
  check: AnswerCheck,
): ScreenedList | undefined {
  const path = (answer.countedArray ?? []).slice(1);
  const found = takeRecords(content, path);
  if (!found) return undefined;
  const good: PlacedRecord[] = [];
  const broken: ContractBreach[] = [];
  const foreign: ContractBreach[] = [];
  const nameless = { pointer: '', reason: `required: ${addressing.idName}` };
  for (const [at, each] of found.entries()) {
    const record = publishRecord(addressing, target, each);
    if (record === NOT_SHARED) continue;
    if (record === NOT_OURS) {
      foreign.push(FOREIGN);
      continue;
    }
    const breach = record === NAMELESS ? nameless : check.record(record);
    if (breach) broken.push(breach);
    else good.push({ at, record: record as Json });
  }
  return {
    found: found.length,
    records: good.length + broken.length + foreign.length,
    broken: { records: broken.length, first: broken[0] },
    foreign: { records: foreign.length, first: foreign[0] },
    select: createSelect(good),
    enclose: createEnclose(content, path, good),
  };
}

function createSelect(good: readonly PlacedRecord[]): ScreenedList['select'] {
  const kept = new Map<string, readonly PlacedRecord[]>();
  return (selection) => {
    if (!selection) return good;
    const known = kept.get(selection.key);
    if (known) return known;
    const wanted = good.filter(({ record }) => selection.isWanted(record));
    const [oldest] = kept.keys();
    if (kept.size >= MOST_SELECTIONS && oldest !== undefined) kept.delete(oldest);
    kept.set(selection.key, wanted);
    return wanted;
  };
}

/** What all records are in is put together once. */
function createEnclose(
  content: Json,
  path: readonly string[],
  good: readonly PlacedRecord[],
): ScreenedList['enclose'] {
  let all: Json | undefined;
  return (page) => {
    if (page.length < good.length) return putRecords(content, path, page);
    all ??= putRecords(content, path, good);
    return all;
  };
}
