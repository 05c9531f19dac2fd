import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { arrayOf, bundled, objectOf, schemaSite, validator } from '../../test/support/schema-site.ts';
import type { JsonObject } from './contract-document.ts';
import {
  type ErrorContent,
  formatDateTime,
  GENERAL_ERROR_SHAPE,
  readErrorShape,
  renderErrorBody,
} from './error-shape.ts';

const content: ErrorContent = {
  code: 'NAO_ENCONTRADO',
  title: 'Não encontrado',
  detail: 'O recurso não existe.',
  at: Date.UTC(2024, 1, 29, 12, 30, 15, 999),
};
const moment = '2024-02-29T12:30:15Z';

const text = (maxLength: number) => ({ type: 'string', maxLength, pattern: '[\\w\\W\\s]*' });
const count = { type: 'integer' };
const dateTime = {
  type: 'string',
  format: 'date-time',
  maxLength: 20,
  pattern: '^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}Z$',
};
const closed = { additionalProperties: false };
const base = { code: text(255), title: text(255), detail: text(2048) };
const basic = ['code', 'title', 'detail'];
const totals = objectOf(
  { totalRecords: count, totalPages: count },
  { required: ['totalRecords', 'totalPages'], ...closed },
);
const stamped = objectOf({ requestDateTime: dateTime }, { required: ['requestDateTime'] });
const both = objectOf(
  { totalRecords: count, totalPages: count, requestDateTime: dateTime },
  { required: ['totalRecords', 'totalPages', 'requestDateTime'], ...closed },
);

function errorBody(item: JsonObject, meta: JsonObject | undefined, root: JsonObject = {}) {
  const errors = arrayOf(item, { minItems: 1, maxItems: 13 });
  return objectOf({ errors, ...(meta ? { meta } : {}) }, { required: ['errors'], ...root });
}

function render(schema: unknown, error = content): Record<string, unknown> {
  const { library, site } = schemaSite(schema);
  const shape = readErrorShape(library, site);
  assert.ok(shape);
  return renderErrorBody(shape, error) as Record<string, unknown>;
}

const error = { code: content.code, title: content.title, detail: content.detail };
const dated = { ...error, requestDateTime: moment };

describe('error bodies in the shape of each family of contracts', () => {
  const families: [string, JsonObject, unknown][] = [
    [
      'insurance: closed, with a required request time',
      errorBody(objectOf({ ...base, requestDateTime: dateTime }, { required: [...basic, 'requestDateTime'], ...closed }), totals, closed),
      { errors: [dated], meta: { totalRecords: 1, totalPages: 1 } },
    ],
    [
      'insurance capitalization and pension: request time optional',
      errorBody(objectOf({ ...base, requestDateTime: dateTime }, { required: basic, ...closed }), totals, closed),
      { errors: [dated], meta: { totalRecords: 1, totalPages: 1 } },
    ],
    [
      'finance products: closed, without a request time',
      errorBody(objectOf(base, { required: basic, ...closed }), totals, closed),
      { errors: [error], meta: { totalRecords: 1, totalPages: 1 } },
    ],
    [
      'finance insurances: all three members of meta',
      errorBody(objectOf(base, { required: basic, ...closed }), both, closed),
      { errors: [error], meta: { totalRecords: 1, totalPages: 1, requestDateTime: moment } },
    ],
    [
      'finance channels: open, meta with the request time only, and required',
      errorBody(objectOf(base, { required: basic }), stamped, { required: ['errors', 'meta'] }),
      { errors: [error], meta: { requestDateTime: moment } },
    ],
    ['no meta at all', errorBody(objectOf(base, { required: basic, ...closed }), undefined, closed), { errors: [error] }],
    [
      'consents: a single error object',
      objectOf({ errors: objectOf(base, { required: basic, ...closed }), meta: stamped }, { required: ['errors'] }),
      { errors: error, meta: { requestDateTime: moment } },
    ],
    ['directory: plain texts', objectOf({ errors: arrayOf({ type: 'string' }) }), { errors: ['Não encontrado: O recurso não existe.'] }],
    ['errors without items', objectOf({ errors: { type: 'array' } }), { errors: ['Não encontrado: O recurso não existe.'] }],
    ['errors of any members', objectOf({ errors: arrayOf({ type: 'object' }) }), { errors: [dated] }],
    ['a meta of any members, required', errorBody(objectOf(base), { type: 'object' }, { required: ['meta'] }), { errors: [error], meta: {} }],
  ]; // biome-ignore format: schema and body side by side
  for (const [family, schema, body] of families) {
    it(family, () => {
      assert.deepEqual(render(schema), body);
      assert.equal(validator(bundled(schema))(body), true);
    });
  }
});

describe('renderErrorBody', () => {
  it('takes the code that the contract lists when it does not know ours, and fills what else it requires', () => {
    const schema = errorBody(
      objectOf(
        { code: { type: 'string', enum: ['ERRO'] }, title: text(255), traceId: text(8), hint: text(5) },
        { required: ['code', 'title', 'traceId'], ...closed },
      ),
      undefined,
    );
    const body = render(schema);
    assert.deepEqual(body, { errors: [{ code: 'ERRO', title: content.title, traceId: 'Não enco' }] });
    assert.equal(validator(bundled(schema))(body), true);
  });

  it('cuts texts to the lengths of the contract', () => {
    const schema = errorBody(objectOf(base, { required: basic }), undefined);
    const body = render(schema, {
      code: 'C'.repeat(300),
      title: 'T'.repeat(300),
      detail: 'D'.repeat(3000),
      at: 0,
    });
    assert.equal(validator(bundled(schema))(body), true);
  });

  it('words errors where no contract answers', () => {
    assert.deepEqual(renderErrorBody(GENERAL_ERROR_SHAPE, content), {
      errors: [dated],
      meta: { totalRecords: 1, totalPages: 1 },
    });
  });

  it('writes moments with whole seconds in UTC', () => {
    assert.equal(formatDateTime(0), '1970-01-01T00:00:00Z');
    assert.equal(formatDateTime(content.at), moment);
  });
});

describe('readErrorShape', () => {
  it('finds none where the body has no errors', () => {
    for (const schema of [objectOf({ data: {} }), arrayOf({}), {}, true]) {
      const { library, site } = schemaSite(schema);
      assert.equal(readErrorShape(library, site), undefined);
    }
  });

  it('looks through extensions', () => {
    assert.deepEqual(
      render({ allOf: [objectOf({ meta: totals }), objectOf({ errors: arrayOf(objectOf(base)) })] }),
      {
        errors: [error],
        meta: { totalRecords: 1, totalPages: 1 },
      },
    );
  });
});
