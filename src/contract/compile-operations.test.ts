import assert from 'node:assert/strict';
import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import {
  contractFolder,
  findings,
  jsonAnswer,
  loadDocument,
  loadFolders,
  loadOperation,
  openApi,
  operationOf,
  profiles,
} from '../../test/support/contract-folder.ts';
import { arrayOf, objectOf, validator } from '../../test/support/schema-site.ts';
import type { JsonObject } from './contract-document.ts';
import { loadContracts } from './load-contracts.ts';

const things = (operation: JsonObject, item: JsonObject = {}) => ({
  paths: { '/things': { get: operation, ...item } },
});
const secured = (root: unknown, own?: unknown) =>
  openApi({
    ...things(operationOf({}, own === undefined ? {} : { security: own })),
    ...(root === undefined ? {} : { security: root }),
  });
const OAUTH = [{ OAuth: ['consent:consentId', 'things'] }];

describe('security of an operation', () => {
  const cases: [string, unknown, unknown, boolean, string[]][] = [
    ['none anywhere', undefined, undefined, true, []],
    ['that of the document', OAUTH, undefined, false, ['consent:consentId', 'things']],
    ['its own in place of the document', OAUTH, [{ Other: ['a'] }, { Third: ['b', 'a'] }], false, ['a', 'b']],
    ['its own empty list, which lifts that of the document', OAUTH, [], true, []],
    ['its own empty requirement', OAUTH, [{}], true, []],
    ['an empty requirement beside another', undefined, [...OAUTH, {}], true, ['consent:consentId', 'things']],
    ['its own where the document has none', undefined, [{ Key: [] }], false, []],
    ['a requirement that is no object', undefined, ['OAuth'], false, []],
  ];
  for (const [what, root, own, open, scopes] of cases) {
    it(`is ${what}: ${open ? 'open' : 'protected'}`, () => {
      const operation = loadOperation(secured(root, own));
      assert.deepEqual(
        [operation.open, operation.scopes, operation.kind],
        [open, scopes, open ? 'open-data' : 'customer-data'],
      );
    });
  }

  it('never counts as open when it cannot be read: the operation is left out', () => {
    for (const document of [
      secured({ OAuth: [] }),
      secured(undefined, { OAuth: ['things'] }),
      secured('OAuth'),
    ]) {
      const { operations, diagnostics } = loadDocument(document);
      assert.deepEqual(operations, []);
      assert.deepEqual(findings(diagnostics)[0], 'error contract-operation /paths/~1things/get');
    }
  });

  it('gives permissions from x-permissions, else from the prose of the document', () => {
    const info = { title: 'x', version: '1.0.0', description: '### `/`\n- GET: **THINGS_READ**' };
    assert.deepEqual(loadOperation(openApi({ info })).permissions, ['THINGS_READ']);
    const stated = things(operationOf({}, { 'x-permissions': ['A_READ', 5] }));
    assert.deepEqual(loadOperation(openApi({ info, ...stated })).permissions, ['A_READ']);
  });
});

describe('path of an operation', () => {
  const served = (servers: unknown, path = '/things') => {
    const { operations, diagnostics } = loadDocument(
      openApi({ servers, paths: { [path]: { get: operationOf({}) } } }),
    );
    return [operations[0]?.path, operations[0]?.api, ...findings(diagnostics)];
  };
  const cases: [string, unknown, string, string][] = [
    ['the path of the first server', [{ url: 'http://a.example/open-insurance/x/v1' }, { url: 'https://b/other' }], '/open-insurance/x/v1/things', 'x'],
    ['variables by their defaults', [{ url: '{scheme}://{host}/open-insurance/{api}/v{major}', variables: { scheme: { default: 'https' }, host: { default: 'h' }, api: { default: 'claims', enum: ['claims'] }, major: { default: 2 } } }], '/open-insurance/claims/v2/things', 'claims'],
    ['a relative URL', [{ url: '/open-banking/x-y/v3/' }], '/open-banking/x-y/v3/things', 'x-y'],
    ['a URL without scheme', [{ url: '//h.example:8443/open-banking/x/v1' }], '/open-banking/x/v1/things', 'x'],
    ['a host alone', [{ url: 'https://h.example' }], '/things', 'directory'],
    ['a slash alone', [{ url: '/' }], '/things', 'directory'],
    ['a URL with a query', [{ url: ' https://h/open-banking/x/v1?a=/b#c ' }], '/open-banking/x/v1/things', 'x'],
    ['the first server that has a URL', [null, {}, { url: '/open-banking/x/v1' }], '/open-banking/x/v1/things', 'x'],
  ]; // biome-ignore format: one case, one line
  for (const [what, servers, path, api] of cases) {
    it(`begins with ${what}`, () => assert.deepEqual(served(servers), [path, api]));
  }

  it('begins at the root, with one warning for the document, where no server is named', () => {
    for (const servers of [undefined, [], 'x', [{}]]) {
      const paths = { '/a': { get: operationOf({}) }, '/b': { get: operationOf({}) } };
      const { operations, diagnostics } = loadDocument(openApi({ servers, paths }));
      assert.deepEqual(
        operations.map(({ path }) => path),
        ['/a', '/b'],
      );
      assert.deepEqual(findings(diagnostics), ['warning contract-no-server /servers']);
    }
  });

  it('takes the servers of the operation before those of its path before those of the document', () => {
    const at = (url: string) => ({ servers: [{ url }] });
    const { operations, diagnostics } = loadDocument({
      ...openApi(
        things(operationOf({}, at('/open-insurance/a/v1')), {
          put: operationOf({}),
          ...at('/open-insurance/b/v1'),
        }),
      ),
      servers: undefined,
    });
    assert.deepEqual(
      operations.map(({ key }) => key),
      ['GET /open-insurance/a/v1/things', 'PUT /open-insurance/b/v1/things'],
    );
    assert.deepEqual(diagnostics, []);
  });

  it('has no slash at its end, and none twice', () => {
    assert.equal(served([{ url: '/open-insurance/x/v1/' }], '/person/')[0], '/open-insurance/x/v1/person');
    assert.equal(served([{ url: '/open-insurance/x/v1' }], '/')[0], '/open-insurance/x/v1');
    assert.equal(served([{ url: '/' }], '/')[0], '/');
  });
});

describe('version of a contract', () => {
  const versionOf = (version: unknown) => {
    const { operations, diagnostics } = loadDocument(openApi({ info: { title: 'x', version } }));
    return [operations[0]?.version, ...findings(diagnostics)];
  };
  it('is what info says, without blanks or invisible characters', () => {
    assert.deepEqual(versionOf('1.3.0 '), ['1.3.0']);
    assert.deepEqual(versionOf('\u200b2.0.0-rc.1'), ['2.0.0-rc.1']);
  });
  it('is completed with a warning where it is not of three numbers', () => {
    const warning = 'warning contract-version /info/version';
    const cases: [unknown, string][] = [
      [1.5, '1.5.0'],
      ['v2', '2.0.0'],
      ['1.2.3.4', '1.2.3'],
      ['1.0.0\r\nX-Injected: yes', '1.0.0'],
      ['soon', '0.0.0'],
      [undefined, '0.0.0'],
      [{}, '0.0.0'],
    ];
    for (const [version, announced] of cases) assert.deepEqual(versionOf(version), [announced, warning]);
  });
});

describe('answers of an operation', () => {
  const error = objectOf({ errors: arrayOf(objectOf({ code: {} })) });
  const other = objectOf({ errors: arrayOf(objectOf({ title: {} })) });
  const members = (responses: JsonObject, status: number) => {
    const shape = loadOperation(openApi(things({ responses }))).errorShape(status);
    return shape && [...shape.errorMembers.keys()].join();
  };

  it('take the error shape of the exact status, else of its class, else of another error', () => {
    assert.equal(members({ 404: jsonAnswer(error), 500: jsonAnswer(other) }, 404), 'code');
    assert.equal(members({ 400: jsonAnswer(other), '4XX': jsonAnswer(error) }, 404), 'code');
    assert.equal(members({ 422: jsonAnswer(error), 500: jsonAnswer(other) }, 404), 'code');
    assert.equal(members({ 404: jsonAnswer(error), 500: jsonAnswer(other) }, 503), 'title');
    assert.equal(members({ 404: jsonAnswer(error), 500: { description: 'no body' } }, 500), 'code');
  });

  it('never take the error shape from default, which often is the success answer', () => {
    assert.equal(members({ 200: jsonAnswer({}), default: jsonAnswer(error) }, 404), undefined);
    assert.equal(
      members({ 404: jsonAnswer(objectOf({ data: {} })), default: jsonAnswer(error) }, 404),
      undefined,
    );
  });

  it('are read whatever parameters the media type carries, behind references, from 200 before 201', () => {
    const { answer, statuses } = loadOperation(
      openApi({
        ...things({
          responses: {
            default: { description: 'x' },
            201: jsonAnswer({ type: 'integer' }),
            200: { $ref: '#/components/responses/Ok' },
            204: { description: 'x' },
            '5XX': { description: 'x' },
          },
        }),
        components: {
          responses: {
            Ok: {
              description: 'x',
              content: { 'text/html': {}, 'Application/JSON; charset=utf-8': { schema: { type: 'string' } } },
            },
          },
        },
      }),
    );
    assert.deepEqual([answer.schema(), [...statuses].sort()], [{ type: 'string' }, [200, 201, 204]]);
  });

  it('may have no body', () => {
    const { answer } = loadOperation(openApi(things({ responses: { 200: { description: 'x' } } })));
    assert.deepEqual(
      [answer.schema(), answer.split(), answer.countedArray, answer.places],
      [undefined, undefined, undefined, []],
    );
  });

  it('tell of a body on 204', () => {
    const { diagnostics } = loadDocument(openApi(things({ responses: { 204: jsonAnswer({}) } })));
    assert.deepEqual(findings(diagnostics), ['info contract-body-on-204 /paths/~1things/get/responses/204']);
  });

  it('count what the operator names in place of what the rule finds', () => {
    const folder = contractFolder({
      'a.yaml': openApi(things(operationOf(objectOf({ data: arrayOf(objectOf({ items: arrayOf({}) })) })))),
    });
    const countedArrays = new Map([['GET /open-insurance/things/v1/things', ['data', '*', 'items']]]);
    const { operations } = loadContracts({
      profiles,
      catalog: contractFolder(),
      contracts: [folder],
      countedArrays,
    });
    assert.deepEqual(operations[0]?.answer.countedArray, ['data', '*', 'items']);
  });
});

describe('documents of other dialects', () => {
  it('of OpenAPI 3.1 are read as JSON Schema: type lists, siblings of references', () => {
    const { operations, diagnostics } = loadDocument(`
openapi: 3.1.0
info: { title: Things, version: 1.0.0 }
servers: [{ url: https://api.example.com/open-insurance/things/v1 }]
paths:
  /things:
    get:
      parameters:
        - { name: page, in: query, schema: { type: [integer, 'null'], minimum: 1 } }
        - { name: page-size, in: query, schema: { $ref: '#/components/schemas/Size', default: 10 } }
      responses:
        '200':
          description: OK
          content:
            application/json:
              schema:
                type: object
                required: [data]
                properties:
                  data: { type: array, items: { $ref: '#/components/schemas/Thing', required: [id] } }
components:
  schemas:
    Size: { type: integer, minimum: 1, maximum: 100 }
    Thing: { type: object, properties: { id: { type: [string, 'null'] } } }
webhooks: {}
jsonSchemaDialect: https://spec.openapis.org/oas/3.1/dialect/base
`);
    assert.deepEqual(diagnostics, []);
    const [operation] = operations;
    assert.ok(operation);
    assert.deepEqual(operation.paging, {
      pageParameter: 'page',
      sizeParameter: 'page-size',
      firstPage: 1,
      defaultSize: 10,
      minSize: 1,
      maxSize: 100,
    });
    assert.deepEqual(operation.answer.countedArray, ['data']);
    const split = operation.answer.split();
    for (const fits of [
      validator(operation.answer.schema() ?? false),
      (value: { data: unknown[] }) => value.data.every(validator(split?.record ?? false)),
    ]) {
      assert.equal(fits({ data: [{ id: null }, { id: 'x' }] }), true);
      assert.equal(fits({ data: [{ id: 5 }] }), false);
      assert.equal(fits({ data: [{}] }), false);
    }
  });

  it('of Swagger 2.0, of no version, or of a version to come are refused by name', () => {
    const cases: [JsonObject, RegExp][] = [
      [{ swagger: '2.0', info: {}, paths: {} }, /found Swagger 2\.0/],
      [{ asyncapi: '3.0.0' }, /found no "openapi" version/],
      [{ openapi: '4.0.0', paths: {} }, /found "openapi: 4\.0\.0"/],
      [{ openapi: 3 }, /found "openapi: 3"/],
    ];
    for (const [document, message] of cases) {
      const { operations, diagnostics } = loadDocument(document);
      assert.deepEqual([operations, findings(diagnostics)], [[], ['error contract-not-openapi ']]);
      assert.match(diagnostics[0]?.message ?? '', message);
    }
  });

  it('without operations are warned of', () => {
    for (const paths of [
      undefined,
      {},
      { 'x-paths': {} },
      { '/a': null },
      { '/a': { get: null, summary: 'x' } },
      [],
    ]) {
      assert.deepEqual(findings(loadDocument(openApi({ paths })).diagnostics), [
        'warning contract-no-operations /paths',
      ]);
    }
  });
});

describe('folders of contracts', () => {
  it('are read at any depth, by extension, without hidden files, each file once', () => {
    const folder = contractFolder({
      'a/b/c.json': openApi(),
      'a/d.YML': openApi({ paths: { '/d': { get: operationOf({}) } } }),
      '.hidden/x.yaml': 'not: [closed',
      'node_modules/x.yaml': 'not: [closed',
      'README.md': 'not: [closed',
    });
    symlinkSync(folder, join(folder, 'a/again'));
    const { operations, documents, diagnostics } = loadFolders(folder, join(folder, 'a'), `${folder}/`);
    assert.deepEqual([documents, diagnostics], [2, []]);
    assert.deepEqual(
      operations.map(({ path, source }) => `${path} ${source.origin}`),
      ['/open-insurance/things/v1/things operator', '/open-insurance/things/v1/d operator'],
    );
  });

  it('that are missing, and links that lead nowhere or in a circle, are reported', () => {
    const folder = contractFolder({ 'a.yaml': openApi() });
    symlinkSync('loop.yaml', join(folder, 'loop.yaml'));
    symlinkSync('gone', join(folder, 'stale.yaml'));
    const { operations, diagnostics } = loadFolders(folder, join(folder, 'missing'));
    assert.equal(operations.length, 1);
    assert.deepEqual(findings(diagnostics), [
      'error contract-link-loop ',
      'error contract-unreadable ',
      'error contract-unreadable ',
    ]);
  });
});

describe('a compiled operation', () => {
  it('is frozen and says where it comes from', () => {
    const operation = loadOperation(openApi());
    assert.ok(Object.isFrozen(operation) && Object.isFrozen(operation.answer));
    assert.deepEqual(
      [operation.key, operation.ecosystem, operation.tier, operation.source.pointer],
      ['GET /open-insurance/things/v1/things', 'open-insurance', 'medium', '/paths/~1things/get'],
    );
    assert.match(operation.source.file, /contract\.yaml$/);
  });
});

describe('request body of an operation', () => {
  const taking = (requestBody: unknown, method = 'post', components: JsonObject = {}) =>
    loadOperation(
      openApi({ paths: { '/things': { [method]: operationOf({}, { requestBody }) } }, components }),
    );
  const json = (schema: unknown) => ({ content: { 'application/json': { schema } } });

  it('is described with its references bundled, once, when its schema is first asked for', () => {
    const components = {
      requestBodies: { Thing: { required: true, ...json({ $ref: '#/components/schemas/Thing' }) } },
      schemas: { Thing: objectOf({ code: { type: 'string', nullable: true } }, { required: ['code'] }) },
    };
    const { request } = taking({ $ref: '#/components/requestBodies/Thing' }, 'post', components);
    assert.ok(request && Object.isFrozen(request));
    assert.deepEqual([request.required, request.mediaTypes], [true, ['application/json']]);
    const schema = request.schema();
    assert.ok(schema !== undefined && request.schema() === schema);
    const fits = validator(schema);
    assert.deepEqual(
      [fits({ code: null }), fits({ code: 'x' }), fits({}), fits({ code: 1 })],
      [true, true, false, false],
    );
  });

  it('may be left out unless the contract says otherwise', () => {
    assert.equal(taking(json({})).request?.required, false);
    assert.equal(taking({ required: 'yes', ...json({}) }).request?.required, false);
  });

  it('has the schema of JSON among several media types, and all their names', () => {
    const { request } = taking({
      content: {
        'application/x-pem-file': { schema: { type: 'string' } },
        ' Application/JSON; charset=utf-8 ': { schema: { type: 'object' } },
      },
    });
    assert.deepEqual(request?.mediaTypes, ['application/x-pem-file', 'application/json; charset=utf-8']);
    assert.deepEqual(request?.schema(), { type: 'object' });
  });

  it('has the schema of its first media type where none is JSON, and none where the contract has none', () => {
    const pem = { content: { 'application/x-pem-file': { schema: { type: 'string' } } } };
    assert.deepEqual(taking(pem).request?.schema(), { type: 'string' });
    assert.equal(taking({ content: { 'application/json': {} } }).request?.schema(), undefined);
  });

  it('is none without a media type, with a reference to nothing, and where HTTP has no body', () => {
    for (const requestBody of [
      undefined,
      {},
      { content: {} },
      { content: { 'application/json': null } },
      'x',
    ])
      assert.equal(taking(requestBody).request, undefined);
    assert.equal(taking(json({}), 'get').request, undefined);
    assert.equal(taking(json({}), 'head').request, undefined);
    for (const method of ['put', 'patch', 'delete']) assert.ok(taking(json({}), method).request, method);
  });
});
