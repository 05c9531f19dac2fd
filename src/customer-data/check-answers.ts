import type { Json } from '../connectors/data-connector.ts';
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
  /** A composed answer; of a list what is around its records, where the contract lets them be told apart. */
  readonly whole: (body: unknown) => ContractBreach | undefined;
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
  return {
    record: split ? rememberFrozen(compile(split.record)) : () => undefined,
    whole: schema === undefined ? () => undefined : compile(schema),
  };
}

/** What is frozen stays as it was found: a connector hands out the same record many times. */
function rememberFrozen(validate: Validate): (record: Json) => ContractBreach | undefined {
  const found = new WeakMap<object, ContractBreach | 'fits'>();
  return (record) => {
    if (typeof record !== 'object' || record === null || !Object.isFrozen(record)) return validate(record);
    const known = found.get(record);
    if (known !== undefined) return known === 'fits' ? undefined : known;
    const breach = validate(record);
    found.set(record, breach ?? 'fits');
    return breach;
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
