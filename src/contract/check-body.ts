import type { ErrorObject, ValidateFunction } from 'ajv';
import { createProblem } from '../kernel/problem.ts';
import { type Answer, answerProblem, type Call } from './call.ts';
import { describeBodyFault } from './describe-body-fault.ts';
import type { JsonSchema } from './json-schema.ts';
import type { Operation } from './operation.ts';
import { createSchemaCompiler } from './schema-compiler.ts';

/** Texts longer than this meet no pattern: patterns are other people's, and some take long over long texts. */
const LONGEST_PATTERNED = 10_240;
/** Nor do texts longer than this meet one that can divide a text in many ways, which takes the square of its length. */
const LONGEST_DIVIDED = 2_048;

type BodyCheck = (body: unknown) => ErrorObject | undefined;

/**
 * Makes the step that holds the body of a call to the contract: 400 when a required body is missing, and 400 for a body
 * that breaks the operation's schema. The detail has the JSON pointer (RFC 6901) of what is wrong and what was expected
 * there, and never what was found. Members that the contract does not name are refused only where it says so.
 *
 * Each operation's schema is compiled when its first body arrives, and kept as long as the operation.
 */
export function createCheckBody(): (call: Call) => Answer | undefined {
  const checks = new WeakMap<Operation, BodyCheck>();
  const compile = createBodyCompiler();

  function checkOf(operation: Operation): BodyCheck {
    let check = checks.get(operation);
    if (!check) {
      const schema = operation.request?.schema();
      check = schema === undefined ? () => undefined : compile(schema);
      checks.set(operation, check);
    }
    return check;
  }

  return ({ operation, body }) => {
    if (!operation.request) return undefined;
    if (body === undefined)
      return operation.request.required ? refuse('O corpo da requisição é obrigatório.') : undefined;
    const fault = checkOf(operation)(body);
    return fault && refuse(describeBodyFault(fault));
  };
}

function refuse(detail: string): Answer {
  return answerProblem(createProblem('CORPO_INVALIDO', { detail }));
}

/** The compiler is made with the first schema: a node that takes no bodies never loads it. */
function createBodyCompiler(): (schema: JsonSchema) => BodyCheck {
  let compiler: ReturnType<typeof createSchemaCompiler> | undefined;
  return (schema) => {
    compiler ??= createRequestCompiler();
    // A schema that is only `true` or `false` could not be let go again.
    const root = typeof schema === 'boolean' ? { allOf: [schema] } : schema;
    const validate: ValidateFunction = compiler.compile(root);
    compiler.removeSchema(root);
    return (body) => (validate(body) ? undefined : mostExact(validate.errors ?? []));
  };
}

function createRequestCompiler(): ReturnType<typeof createSchemaCompiler> {
  const compiler = createSchemaCompiler({ talkative: false });
  compiler.removeKeyword('pattern');
  compiler.addKeyword({
    keyword: 'pattern',
    type: 'string',
    schemaType: 'string',
    error: { message: '' },
    compile: (pattern: string) => {
      const expression = new RegExp(pattern);
      const longest = longestFor(pattern);
      return (text: string) => text.length <= longest && expression.test(text);
    },
  });
  return compiler;
}

/** The longest text, in UTF-16 units, that a pattern runs over. */
export function longestFor(pattern: string): number {
  const repetitions = pattern.replace(/\\./g, '').match(/[*+]|\{\d+,\}/g) ?? [];
  return repetitions.length > 1 ? LONGEST_DIVIDED : LONGEST_PATTERNED;
}

/** Of the faults of a schema with branches, the one that lies deepest; the branching itself where none does. */
function mostExact(faults: readonly ErrorObject[]): ErrorObject | undefined {
  const depth = ({ instancePath }: ErrorObject) => instancePath.split('/').length;
  return faults.reduce<ErrorObject | undefined>(
    (best, fault) => (best === undefined || depth(fault) >= depth(best) ? fault : best),
    undefined,
  );
}
