import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isObject, type JsonObject } from '../../contract/contract-document.ts';
import { once } from '../../contract/once.ts';
import { parseDocument } from '../../contract/parse-document.ts';
import { createSchemaCompiler } from '../../contract/schema-compiler.ts';

/** The document that institutions implement. */
const DOCUMENT = join(import.meta.dirname, '..', '..', '..', 'connectors', 'http', 'openapi.yaml');

const OPERATIONS = [
  'checkHealth',
  'readCapabilities',
  'findCustomer',
  'authenticateCustomer',
  'discoverResources',
  'listRecords',
  'getRecord',
  'listChildren',
] as const;

/** `operationId` of an operation of the document. */
export type CoreOperationName = (typeof OPERATIONS)[number];

/** An operation of the document that institutions implement. */
export interface CoreOperation {
  readonly name: CoreOperationName;
  readonly method: 'GET' | 'POST';
  /** Follows the URL that is configured. */
  readonly path: string;
  /** Whether it may be sent again when nobody knows if it was carried out. */
  readonly isSafe: boolean;
  /** Where an answer breaks the document and by which rule, without repeating anything of it; undefined for a good one. */
  readonly faultOf: (answer: unknown) => string | undefined;
}

export type CoreContract = Readonly<Record<CoreOperationName, CoreOperation>>;

/** Reads the document that institutions implement. Schemas are compiled when they are first needed. */
export function readCoreContract(): CoreContract {
  const document = parseDocument(DOCUMENT, readFileSync(DOCUMENT)).value as JsonObject;
  const compiler = once(() =>
    createSchemaCompiler({ talkative: false }).addSchema(document, 'core', undefined, false),
  );
  const faultsBy = (pointer: string) => {
    const validate = once(() => compiler().compile({ $ref: `core#${pointer}` }));
    return (answer: unknown) => {
      if (validate()(answer)) return undefined;
      const [fault] = validate().errors ?? [];
      // A member that is missing is named by the document, and not by the answer.
      const missing = fault?.keyword === 'required' ? `: ${fault.params.missingProperty}` : '';
      return `${fault?.instancePath || 'the whole of it'} breaks the rule "${fault?.keyword}${missing}"`;
    };
  };
  const found = operationsOf(document).map(([path, method, operation]) => {
    const name = operation.operationId as CoreOperationName;
    const isSafe = operation['x-guiche-safe'] === true;
    return [
      name,
      { name, method, path, isSafe, faultOf: faultsBy(answerOf(path, method, operation)) },
    ] as const;
  });
  const contract = Object.fromEntries(found);
  const absent = OPERATIONS.filter((name) => !(name in contract));
  if (absent.length > 0) throw new Error(`${DOCUMENT} lacks ${absent.join(', ')}`);
  return contract as CoreContract;
}

function operationsOf(document: JsonObject): [string, CoreOperation['method'], JsonObject][] {
  return Object.entries(document.paths as JsonObject).flatMap(([path, item]) =>
    Object.entries(item as JsonObject).map(([method, operation]): [string, 'GET' | 'POST', JsonObject] => [
      path,
      method === 'get' ? 'GET' : 'POST',
      operation as JsonObject,
    ]),
  );
}

/** Pointer to the schema of an operation's answer. */
function answerOf(path: string, method: string, operation: JsonObject): string {
  const answer = (operation.responses as JsonObject)['200'];
  const place =
    isObject(answer) && typeof answer.$ref === 'string'
      ? answer.$ref.slice(1)
      : `/paths/${path.replaceAll('/', '~1')}/${method.toLowerCase()}/responses/200`;
  return `${place}/content/application~1json/schema`;
}
