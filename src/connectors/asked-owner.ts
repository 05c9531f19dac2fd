import type { DataRequest, RecordRequest } from './connector.ts';

/**
 * Whose the answer to a request has to be: the reference of the resource that is asked about; where a request names none,
 * the CNPJ or CPF that it is made with. Undefined for what is known by an id of its own, of which only the institution
 * knows whose it is.
 *
 * @param record of what is asked for, where that is not a list from the start of a path
 */
export function askedOwner(
  { documents }: Pick<DataRequest, 'documents'>,
  record?: Pick<RecordRequest, 'type' | 'ref'>,
): string | undefined {
  if (!record) return documents.cnpj ?? documents.cpf;
  return record.type === undefined ? undefined : record.ref;
}
