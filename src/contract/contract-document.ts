/** A parsed OpenAPI document, or a file that one refers to. */
export interface ContractDocument {
  readonly file: string;
  /** The folder that references may not leave. */
  readonly root: string;
  readonly content: JsonObject;
  /** True for OpenAPI 3.1 and later, whose schemas are JSON Schema. */
  readonly modern: boolean;
}

export type JsonObject = { readonly [member: string]: unknown };

/** Narrows to a plain object: not null, not an array. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
