import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { catalogOperations, operationsAt } from '../../test/support/catalog-operations.ts';
import { loadOperation, openApi, operationOf } from '../../test/support/contract-folder.ts';
import type { Answer } from './call.ts';
import { createCheckBody, longestFor } from './check-body.ts';
import type { JsonObject } from './contract-document.ts';
import { isObject } from './contract-document.ts';
import type { Operation } from './operation.ts';

const checkBody = createCheckBody();

function taking(schema: unknown, members: JsonObject = { required: true }): Operation {
  const requestBody = { content: { 'application/json': { schema } }, ...members };
  return loadOperation(openApi({ paths: { '/things': { post: operationOf({}, { requestBody }) } } }));
}

function check(operation: Operation, body: unknown): Answer | undefined {
  return checkBody({ operation, path: {}, query: {}, headers: {}, ...(body === undefined ? {} : { body }) });
}

/** What the caller is told; undefined when the body fits. */
function detailOf(operation: Operation, body: unknown): string | undefined {
  const answer = check(operation, body);
  if (answer === undefined) return undefined;
  assert.equal(answer.kind, 'problem');
  assert.deepEqual([answer.problem.code, answer.problem.status], ['CORPO_INVALIDO', 400]);
  return answer.problem.detail;
}

const PERSON = {
  type: 'object',
  required: ['name', 'a/b~c'],
  additionalProperties: false,
  properties: {
    name: { type: 'string', minLength: 2, maxLength: 10, pattern: '^[A-Z]*$' },
    'a/b~c': { type: 'integer', minimum: 1, maximum: 9 },
    colours: {
      type: 'array',
      minItems: 1,
      maxItems: 3,
      uniqueItems: true,
      items: { type: 'string', enum: ['AZUL', 'VERDE'] },
    },
    at: { type: 'string', format: 'date-time' },
    day: { type: 'string', format: 'date' },
    site: { type: 'string', format: 'url' },
    open: { type: 'object', properties: { known: { type: 'boolean', nullable: true } } },
    either: {
      oneOf: [{ type: 'object', required: ['x'], properties: { x: { type: 'number' } } }, { type: 'string' }],
    },
  },
};

describe('given an operation that takes a body', () => {
  const operation = taking(PERSON);
  const sound = { name: 'ANA', 'a/b~c': 1 };

  it('when the body fits, then the call goes on', () => {
    for (const body of [
      sound,
      { ...sound, colours: ['AZUL', 'VERDE'], at: '2026-01-31T12:00:00Z', day: '2028-02-29' },
      { ...sound, site: 'https://localhost:1/a', open: { known: null, unknown: [1] } },
      { ...sound, either: { x: 1.5 } },
    ]) {
      assert.equal(detailOf(operation, body), undefined, JSON.stringify(body));
    }
  });

  const faults: [unknown, string][] = [
    [[], 'O corpo da requisição deve ser um objeto.'],
    [null, 'O corpo da requisição deve ser um objeto.'],
    [{ name: 'ANA' }, 'O campo /a~1b~0c é obrigatório.'],
    [{ ...sound, other: 1 }, 'O corpo da requisição só admite os membros definidos no contrato.'],
    [{ ...sound, name: 5 }, 'O campo /name deve ser um texto.'],
    [{ ...sound, name: 'A' }, 'O campo /name deve ter no mínimo 2 caracteres.'],
    [{ ...sound, name: 'ANA MARIA DAS' }, 'O campo /name deve ter no máximo 10 caracteres.'],
    [{ ...sound, name: 'ana' }, 'O campo /name não tem o formato definido no contrato.'],
    [{ ...sound, 'a/b~c': 1.5 }, 'O campo /a~1b~0c deve ser um número inteiro.'],
    [{ ...sound, 'a/b~c': 0 }, 'O campo /a~1b~0c deve ser no mínimo 1.'],
    [{ ...sound, 'a/b~c': 10 }, 'O campo /a~1b~0c deve ser no máximo 9.'],
    [{ ...sound, 'a/b~c': '1' }, 'O campo /a~1b~0c deve ser um número inteiro.'],
    [{ ...sound, colours: [] }, 'O campo /colours deve ter no mínimo 1 elementos.'],
    [{ ...sound, colours: ['AZUL', 'ROXO'] }, 'O campo /colours/1 não é um dos valores permitidos.'],
    [{ ...sound, colours: ['AZUL', 'AZUL'] }, 'O campo /colours não deve ter elementos repetidos.'],
    [{ ...sound, at: '2026-01-31' }, 'O campo /at deve ser uma data e hora como 2026-01-31T12:00:00Z.'],
    [{ ...sound, day: '2026-02-29' }, 'O campo /day deve ser uma data como 2026-01-31.'],
    [{ ...sound, site: '/relative' }, 'O campo /site deve ser uma URL absoluta.'],
    [{ ...sound, open: { known: 1 } }, 'O campo /open/known deve ser true ou false ou null.'],
    [{ ...sound, either: { x: '1' } }, 'O campo /either/x deve ser um número.'],
    [{ ...sound, either: 5 }, 'O campo /either não tem a forma definida no contrato.'],
  ];
  for (const [body, detail] of faults) {
    it(`when it is ${JSON.stringify(body)}, then 400: ${detail}`, () => {
      assert.equal(detailOf(operation, body), detail);
    });
  }

  it('when it has members that mean something to JavaScript, then they are judged like any other', () => {
    const open = taking({ type: 'object', properties: { a: { enum: [{ valueOf: 1 }] } } });
    assert.equal(detailOf(open, { a: { valueOf: 1 }, constructor: 1, toString: null }), undefined);
    assert.match(detailOf(open, { a: { valueOf: 2 } }) ?? '', /^O campo \/a não é um dos/);
  });

  it('when a required body is missing, then 400; when it may be missing, then the call goes on', () => {
    assert.equal(detailOf(operation, undefined), 'O corpo da requisição é obrigatório.');
    assert.equal(detailOf(taking(PERSON, {}), undefined), undefined);
    assert.notEqual(detailOf(taking(PERSON, {}), {}), undefined);
  });

  it('when the contract says nothing of its form, then anything goes', () => {
    const anything = loadOperation(
      openApi({
        paths: {
          '/things': { post: operationOf({}, { requestBody: { content: { 'application/json': {} } } }) },
        },
      }),
    );
    for (const body of [undefined, null, 1, {}]) assert.equal(detailOf(anything, body), undefined);
  });

  it('when the schema fits no value, then every body is refused', () => {
    assert.notEqual(detailOf(taking({ not: {} }), {}), undefined);
  });

  it('when the body is wrong anyhow, then nothing of its values is repeated', () => {
    const secret = '52998224725';
    const values = fc.constantFrom<unknown>(secret, [secret], { x: secret }, Number(secret), { [secret]: 1 });
    const body = fc.dictionary(fc.constantFrom(...Object.keys(PERSON.properties)), values);
    fc.assert(
      fc.property(body, (wrong) => {
        assert.ok(!(detailOf(operation, wrong) ?? '').includes(secret));
      }),
    );
  });

  it('when the caller names the members that lead to the fault, then the pointer is cut short', () => {
    const open = taking({ type: 'object', additionalProperties: { type: 'string' } });
    const detail = detailOf(open, { ['x'.repeat(5000)]: 1 }) ?? '';
    assert.match(detail, /^O campo \/x+… deve ser um texto\.$/);
    assert.ok(detail.length < 300);
  });
});

describe('given a pattern that takes exponential time', () => {
  const hostile = `${'a'.repeat(40)}!`;
  const quickly = (operation: Operation, body: unknown) => {
    const begun = performance.now();
    const detail = detailOf(operation, body);
    assert.ok(performance.now() - begun < 200, 'the pattern ran');
    return detail;
  };

  it('when a text is longer than the contract allows, then its pattern never runs', () => {
    const bounded = taking({ type: 'string', pattern: '^(a+)+$', maxLength: 20 });
    assert.equal(detailOf(bounded, 'aaa'), undefined);
    assert.match(quickly(bounded, hostile) ?? '', /no máximo 20 caracteres/);
  });

  it('when the contract has no bound and a text exceeds what a pattern can take, then the pattern never runs', () => {
    const unbounded = taking({ type: 'string', pattern: '^(a+)+$' });
    assert.equal(detailOf(unbounded, 'a'.repeat(2_048)), undefined);
    assert.match(quickly(unbounded, `${'a'.repeat(2_048)}!`) ?? '', /não tem o formato/);
  });

  it('when the patterns of the catalog meet hostile texts of every length that reaches them, then all answer at once', () => {
    const hostileTexts = ['a', '1', ' ', '.', 'a.', '-', '@', 'a@', 'https://a', '\n', 'é', '0.', ')('];
    for (const [pattern, longest] of patternsOfRequests()) {
      const expression = new RegExp(pattern);
      for (const piece of hostileTexts) {
        const text = `${piece.repeat(Math.ceil(longest / piece.length)).slice(0, longest - 1)}\u0001`;
        const begun = performance.now();
        expression.test(text);
        const took = performance.now() - begun;
        assert.ok(took < 1_000, `${pattern} took ${took} ms over ${longest} times "${piece}"`);
      }
    }
  });
});

/** Every pattern of a request schema in the catalog, and the longest text that reaches it. */
function patternsOfRequests(): Map<string, number> {
  const found = new Map<string, number>();
  const walk = (node: unknown): void => {
    if (Array.isArray(node)) node.forEach(walk);
    if (!isObject(node)) return;
    if (typeof node.pattern === 'string') {
      const longest = Math.min(Number(node.maxLength ?? 10_240), longestFor(node.pattern));
      found.set(node.pattern, Math.max(found.get(node.pattern) ?? 0, longest));
    }
    Object.values(node).forEach(walk);
  };
  for (const { request } of catalogOperations) walk(request?.schema());
  return found;
}

describe('given the consents operations of the catalog', () => {
  const document = (identification: string, rel: string) => ({ document: { identification, rel } });
  const consent = {
    data: {
      loggedUser: document('52998224725', 'CPF'),
      permissions: ['RESOURCES_READ'],
      expirationDateTime: '2027-01-31T12:00:00Z',
    },
  };
  const creations = operationsAt('/consents').filter(({ method }) => method === 'POST');

  for (const operation of creations) {
    const closed = operation.ecosystem === 'open-insurance';
    describe(`POST of ${operation.ecosystem} ${operation.version}`, () => {
      it('when a consent is well formed, then the call goes on', () => {
        assert.equal(detailOf(operation, consent), undefined);
      });

      it('when a permission is unknown, then 400 with its place', () => {
        const data = { ...consent.data, permissions: ['RESOURCES_READ', 'EVERYTHING_READ'] };
        assert.equal(
          detailOf(operation, { data }),
          'O campo /data/permissions/1 não é um dos valores permitidos.',
        );
      });

      it(`when a member is unknown, then ${closed ? '400' : 'the call goes on'}, as the contract says`, () => {
        const detail = detailOf(operation, { data: { ...consent.data, extra: true } });
        assert.equal(
          detail,
          closed ? 'O campo /data só admite os membros definidos no contrato.' : undefined,
        );
      });

      it('when the customer is missing or the body is empty, then 400', () => {
        const { loggedUser: _, ...data } = consent.data;
        assert.equal(detailOf(operation, { data }), 'O campo /data/loggedUser é obrigatório.');
        assert.equal(detailOf(operation, {}), 'O campo /data é obrigatório.');
        assert.equal(detailOf(operation, undefined), 'O corpo da requisição é obrigatório.');
      });
    });
  }
});

describe('given an operation that takes no body', () => {
  it('when one comes all the same, then nothing is checked', () => {
    const reading = loadOperation(openApi());
    assert.equal(check(reading, { anything: 1 }), undefined);
  });
});

describe('given every request schema of the catalog', () => {
  it('when an empty body meets it, then it is judged and never fails inside', () => {
    const taking = catalogOperations.filter(({ request }) => request !== undefined);
    assert.ok(taking.length > 40);
    for (const operation of taking) assert.doesNotThrow(() => check(operation, {}), operation.key);
  });
});
