/** A JSON Schema 2020-12 document or sub-schema, as Ajv takes it. */
export type JsonSchema = { readonly [keyword: string]: unknown } | boolean;
