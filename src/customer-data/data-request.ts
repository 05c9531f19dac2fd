import type { Asking, Connector, DataRequest, Found, Json, PageAsked } from '../connectors/connector.ts';
import type { Call } from '../contract/call.ts';
import type { Target } from './find-target.ts';
import type { Access } from './judge-access.ts';
import type { Addressing } from './product-ids.ts';
import { toldByInstitution } from './told-by-institution.ts';

/** What a connector is asked for, as far as a call tells it. */
export interface DataQuestion {
  readonly call: Call;
  readonly access: Access;
  readonly addressing: Addressing;
  /** Undefined where the connector is to answer all there is. */
  readonly page: PageAsked | undefined;
  /** Filters that the call leaves to what they stand for when they are missing. */
  readonly implied: Readonly<Record<string, string>>;
}

/**
 * Asks a connector what a call wants to know, with the method that the operation's path calls for. Rejects with
 * `InstitutionAway` when it fails.
 */
export function requestData(
  connector: Pick<Connector, 'list' | 'get' | 'children'>,
  question: DataQuestion,
  target: Target,
  asking: Asking,
): Promise<Found<Json>> {
  return toldByInstitution(asking.signal, () => ask(connector, question, target, asking));
}

function ask(
  connector: Pick<Connector, 'list' | 'get' | 'children'>,
  { call, access, addressing, page, implied }: DataQuestion,
  { refs, resource }: Target,
  asking: Asking,
): Promise<Found<Json>> {
  const { operation } = call;
  const request: DataRequest = {
    ...asking,
    operationPath: operation.path,
    types: [...access.types],
    refs,
    documents: access.documents,
    shape: operation.answer.countedArray === undefined ? 'record' : 'list',
    query: { ...filtersOf(call), ...implied },
    page,
  };
  if (addressing.method === 'list') return connector.list(request);
  const record = {
    ...request,
    type: resource?.type,
    ref: refs[addressing.parameters[0] as string] as string,
  };
  return addressing.method === 'get'
    ? connector.get(record)
    : connector.children({ ...record, name: addressing.rest });
}

function filtersOf({ operation: { paging }, query }: Call): Readonly<Record<string, string>> {
  if (!paging) return query;
  const { [paging.pageParameter]: _page, [paging.sizeParameter]: _size, ...rest } = query;
  if (paging.keyParameter === undefined) return rest;
  const { [paging.keyParameter]: _key, ...filters } = rest;
  return filters;
}
