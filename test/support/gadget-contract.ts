import assert from 'node:assert/strict';
import { once } from '../../src/contract/once.ts';
import type { Operation } from '../../src/contract/operation.ts';
import { contractFolder, jsonAnswer, loadFolders } from './contract-folder.ts';

export const GADGETS = '/open-banking/gadgets/v1';

export const GADGET = {
  type: 'object',
  required: ['name'],
  properties: { gadgetKey: { type: 'string', maxLength: 60 }, name: { type: 'string', pattern: '^[A-Z]' } },
};
const USE = {
  type: 'object',
  required: ['useDateTime', 'direction'],
  properties: {
    useDateTime: { type: 'string', format: 'date-time' },
    direction: { type: 'string', enum: ['IN', 'OUT'] },
  },
};
const LINKS = {
  type: 'object',
  required: ['self'],
  properties: Object.fromEntries(
    ['self', 'first', 'prev', 'next', 'last'].map((name) => [name, { type: 'string', format: 'uri' }]),
  ),
};
const META = {
  type: 'object',
  required: ['totalRecords', 'totalPages'],
  properties: { totalRecords: { type: 'integer' }, totalPages: { type: 'integer' } },
};
/** Of lists that nobody counts, as those of transactions. */
const BARE_META = {
  type: 'object',
  required: ['requestDateTime'],
  properties: { requestDateTime: { type: 'string', format: 'date-time' } },
};
const NOTE = { type: 'object', required: ['text'], properties: { text: { type: 'string', minLength: 1 } } };

/** The contract whose list of gadgets is just that. */
export const plainOperations = once(() => gadgetOperations({ type: 'array', items: GADGET }));

/**
 * A contract that nobody has seen: made-up names everywhere, the permissions borrowed.
 *
 * @param list schema of what the list of gadgets has under `data`
 */
export function gadgetOperations(list: unknown): readonly Operation[] {
  const security = [{ OpenId: ['openid'], OAuth2Security: ['consent:consentId', 'gadgets'] }];
  const read = (
    permission: string,
    data: unknown,
    parameters: readonly unknown[] = [],
    meta: unknown = META,
  ) => ({
    get: {
      security,
      ...(permission && { 'x-permissions': [permission] }),
      parameters,
      responses: {
        200: jsonAnswer({
          type: 'object',
          required: ['data', 'links', 'meta'],
          properties: { data, links: LINKS, meta },
        } as never),
        404: { description: 'none' },
        422: { description: 'not possible' },
      },
    },
  });
  const paging = ['page', 'page-size'].map((name) => ({
    name,
    in: 'query',
    schema: { type: 'integer', default: name === 'page' ? 1 : 25, maximum: 1000 },
  }));
  const key = { name: 'pagination-key', in: 'query', schema: { type: 'string', maxLength: 2048 } };
  const text = { type: 'string' };
  const dates = ['fromUseDate', 'toUseDate'].map((name) => ({
    name,
    in: 'query',
    schema: { type: 'string', format: 'date' },
  }));
  const way = { name: 'useWay', in: 'query', schema: { type: 'string', enum: ['IN', 'OUT'] } };
  const notes = { type: 'array', items: NOTE };
  const document = {
    openapi: '3.0.0',
    info: { title: 'Gadgets', version: '1.2.0' },
    servers: [{ url: `https://api.example.com${GADGETS}` }],
    paths: {
      '/gadgets': read('LOANS_READ', list, paging),
      '/gadgets/{gadgetKey}': read('LOANS_READ', GADGET),
      '/gadgets/{gadgetKey}/uses': read('LOANS_PAYMENTS_READ', { type: 'array', items: USE }, [
        ...paging,
        ...dates,
        way,
      ]),
      '/gadgets/{gadgetKey}/notes': read('LOANS_READ', notes, [...paging, key, way], BARE_META),
      '/gadgets/{gadgetKey}/counted-notes': read('LOANS_READ', notes, [...paging, key]),
      '/gadgets/{gadgetKey}/parts/{partKey}': read('LOANS_READ', NOTE),
      '/receipts/{receiptKey}': read('LOANS_READ', {
        type: 'object',
        required: ['sum'],
        properties: { sum: text },
      }),
      '/gadgets/{gadgetKey}/secrets': read('', GADGET),
      '/gadgets/{gadgetKey}/unheard': read('UNHEARD_OF_READ', GADGET),
      '/profile': read('CUSTOMERS_PERSONAL_IDENTIFICATIONS_READ', NOTE),
    },
  };
  const { operations, diagnostics } = loadFolders(
    contractFolder({ 'gadgets.json': JSON.stringify(document) }),
  );
  assert.equal(operations.length, 10, JSON.stringify(diagnostics));
  assert.ok(operations.every(({ kind }) => kind === 'customer-data'));
  return operations;
}
