import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { operationsAt } from '../../test/support/catalog-operations.ts';
import { loadOperation, openApi, operationOf } from '../../test/support/contract-folder.ts';
import { checkHeaders } from './check-headers.ts';
import type { Operation } from './operation.ts';

function detailOf(operation: Operation, headers: Record<string, string | string[] | undefined>) {
  const answer = checkHeaders({ operation, path: {}, query: {}, headers });
  if (answer === undefined) return undefined;
  assert.equal(answer.kind, 'problem');
  assert.deepEqual([answer.problem.code, answer.problem.status], ['CABECALHO_INVALIDO', 400]);
  return answer.problem.detail;
}

function declaring(name: string, required: boolean, schema: Record<string, unknown>): Operation {
  const parameters = [
    { name, in: 'header', required, schema },
    { name, in: 'query', required: true, schema: { type: 'integer' } },
  ];
  return loadOperation(openApi({ paths: { '/things': { get: operationOf({}, { parameters }) } } }));
}

describe('given an operation that declares a request header', () => {
  const code = { type: 'string', pattern: '^[A-Z]+$', minLength: 2, maxLength: 4 };

  it('when it is required and missing or empty, then 400', () => {
    const operation = declaring('X-Code', true, code);
    assert.equal(detailOf(operation, {}), 'O cabeçalho x-code é inválido: é obrigatório.');
    assert.equal(detailOf(operation, { 'x-code': '' }), 'O cabeçalho x-code é inválido: é obrigatório.');
    assert.equal(detailOf(operation, { 'x-code': 'AB' }), undefined);
  });

  it('when it is optional and missing or empty, then the call goes on', () => {
    const operation = declaring('X-Code', false, code);
    assert.equal(detailOf(operation, {}), undefined);
    assert.equal(detailOf(operation, { 'x-code': '' }), undefined);
  });

  it('when it is there without its form, then 400 even if optional, and the value is not repeated', () => {
    const operation = declaring('X-Code', false, code);
    const cases: [string, RegExp][] = [
      ['A', /no mínimo 2/],
      ['ABCDE', /no máximo 4/],
      ['a1', /não tem o formato/],
    ];
    for (const [value, about] of cases) {
      const detail = detailOf(operation, { 'x-code': value }) ?? '';
      assert.match(detail, about);
      assert.ok(!detail.includes(value));
    }
    assert.match(
      detailOf(declaring('x-n', true, { type: 'integer' }), { 'x-n': '1.5' }) ?? '',
      /número inteiro/,
    );
  });

  it('when it stands twice, then 400', () => {
    const operation = declaring('x-code', false, code);
    assert.match(detailOf(operation, { 'x-code': ['AB', 'AB'] }) ?? '', /uma única vez/);
  });

  it('when it is very long, then it is refused before any pattern runs', () => {
    const operation = declaring('x-code', true, { type: 'string', pattern: '^(a+)+$' });
    const begun = performance.now();
    assert.match(detailOf(operation, { 'x-code': `${'a'.repeat(600)}!` }) ?? '', /no máximo 512/);
    assert.ok(performance.now() - begun < 200);
  });

  it('when it is one that is no parameter of the request, then it is never asked for', () => {
    for (const name of [
      'Authorization',
      'Accept',
      'Content-Type',
      'x-v',
      'X-Min-V',
      'Cache-Control',
      'X-Frame-Options',
    ]) {
      assert.equal(
        detailOf(declaring(name, true, { type: 'string', pattern: '^never$' }), {}),
        undefined,
        name,
      );
      assert.equal(
        detailOf(declaring(name, true, { pattern: '^never$' }), { [name.toLowerCase()]: '1' }),
        undefined,
      );
    }
  });
});

describe('given the consents operations of the catalog', () => {
  const id = '73cac523-d3ae-4289-b106-330a6218710d';
  const creations = operationsAt('/consents').filter(({ method }) => method === 'POST');
  const sound = (operation: Operation) => ({
    'x-fapi-interaction-id': id,
    ...(operation.ecosystem === 'open-insurance' ? { 'x-idempotency-key': 'key-1' } : {}),
  });

  for (const operation of creations) {
    describe(`POST of ${operation.ecosystem} ${operation.version}`, () => {
      it('when every required header is there, then the call goes on', () => {
        assert.equal(detailOf(operation, sound(operation)), undefined);
      });

      const lenient = operation.ecosystem === 'open-insurance';
      it(`when x-fapi-interaction-id is missing, then ${lenient ? 'the call goes on' : '400'}`, () => {
        const { 'x-fapi-interaction-id': _, ...headers } = sound(operation);
        const detail = 'O cabeçalho x-fapi-interaction-id é inválido: é obrigatório.';
        assert.equal(detailOf(operation, headers), lenient ? undefined : detail);
      });

      it('when x-fapi-interaction-id is there without its form, then 400', () => {
        const detail = detailOf(operation, { ...sound(operation), 'x-fapi-interaction-id': 'not an id!' });
        assert.match(detail ?? '', /^O cabeçalho x-fapi-interaction-id é inválido/);
      });

      it('when x-fapi-auth-date is no date of HTTP, then 400', () => {
        const dated = (date: string) =>
          detailOf(operation, { ...sound(operation), 'x-fapi-auth-date': date });
        assert.equal(dated('Sun, 10 Sep 2017 19:43:31 UTC'), undefined);
        assert.match(dated('2017-09-10T19:43:31Z') ?? '', /x-fapi-auth-date/);
      });
    });
  }

  it('when Open Insurance gets no x-idempotency-key, then 400', () => {
    for (const operation of creations.filter(({ ecosystem }) => ecosystem === 'open-insurance')) {
      assert.match(
        detailOf(operation, { 'x-fapi-interaction-id': id }) ?? '',
        /x-idempotency-key é inválido: é obrigatório/,
      );
      const long = { 'x-fapi-interaction-id': id, 'x-idempotency-key': 'k'.repeat(41) };
      assert.match(detailOf(operation, long) ?? '', /no máximo 40/);
    }
  });

  it('when Open Finance is asked to extend a consent without the customer, then 400', () => {
    const [extend] = operationsAt('/extends');
    assert.ok(extend);
    const headers = {
      'x-fapi-interaction-id': id,
      'x-fapi-customer-ip-address': '198.51.100.7',
      'x-customer-user-agent': 'Browser',
    };
    assert.equal(detailOf(extend, headers), undefined);
    for (const name of ['x-fapi-customer-ip-address', 'x-customer-user-agent']) {
      const detail = detailOf(extend, { ...headers, [name]: undefined });
      assert.equal(detail, `O cabeçalho ${name} é inválido: é obrigatório.`);
    }
  });
});
