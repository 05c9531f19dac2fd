import { isDeepStrictEqual } from 'node:util';
import type { KeywordDefinition, SchemaValidateFunction } from 'ajv';
import type { Ajv2020 } from 'ajv/dist/2020.js';

/**
 * Gives a compiler keywords that compare any JSON value with any other. Ajv's own comparison calls `valueOf` and
 * `toString` of what it compares, and fails where a document has members of these names.
 */
export function compareAsJson(ajv: Ajv2020): void {
  for (const definition of [ENUM, CONST, UNIQUE_ITEMS]) {
    ajv.removeKeyword(definition.keyword as string);
    ajv.addKeyword(definition);
  }
}

type Failure = { readonly message: string; readonly params: Readonly<Record<string, unknown>> } | undefined;

const ENUM = define('enum', (choices: readonly unknown[], value) =>
  choices.some((choice) => isSame(choice, value))
    ? undefined
    : { message: 'must be equal to one of the allowed values', params: { allowedValues: choices } },
);

const CONST = define('const', (wanted: unknown, value) =>
  isSame(wanted, value)
    ? undefined
    : { message: 'must be equal to constant', params: { allowedValue: wanted } },
);

const UNIQUE_ITEMS = define('uniqueItems', (isWanted: boolean, value) => {
  if (!isWanted || !Array.isArray(value)) return undefined;
  const repeated = findRepeated(value);
  return (
    repeated && {
      message: `must not have duplicate items (items ## ${repeated.j} and ${repeated.i} are identical)`,
      params: repeated,
    }
  );
});

function define<Schema>(
  keyword: string,
  judge: (schema: Schema, value: unknown) => Failure,
): KeywordDefinition {
  const validate: SchemaValidateFunction = (schema: Schema, value: unknown) => {
    const failure = judge(schema, value);
    if (failure) validate.errors = [{ keyword, ...failure }];
    return failure === undefined;
  };
  return { keyword, errors: true, validate };
}

function findRepeated(list: readonly unknown[]): { i: number; j: number } | undefined {
  const plain = new Map<unknown, number>();
  const others: number[] = [];
  for (const [i, item] of list.entries()) {
    const isPlain = item === null || typeof item !== 'object';
    const j = isPlain ? plain.get(item) : others.find((earlier) => isSame(list[earlier], item));
    if (j !== undefined) return { i, j };
    if (isPlain) plain.set(item, i);
    else others.push(i);
  }
  return undefined;
}

/** `0` and `-0` are one number in JSON. */
function isSame(one: unknown, other: unknown): boolean {
  return one === other || (typeof one === 'object' && isDeepStrictEqual(one, other));
}
