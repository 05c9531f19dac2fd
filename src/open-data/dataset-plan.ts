import type { EnvelopePlace } from '../contract/envelope-places.ts';
import type { JsonSchema } from '../contract/json-schema.ts';
import type { Operation } from '../contract/operation.ts';
import { parameterValues, type RecordFilterPlan } from './record-filter-plan.ts';

/**
 * All that loading a dataset needs of its operation, as plain data: it travels to the thread that loads.
 */
export interface DatasetPlan {
  /** Key of the operation that serves it. */
  readonly key: string;
  readonly countedArray: readonly string[];
  readonly underData: boolean;
  readonly places: readonly EnvelopePlace[];
  readonly filters: readonly RecordFilterPlan[];
  /** Schemas of what surrounds the records and of one record; undefined where the answer is checked in one piece. */
  readonly split:
    | { readonly skeleton: JsonSchema; readonly record: JsonSchema; readonly maxItems: number | undefined }
    | undefined;
  /** The whole answer without links and meta, for contracts whose schema cannot be cut. */
  readonly whole: JsonSchema | undefined;
}

/** The way through a single record: it counts as one, and nothing is cut. */
const NO_ARRAY: readonly string[] = ['\u0000'];

/** Derives a dataset's plan from its operation's contract. */
export function planDataset(
  operation: Operation,
  memberNames: Readonly<Record<string, string>>,
): DatasetPlan {
  const { answer } = operation;
  const split = answer.split();
  return {
    key: operation.key,
    countedArray: answer.countedArray ?? NO_ARRAY,
    underData: answer.underData,
    places: answer.places,
    filters: parameterValues(operation, memberNames),
    split: split && { skeleton: split.skeleton, record: split.record, maxItems: split.maxItems },
    whole: split ? undefined : withoutEnvelope(answer.schema(), answer.places),
  };
}

/** What a file holds of links and meta is replaced, so it is not looked at either. */
function withoutEnvelope(
  schema: JsonSchema | undefined,
  places: readonly EnvelopePlace[],
): JsonSchema | undefined {
  const root = places.find(({ path }) => path.length === 0);
  if (typeof schema !== 'object' || !root) return schema;
  const made = [root.links?.name, root.meta?.name].filter((name) => name !== undefined);
  const required = Array.isArray(schema.required) ? schema.required : [];
  return {
    ...schema,
    required: required.filter((name) => !made.includes(name)),
    properties: {
      ...(schema.properties as object | undefined),
      ...Object.fromEntries(made.map((name) => [name, {}])),
    },
  };
}
