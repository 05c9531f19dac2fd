import { randomUUID } from 'node:crypto';
import { describeMismatch } from '../contract/describe-mismatch.ts';
import type { Operation, Parameter } from '../contract/operation.ts';

const NAME = 'x-fapi-interaction-id';
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
/** The loosest form that a published contract has (Open Insurance Consents 2.7.0): fit for logs and headers still. */
const LOOSE = /^[a-z0-9][a-z0-9-]{0,99}$/i;

type InteractionIdReader = (header: string | string[] | undefined) => string;

/** The caller's `x-fapi-interaction-id` when it is a UUID, and a new one otherwise. */
export const readInteractionId: InteractionIdReader = (header) => readFormed(header, UUID);

/** The same for the calls of one operation, whose contract may take ids that are no UUIDs: they are given back too. */
export function createInteractionIdReader({ parameters }: Operation): InteractionIdReader {
  const declared = parameters.find(
    ({ in: place, name }) => place === 'header' && name.toLowerCase() === NAME,
  );
  return declared && isLoose(declared) ? (header) => readFormed(header, LOOSE) : readInteractionId;
}

function readFormed(header: string | string[] | undefined, form: RegExp): string {
  return typeof header === 'string' && form.test(header) ? header : randomUUID();
}

/** Whether the contract gives the id a form, and one that more than UUIDs have. */
function isLoose(parameter: Parameter): boolean {
  const { schema } = parameter;
  const hasForm = typeof schema === 'object' && typeof schema.pattern === 'string';
  return hasForm && describeMismatch(parameter, 'a') === undefined;
}
