import type { Json } from '../connectors/connector.ts';
import type { JsonSchema } from '../contract/json-schema.ts';
import type { Operation } from '../contract/operation.ts';
import { createSchemaCompiler } from '../contract/schema-compiler.ts';

/** Where something breaks its contract, and which rule it breaks; never what was found there. */
export interface ContractBreach {
  /** JSON pointer (RFC 6901) from the record, or from the answer. */
  readonly pointer: string;
  /** The keyword of the schema, with the name of the member that is missing. */
  readonly reason: string;
}

/** Holds answers of one operation to its contract. */
export interface AnswerCheck {
  /** One record of a list. Frozen records are checked once. */
  readonly record: (record: Json) => ContractBreach | undefined;
  /**
   * A composed answer; of a list what is around its records, where the contract lets them be told apart.
   *
   * @param source what alone makes it differ from others; when that is frozen, its answers are checked once
   */
  readonly whole: (body: unknown, source?: Json) => ContractBreach | undefined;
}

type Validate = (value: unknown) => ContractBreach | undefined;

/** Makes the function that finds the check of an operation; it is compiled when first used and kept as long as that. */
export function createAnswerChecks(): (operation: Operation) => AnswerCheck {
  const checks = new WeakMap<Operation, AnswerCheck>();
  const compile = createAnswerCompiler();
  return (operation) => {
    const check = checks.get(operation) ?? compileCheck(operation, compile);
    checks.set(operation, check);
    return check;
  };
}

function compileCheck({ answer }: Operation, compile: (schema: JsonSchema) => Validate): AnswerCheck {
  const split = answer.split();
  const schema = split ? split.skeleton : answer.schema();
  const checkRecord = split && compile(split.record);
  const checkWhole = schema === undefined ? undefined : compile(schema);
  const ofRecords = createVerdicts();
  const ofSources = createVerdicts();
  return {
    record: (record) => checkRecord && ofRecords(record, () => checkRecord(record)),
    whole: (body, source) => checkWhole && ofSources(source, () => checkWhole(body)),
  };
}

/** What is frozen stays as it was found: a connector hands out the same thing many times, and it is judged once. */
function createVerdicts(): (
  thing: Json | undefined,
  judge: () => ContractBreach | undefined,
) => ContractBreach | undefined {
  const known = new WeakMap<object, ContractBreach | 'fits'>();
  return (thing, judge) => {
    if (typeof thing !== 'object' || thing === null || !Object.isFrozen(thing)) return judge();
    const verdict = known.get(thing) ?? judge() ?? 'fits';
    known.set(thing, verdict);
    return verdict === 'fits' ? undefined : verdict;
  };
}

/** The compiler is made with the first schema: a node that reads no customer data never loads it. */
function createAnswerCompiler(): (schema: JsonSchema) => Validate {
  let compiler: ReturnType<typeof createSchemaCompiler> | undefined;
  return (schema) => {
    compiler ??= createSchemaCompiler({ talkative: false });
    // A schema that is only `true` or `false` could not be let go again.
    const root = typeof schema === 'boolean' ? { allOf: [schema] } : schema;
    const validate = compiler.compile(root);
    compiler.removeSchema(root);
    return (value) => (validate(value) ? undefined : describeBreach(validate.errors ?? []));
  };
}

interface SchemaFault {
  readonly instancePath: string;
  readonly keyword: string;
  readonly params: Readonly<Record<string, unknown>>;
}

/** Of the faults of a schema with branches, the one that lies deepest. */
function describeBreach(faults: readonly SchemaFault[]): ContractBreach {
  const depth = ({ instancePath }: SchemaFault) => instancePath.split('/').length;
  const deepest = faults.reduce((best, fault) => (depth(fault) >= depth(best) ? fault : best));
  const { missingProperty } = deepest.params;
  return {
    pointer: deepest.instancePath,
    reason: typeof missingProperty === 'string' ? `required: ${missingProperty}` : deepest.keyword,
  };
}
