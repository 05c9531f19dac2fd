import type { EnvelopePlace } from './envelope-places.ts';
import type { ErrorShape } from './error-shape.ts';
import type { JsonSchema } from './json-schema.ts';
import type { PagingRule } from './paging.ts';

/**
 * What an operation is for, which decides its column in `app/pipelines.ts`.
 * The rule that assigns it is data: `kinds` of an ecosystem's `profile.yaml`.
 */
export const OPERATION_KINDS = [
  'open-data',
  'status',
  'outages',
  'metrics',
  'consents',
  'resources',
  'customer-data',
  'participants',
  'directory',
] as const;

export type OperationKind = (typeof OPERATION_KINDS)[number];

/** Service tier that the regulator measures an operation against. */
export const TIERS = ['high', 'medium', 'low'] as const;
export type Tier = (typeof TIERS)[number];

/** A path or query parameter that an operation declares, besides those of paging. */
export interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header';
  readonly required: boolean;
  readonly schema: JsonSchema;
}

/** The body that an operation takes. */
export interface RequestShape {
  /**
   * The body, references bundled, as JSON Schema 2020-12, bundled when first asked for; undefined when the contract
   * says nothing of its form.
   */
  readonly schema: () => JsonSchema | undefined;
  /** True when a request without a body is refused. */
  readonly required: boolean;
  /** Media types, in lower case, parameters kept as the contract writes them. */
  readonly mediaTypes: readonly string[];
}

/** What an operation answers with on success. Schemas are bundled when first asked for. */
export interface AnswerShape {
  /** The whole answer, references bundled, as JSON Schema 2020-12; undefined when the contract declares no body. */
  readonly schema: () => JsonSchema | undefined;
  /** The array that paging counts, `*` standing for every element; undefined for a single record. */
  readonly countedArray: readonly string[] | undefined;
  /** True when the contract's success answer has its payload under a `data` member. */
  readonly underData: boolean;
  /** Where links and meta stand, and which of their members the contract declares. */
  readonly places: readonly EnvelopePlace[];
  /** The schema cut in two along the counted array: see {@link SplitSchema}. */
  readonly split: () => SplitSchema | undefined;
}

/** An answer schema cut at its counted array, so that records can be checked one by one. */
export interface SplitSchema {
  /** The answer without links, meta and the content of the counted array. */
  readonly skeleton: JsonSchema;
  /** One element of the counted array. */
  readonly record: JsonSchema;
  readonly minItems: number;
  readonly maxItems: number | undefined;
}

/** One operation of one version of a regulated API, compiled from its contract and frozen. */
export interface Operation {
  /** Method and full path template, such as `GET /open-insurance/channels/v1/branches`. */
  readonly key: string;
  readonly method: string;
  /** Full path template: the server's path and the operation's, without a trailing slash. */
  readonly path: string;
  readonly ecosystem: string;
  readonly kind: OperationKind;
  readonly tier: Tier;
  /** Path segments of the mount path that name the API, such as `channels`. */
  readonly api: string;
  /** `info.version`, trimmed. */
  readonly version: string;
  /** True when the operation has no effective security requirement. */
  readonly open: boolean;
  readonly scopes: readonly string[];
  readonly permissions: readonly string[];
  readonly parameters: readonly Parameter[];
  readonly paging: PagingRule | undefined;
  /** True when the contract takes `x-v` and `x-min-v` request headers. */
  readonly negotiatesVersion: boolean;
  /** The body that it takes; undefined when it takes none. */
  readonly request: RequestShape | undefined;
  readonly statuses: ReadonlySet<number>;
  readonly answer: AnswerShape;
  /** The shape of an error body of that status, or of the nearest error status the contract gives a body to. */
  readonly errorShape: (status: number) => ErrorShape | undefined;
  readonly source: {
    readonly file: string;
    readonly origin: 'catalog' | 'operator';
    readonly pointer: string;
  };
}
