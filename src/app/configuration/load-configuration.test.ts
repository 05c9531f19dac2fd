import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import fc from 'fast-check';
import { formatDiagnostic } from '../../kernel/diagnostic.ts';
import { type ConfigurationRequest, loadConfiguration } from './load-configuration.ts';
import { type Configuration, SETTINGS } from './settings.ts';

let root: string;
before(async () => {
  root = await mkdtemp(join(tmpdir(), 'guiche-configuration-'));
  await mkdir(join(root, 'empty'));
});
after(() => rm(root, { recursive: true }));

/** Loads with `content` as the `guiche.yaml` of the current folder. */
async function loadText(content: string | Uint8Array, request: Partial<ConfigurationRequest> = {}) {
  await writeFile(join(root, 'guiche.yaml'), content);
  return loadConfiguration({ flags: {}, env: {}, cwd: root, ...request });
}

/** Loads without a file. */
function load(request: Partial<ConfigurationRequest>) {
  return loadConfiguration({ flags: {}, env: {}, cwd: join(root, 'empty'), ...request });
}

/** The findings as lines; a configuration must be there exactly when none of them is an error. */
function lines({ configuration, diagnostics }: Awaited<ReturnType<typeof loadConfiguration>>): string[] {
  assert.equal(
    configuration === undefined,
    diagnostics.some(({ severity }) => severity === 'error'),
  );
  return diagnostics.map(formatDiagnostic);
}

function defaultsIn(cwd: string): Configuration {
  return {
    listen: { host: '127.0.0.1', port: 3000 },
    tls: { certificate: undefined, key: undefined },
    mtls: { host: '127.0.0.1', port: 3002, certificate: undefined, key: undefined, proxy: undefined },
    masterKeys: undefined,
    institutions: {},
    connectors: {},
    explain: { days: 3 },
    baseUrl: 'https://api.guiche.example',
    contracts: [],
    data: [join(cwd, 'data')],
    state: join(cwd, 'var'),
    databaseUrl: undefined,
    redisUrl: undefined,
    workers: 1,
    limits: { perMinutePerIp: 500, perSecond: 300, trustedProxies: [] },
    admin: { host: '127.0.0.1', port: 3001 },
    metrics: { allow: ['127.0.0.0/8', '::1'] },
    cacheMegabytes: 64,
    maxDatasetMegabytes: 512,
    maxPageSize: 1000,
    shutdownGraceMs: 10_000,
    logLevel: 'info',
    operations: {},
  };
}

describe('sources', () => {
  test('without a file everything has its default and data is beside the current folder', async () => {
    const loaded = await load({});
    assert.deepEqual(loaded.configuration, defaultsIn(join(root, 'empty')));
    assert.deepEqual(loaded.diagnostics, []);
    assert.equal(loaded.file, undefined);
    assert.deepEqual(loaded.sources, Object.fromEntries(SETTINGS.map(({ path }) => [path, 'default'])));
  });

  for (const [name, content] of [
    ['an empty file', ''],
    ['a file with a comment only', '# nothing yet\n'],
    ['a byte order mark only', '\uFEFF'],
    ['null', 'null'],
    ['keys without values', 'listen:\ndata: ~\nlogLevel: null\noperations:\nlimits:\ndatabaseUrl:\n'],
    ['sections with keys without values', 'listen:\n  port:\nmetrics:\n  allow:\nadmin: {host: ~}\n'],
  ] as const) {
    test(`${name} means the defaults`, async () => {
      const loaded = await loadText(content);
      assert.deepEqual(loaded.configuration, defaultsIn(root));
      assert.equal(loaded.sources['listen.port'], 'default');
      assert.equal(loaded.file, join(root, 'guiche.yaml'));
    });
  }

  test('every key can be set in the file', async () => {
    const loaded = await loadText(
      [
        '\uFEFFlisten: {host: "::1", port: 0}',
        'baseUrl: HTTPS://API.Banco.example:443/',
        'tls: {certificate: public.pem, key: /public.key}',
        'mtls: {host: 0.0.0.0, port: 8444, certificate: mtls.pem, key: mtls.key,',
        '  proxy: {header: client-cert, format: rfc9440, thumbprints: [abc]}}',
        'masterKeys: ["k1:AAAA"]',
        'institutions:',
        '  open-finance:',
        '    name: Banco Exemplo',
        '    organisationId: 7D1A4B1E-0F77-4c57-9b3f-1e1a2a1c9d55',
        '    namespace: bancoexemplo',
        '    issuer: https://auth.banco.example/',
        '    mtlsBase: https://mtls.banco.example',
        '    customers: customers',
        '    apis: {funds: core}',
        '    directory: {keystore: https://keystore.example/, anchors: anchors.pem}',
        'connectors:',
        '  core:',
        '    kind: http',
        '    url: https://core.banco.example/guiche',
        '    signing: {algorithm: ES256, key: signing.pem, issuer: guiche, audience: core}',
        '    concurrency: 8',
        '    rememberedSeconds: 5',
        '  own: {kind: module, module: own.ts, options: {a: 1}}',
        'explain: {days: 7}',
        'contracts: [own]',
        'data: [one, /two, ../three]',
        'state: ../kept',
        'databaseUrl: postgresql://guiche:s3cret@db.example:5433/guiche?sslmode=verify-full',
        'redisUrl: rediss://:s3cret@cache.example/2',
        'workers: auto',
        'limits: {perMinutePerIp: 1000, perSecond: 600, trustedProxies: [10.0.0.0/8, "fd00::/8"]}',
        'admin: {host: 0.0.0.0, port: 0}',
        'metrics: {allow: [198.51.100.7, "::/0"]}',
        'cacheMegabytes: 1',
        'maxDatasetMegabytes: 2',
        'maxPageSize: 3',
        'shutdownGraceMs: 0',
        'logLevel: silent',
        'operations:',
        '  GET /a/{b}: {countedArray: /data/*/c~1d, version: 1.2.0, snapshotSeconds: 60}',
        '  POST /a:',
      ].join('\n'),
    );
    assert.deepEqual(loaded.diagnostics, []);
    assert.deepEqual(loaded.configuration, {
      listen: { host: '::1', port: 0 },
      tls: { certificate: join(root, 'public.pem'), key: '/public.key' },
      mtls: {
        host: '0.0.0.0',
        port: 8444,
        certificate: join(root, 'mtls.pem'),
        key: join(root, 'mtls.key'),
        proxy: {
          header: 'client-cert',
          format: 'rfc9440',
          thumbprints: ['abc'],
          addresses: [],
          secret: undefined,
        },
      },
      masterKeys: ['k1:AAAA'],
      institutions: {
        'open-finance': {
          name: 'Banco Exemplo',
          organisationId: '7d1a4b1e-0f77-4c57-9b3f-1e1a2a1c9d55',
          namespace: 'bancoexemplo',
          issuer: 'https://auth.banco.example',
          mtlsBase: 'https://mtls.banco.example',
          connector: undefined,
          apis: { funds: 'core' },
          login: undefined,
          customers: join(root, 'customers'),
          accent: undefined,
          passwords: undefined,
          offers: undefined,
          directory: {
            keystore: 'https://keystore.example',
            participants: undefined,
            anchors: join(root, 'anchors.pem'),
            statementIssuer: undefined,
            revocation: 'hard',
            authorities: undefined,
          },
        },
      },
      connectors: {
        core: {
          kind: 'http',
          url: 'https://core.banco.example/guiche',
          certificate: undefined,
          key: undefined,
          authorities: undefined,
          signing: {
            algorithm: 'ES256',
            key: join(root, 'signing.pem'),
            keyId: undefined,
            issuer: 'guiche',
            audience: 'core',
          },
          retries: 1,
          concurrency: 8,
          queue: 32,
          failures: 5,
          pauseSeconds: 5,
          maxAnswerMegabytes: 8,
          rememberedSeconds: 5,
        },
        own: { kind: 'module', module: join(root, 'own.ts'), options: { a: 1 }, rememberedSeconds: 0 },
      },
      explain: { days: 7 },
      baseUrl: 'https://api.banco.example',
      contracts: [join(root, 'own')],
      data: [join(root, 'one'), '/two', join(root, '../three')],
      state: join(root, '../kept'),
      databaseUrl: 'postgresql://guiche:s3cret@db.example:5433/guiche?sslmode=verify-full',
      redisUrl: 'rediss://:s3cret@cache.example/2',
      workers: 'auto',
      limits: { perMinutePerIp: 1000, perSecond: 600, trustedProxies: ['10.0.0.0/8', 'fd00::/8'] },
      admin: { host: '0.0.0.0', port: 0 },
      metrics: { allow: ['198.51.100.7', '::/0'] },
      cacheMegabytes: 1,
      maxDatasetMegabytes: 2,
      maxPageSize: 3,
      shutdownGraceMs: 0,
      logLevel: 'silent',
      operations: {
        'GET /a/{b}': { countedArray: '/data/*/c~1d', version: '1.2.0', snapshotSeconds: 60 },
      },
    } satisfies Configuration);
    assert.ok(Object.values(loaded.sources).every((source) => source === 'file'));
  });

  test('a connector that is none is told with its place', async () => {
    const wrong: [string, RegExp][] = [
      ['core: {kind: ftp}', /connectors\/core\/kind|one of folder, http, sql, module/],
      ['core: http', /one of folder, http, sql, module/],
      ['Core: {kind: folder, customers: c}', /a name such as core-system/],
      ['core: {kind: folder}', /the path of a folder/],
      ['core: {kind: http, url: https://core.example, mapping: m.yaml}', /one of kind, url/],
      ['core: {kind: sql, mapping: m.yaml, databaseUrl: mysql://db}', /postgres/],
      ['core: {kind: module, module: m.ts, rememberedSeconds: -1}', /an integer from 0 to 3600/],
    ];
    for (const [member, message] of wrong) {
      const [line = '', ...more] = lines(await loadText(`connectors:\n  ${member}\n`));
      assert.match(line, message, member);
      assert.match(line, /guiche\.yaml:2:/, member);
      assert.deepEqual(more, [], member);
    }
  });

  test('a flag overrides a variable, which overrides the file', async () => {
    const text = 'listen: {host: 10.0.0.1, port: 1}\nmaxPageSize: 1\nlogLevel: warn\n';
    const { configuration, sources } = await loadText(text, {
      env: { GUICHE_PORT: '2', GUICHE_MAX_PAGE_SIZE: '2' },
      flags: { 'listen.port': '3' },
    });
    assert.equal(configuration?.listen.host, '10.0.0.1');
    assert.equal(configuration.listen.port, 3);
    assert.equal(configuration.maxPageSize, 2);
    assert.equal(configuration.logLevel, 'warn');
    assert.equal(sources['listen.host'], 'file');
    assert.equal(sources['listen.port'], 'flag');
    assert.equal(sources.maxPageSize, 'variable');
    assert.equal(sources.baseUrl, 'default');
  });

  test('the full variable wins over the short one', async () => {
    const { configuration } = await load({
      env: { GUICHE_HOST: '10.0.0.1', GUICHE_PORT: '1', GUICHE_LISTEN_PORT: '2' },
    });
    assert.deepEqual(configuration?.listen, { host: '10.0.0.1', port: 2 });
  });

  test('every key but the databases has a variable of its own name, and these have the usual ones too', async () => {
    const { configuration, diagnostics, sources } = await load({
      env: {
        GUICHE_STATE: 'kept',
        DATABASE_URL: 'postgres://db.example/guiche',
        REDIS_URL: 'redis://cache.example',
        GUICHE_WORKERS: '4',
        GUICHE_LIMITS_PER_MINUTE_PER_IP: '501',
        GUICHE_LIMITS_PER_SECOND: '301',
        GUICHE_LIMITS_TRUSTED_PROXIES: '10.0.0.1',
        GUICHE_ADMIN_HOST: '::',
        GUICHE_ADMIN_PORT: '9000',
        GUICHE_METRICS_ALLOW: '198.51.100.0/24',
      },
    });
    assert.deepEqual(diagnostics, []);
    assert.deepEqual(configuration, {
      ...defaultsIn(join(root, 'empty')),
      state: join(root, 'empty/kept'),
      databaseUrl: 'postgres://db.example/guiche',
      redisUrl: 'redis://cache.example',
      workers: 4,
      limits: { perMinutePerIp: 501, perSecond: 301, trustedProxies: ['10.0.0.1'] },
      admin: { host: '::', port: 9000 },
      metrics: { allow: ['198.51.100.0/24'] },
    });
    assert.equal(sources.databaseUrl, 'variable');

    const both = await load({
      env: { DATABASE_URL: 'postgres://one.example', GUICHE_DATABASE_URL: 'postgres://two.example' },
    });
    assert.equal(both.configuration?.databaseUrl, 'postgres://two.example');
    const full = await load({ env: { GUICHE_REDIS_URL: 'redis://cache.example', REDIS_URL: '' } });
    assert.equal(full.configuration?.redisUrl, 'redis://cache.example');
  });

  test('a database is a URL or nothing at all', async () => {
    const { configuration } = await load({});
    assert.ok(configuration);
    const database: string | undefined = configuration.databaseUrl;
    // @ts-expect-error it may be absent
    const always: string = configuration.databaseUrl;
    const workers: number | 'auto' = configuration.workers;
    assert.deepEqual([database, always, workers], [undefined, undefined, 1]);
  });

  for (const [text, addresses] of [
    ['10.0.0.1', ['10.0.0.1']],
    ['10.0.0.1:10.1.0.0/16', ['10.0.0.1', '10.1.0.0/16']],
    ['10.0.0.1,10.1.0.0/16', ['10.0.0.1', '10.1.0.0/16']],
    [' 10.0.0.1 , ,fd00::/8,', ['10.0.0.1', 'fd00::/8']],
    ['::1', ['::1']],
    ['::', ['::']],
    ['::/0', ['::/0']],
    ['::ffff:10.0.0.1', ['::ffff:10.0.0.1']],
    ['2001:db8::1,10.0.0.1:10.0.0.2,2001:db8::/32', ['2001:db8::1', '10.0.0.1', '10.0.0.2', '2001:db8::/32']],
  ] as const) {
    test(`the addresses "${text}" in a variable`, async () => {
      const loaded = await load({ env: { GUICHE_LIMITS_TRUSTED_PROXIES: text, GUICHE_METRICS_ALLOW: text } });
      assert.deepEqual(loaded.diagnostics, []);
      assert.deepEqual(loaded.configuration?.limits.trustedProxies, addresses);
      assert.deepEqual(loaded.configuration.metrics.allow, addresses);
    });
  }

  test('a variable of separators only is an empty list: nobody reads the regulatory metrics', async () => {
    const { configuration } = await load({ env: { GUICHE_METRICS_ALLOW: ',' } });
    assert.deepEqual(configuration?.metrics.allow, []);
  });

  test('folders are not separated by commas', async () => {
    const { configuration } = await load({ env: { GUICHE_DATA: '/a,b:/c' } });
    assert.deepEqual(configuration?.data, ['/a,b', '/c']);
  });

  test('an empty variable and an absent flag count as not given', async () => {
    const loaded = await load({
      env: { GUICHE_PORT: '', GUICHE_DATA: '', GUICHE_OPERATIONS: '' },
      flags: {},
    });
    assert.deepEqual(loaded.configuration, defaultsIn(join(root, 'empty')));
    assert.equal(loaded.sources.data, 'default');
  });

  test('paths start at the file, or at the current folder in a variable or a flag', async () => {
    await mkdir(join(root, 'etc'), { recursive: true });
    await writeFile(join(root, 'etc/holder.yaml'), 'contracts: own\n');
    const request = { file: 'etc/holder.yaml', flags: {}, env: {}, cwd: root };
    const { configuration, file } = await loadConfiguration(request);
    assert.equal(file, join(root, 'etc/holder.yaml'));
    assert.deepEqual(configuration?.contracts, [join(root, 'etc/own')]);
    assert.deepEqual(configuration.data, [join(root, 'etc/data')]);

    const variable = await loadConfiguration({ ...request, env: { GUICHE_DATA: 'a:/b::' } });
    assert.deepEqual(variable.configuration?.data, [join(root, 'a'), '/b']);
    const flag = await loadConfiguration({ ...request, flags: { data: ['a:b', '/c'] } });
    assert.deepEqual(flag.configuration?.data, [join(root, 'a:b'), '/c']);
    const single = await loadConfiguration({ ...request, flags: { data: 'a' } });
    assert.deepEqual(single.configuration?.data, [join(root, 'a')]);
  });

  test('GUICHE_OPERATIONS holds JSON and replaces the map of the file', async () => {
    const { configuration } = await loadText('operations: {GET /a: {version: 1.0.0}}', {
      env: { GUICHE_OPERATIONS: '{"GET /b":{"version":"2.0.0"}}' },
    });
    assert.deepEqual(configuration?.operations, { 'GET /b': { version: '2.0.0' } });
  });

  test('the configuration is frozen all the way down', async () => {
    const { configuration } = await loadText('operations: {GET /a: {version: 1.0.0}}');
    assert.ok(configuration);
    const port: number = configuration.listen.port;
    assert.equal(port, 3000);
    assert.throws(() => Object.assign(configuration, { baseUrl: '' }), TypeError);
    assert.throws(() => Object.assign(configuration.listen, { port: 1 }), TypeError);
    assert.throws(() => Object.assign(configuration.data, ['x']), TypeError);
    assert.throws(() => Object.assign(configuration.operations['GET /a'] ?? {}, { version: '' }), TypeError);
  });

  test('anchors and aliases are followed', async () => {
    const { configuration } = await loadText('contracts: &folders [a]\ndata: *folders\n');
    assert.deepEqual(configuration?.data, [join(root, 'a')]);
  });
});

describe('the file itself', () => {
  test('named and missing', async () => {
    assert.deepEqual(lines(await load({ file: 'none.yaml' })), [
      'none.yaml:0:0 error config-missing-file / cannot be read: no such file',
    ]);
  });

  test('named but a folder, or no name a file can have', async () => {
    assert.deepEqual(lines(await load({ file: '.' })), [
      '.:0:0 error config-missing-file / cannot be read: it is a folder',
    ]);
    for (const file of ['', 'a\0b', 'guiche.yaml/below'])
      assert.equal((await load({ file })).diagnostics[0]?.code, 'config-missing-file', file);
  });

  test('found in the current folder but unreadable', async () => {
    const cwd = join(root, 'taken');
    await mkdir(join(cwd, 'guiche.yaml'), { recursive: true });
    assert.deepEqual(lines(await load({ cwd })), [
      'guiche.yaml:0:0 error config-missing-file / cannot be read: it is a folder',
    ]);
  });

  test('larger than any configuration, even when its size is unknown', async () => {
    const tooLarge = 'guiche.yaml:0:0 error config-missing-file / cannot be read: larger than 1 MiB';
    assert.deepEqual(lines(await loadText('#'.repeat(2 ** 20 + 1))), [tooLarge]);
    assert.deepEqual(lines(await loadText('#'.repeat(2 ** 20))), []);
  });

  for (const [name, content, line] of [
    ['not YAML', 'listen: [1\n', /^guiche\.yaml:2:1 error config-syntax \/ not valid YAML: /],
    [
      'a tab as indent',
      'listen:\n\tport: 1\n',
      /^guiche\.yaml:2:\d+ error config-syntax \/ not valid YAML: /,
    ],
    ['a tag that builds an object', 'data: !!js/function x', /^guiche\.yaml:1:\d+ error config-syntax /],
    ['two documents', 'logLevel: info\n---\nlogLevel: warn\n', /^guiche\.yaml:0:0 error config-syntax /],
    [
      'a key given twice',
      'logLevel: info\ndata: a\nlogLevel: warn\n',
      /^guiche\.yaml:3:1 error config-syntax \/ this key is already given above$/,
    ],
    [
      'a key given twice in a section',
      'listen:\n  port: 1\n  port: 1\n',
      /^guiche\.yaml:3:3 error config-syntax /,
    ],
    [
      'UTF-16',
      Buffer.from('\uFEFFlogLevel: info', 'utf16le'),
      /:0:0 error config-syntax \/ expected YAML in UTF-8/,
    ],
    ['bottomless nesting', '['.repeat(500_000), /^guiche\.yaml:\d+:\d+ error config-syntax /],
    [
      'a list',
      '- a\n- b\n',
      /^guiche\.yaml:1:1 error config-value \/ expected a map of settings, got a list$/,
    ],
    [
      'a word',
      '\n  hello',
      /^guiche\.yaml:2:3 error config-value \/ expected a map of settings, got "hello"$/,
    ],
  ] as const) {
    test(name, async () => {
      const found = lines(await loadText(content));
      assert.equal(found.length, 1);
      assert.match(found[0] ?? '', line);
    });
  }

  test('aliases that multiply are not expanded', async () => {
    const levels = Array.from({ length: 40 }, (_, n) => `- &l${n + 1} [${`*l${n},`.repeat(10)}]`);
    const found = lines(await loadText(`data:\n- &l0 [x]\n${levels.join('\n')}\n`));
    assert.equal(found.length, 41);
    assert.equal(
      found[1],
      'guiche.yaml:3:7 error config-value /data/1 expected the path of a folder, got a list',
    );
  });

  test('faults without number are still only faults', async () => {
    assert.equal((await loadText(`data: [${'1,'.repeat(150_000)}]`)).diagnostics.length, 150_000);
  });

  test('an alias to its own parent is refused like any other map', async () => {
    assert.match(
      lines(await loadText('listen: &l\n  host: *l\n'))[0] ?? '',
      /^guiche\.yaml:2:9 .* got a map$/,
    );
  });
});

describe('keys', () => {
  for (const [content, ...expected] of [
    ['dta: a', '1:1 error config-unknown-key /dta unknown key "dta"; did you mean "data"?'],
    ['base_url: x', '1:1 error config-unknown-key /base_url unknown key "base_url"; did you mean "baseUrl"?'],
    ['port: 1', '1:1 error config-unknown-key /port unknown key "port"; did you mean "port" under "listen"?'],
    [
      'listen.port: 1',
      '1:1 error config-unknown-key /listen.port unknown key "listen.port"; did you mean "port" under "listen"?',
    ],
    [
      'listen:\n  host: a\n  prot: 1',
      '3:3 error config-unknown-key /listen/prot unknown key "prot"; did you mean "port" under "listen"?',
    ],
    [
      'listen: {data: a}',
      '1:10 error config-unknown-key /listen/data unknown key "data"; did you mean "data" at the top level?',
    ],
    [
      'listen: {tls: 1}',
      '1:10 error config-unknown-key /listen/tls unknown key "tls"; did you mean "tls" at the top level?',
    ],
    [
      'admin:\n  prot: 1',
      '2:3 error config-unknown-key /admin/prot unknown key "prot"; did you mean "port" under "admin"?',
    ],
    [
      'trusted_proxies: []',
      '1:1 error config-unknown-key /trusted_proxies unknown key "trusted_proxies"; did you mean "trustedProxies" under "limits"?',
    ],
    [
      'limits: {allow: []}',
      '1:10 error config-unknown-key /limits/allow unknown key "allow"; did you mean "allow" under "metrics"?',
    ],
    ['metrics: [10.0.0.1]', '1:10 error config-value /metrics expected a map with allow, got a list'],
    [
      'limits: 500',
      '1:9 error config-value /limits expected a map with perMinutePerIp, perSecond, trustedProxies, got 500',
    ],
    [
      'databaseURL: postgres://guiche:s3cret@db.example',
      '1:1 error config-unknown-key /databaseURL unknown key "databaseURL"; did you mean "databaseUrl"?',
    ],
    [
      'zzz: 1\nlisten: 3000',
      '1:1 error config-unknown-key /zzz unknown key "zzz"; expected one of listen, tls, mtls, masterKeys, institutions, connectors, explain, baseUrl, contracts, data, ' +
        'state, databaseUrl, redisUrl, workers, limits, admin, metrics, ' +
        'cacheMegabytes, maxDatasetMegabytes, maxPageSize, shutdownGraceMs, logLevel, operations',
      '2:9 error config-value /listen expected a map with host, port, got 3000',
    ],
    ['a/b~c: 1', /^1:1 error config-unknown-key \/a~1b~0c /],
    ['__proto__: {port: 1}', /^1:1 error config-unknown-key \/__proto__ /],
    ['constructor: 1', /^1:1 error config-unknown-key \/constructor /],
    ['? [1, 2]\n: 3', /^1:\d error config-unknown-key \/1,2 /],
    ['<<: {port: 1}', /^1:1 error config-unknown-key \/<< /],
  ] as const) {
    test(JSON.stringify(content), async () => {
      const found = lines(await loadText(content)).map((line) => line.replace(/^guiche\.yaml:/, ''));
      assert.equal(found.length, expected.length, found.join('\n'));
      for (const [index, wanted] of expected.entries())
        typeof wanted === 'string'
          ? assert.equal(found[index], wanted)
          : assert.match(found[index] ?? '', wanted);
    });
  }
});

describe('values in the file', () => {
  for (const [content, expected] of [
    [
      'listen: {host: 1}',
      '1:16 error config-value /listen/host expected a host name or an IP address, got 1',
    ],
    ['listen: {host: "a b"}', /\/listen\/host .* got "a b"$/],
    ['listen: {host: "[::1]"}', /\/listen\/host .* got "\[::1\]"$/],
    ['listen: {host: "localhost:3000"}', /\/listen\/host /],
    ['listen: {host: ""}', /\/listen\/host .* got ""$/],
    [
      'listen:\n  port: "3000"',
      '2:9 error config-value /listen/port expected an integer from 0 to 65535, got "3000"',
    ],
    ['listen: {port: -1}', /\/listen\/port .* got -1$/],
    ['listen: {port: 65536}', /\/listen\/port .* got 65536$/],
    ['listen: {port: 80.5}', /\/listen\/port .* got 80\.5$/],
    ['listen: {port: .nan}', /\/listen\/port .* got NaN$/],
    ['listen: {port: true}', /\/listen\/port .* got true$/],
    ['listen: {port: [1]}', /\/listen\/port .* got a list$/],
    [
      'baseUrl: ftp://api.example',
      '1:10 error config-value /baseUrl expected an origin such as https://api.guiche.example, got "ftp://api.example"',
    ],
    ['baseUrl: api.example', /\/baseUrl /],
    ['baseUrl: http://api.example/open', /\/baseUrl /],
    ['baseUrl: https://api.example/open', /\/baseUrl /],
    ['baseUrl: https://api.example?a', /\/baseUrl /],
    ['baseUrl: "https://api.example#a"', /\/baseUrl /],
    ['baseUrl: "https://api .example"', /\/baseUrl /],
    ['baseUrl: https://api.example:99999', /\/baseUrl /],
    ['baseUrl: https://', /\/baseUrl /],
    ['baseUrl: https://u:s3cret@api.example', /\/baseUrl .* got "https:\/\/u:\*\*\*@api\.example"$/],
    ['contracts: {a: 1}', '1:12 error config-value /contracts expected a list of folders, got a map'],
    ['data: 1', '1:7 error config-value /data expected a list of folders, got 1'],
    ['data:\n  - a\n  - 2', '3:5 error config-value /data/1 expected the path of a folder, got 2'],
    ['data: [a, null]', '1:11 error config-value /data/1 expected the path of a folder, got nothing'],
    ['data:\n-', /^2:\d error config-value \/data\/0 /],
    ['data: ""', '1:7 error config-value /data expected the path of a folder, got ""'],
    ['data: ["a\\0b"]', /\/data\/0 /],
    ['state: 1', '1:8 error config-value /state expected the path of a folder, got 1'],
    ['state: ""', /\/state expected the path of a folder, got ""$/],
    ['state: [a]', /\/state expected the path of a folder, got a list$/],
    ['state: "a\\0b"', /\/state /],
    [
      'databaseUrl: mysql://guiche:s3cret@db.example',
      '1:14 error config-value /databaseUrl expected a URL that starts with postgres:// or postgresql://, got ***',
    ],
    ['databaseUrl: db.example', /\/databaseUrl .* got \*\*\*$/],
    ['databaseUrl: postgres:db.example', /\/databaseUrl .* got \*\*\*$/],
    ['databaseUrl: postgres://db example', /\/databaseUrl .* got \*\*\*$/],
    ['databaseUrl: ""', /\/databaseUrl .* got \*\*\*$/],
    ['databaseUrl: 5432', /\/databaseUrl .* got \*\*\*$/],
    ['databaseUrl: [postgres://db.example]', /\/databaseUrl .* got \*\*\*$/],
    [
      'redisUrl: https://cache.example',
      '1:11 error config-value /redisUrl expected a URL that starts with redis:// or rediss://, got ***',
    ],
    ['redisUrl: cache.example:6379', /\/redisUrl .* got \*\*\*$/],
    ['workers: 0', '1:10 error config-value /workers expected an integer from 1 to 256, or auto, got 0'],
    ['workers: 257', /\/workers .* got 257$/],
    ['workers: 1.5', /\/workers .* got 1\.5$/],
    ['workers: "2"', /\/workers .* got "2"$/],
    ['workers: AUTO', /\/workers .* got "AUTO"; did you mean "auto"\?$/],
    ['workers: true', /\/workers .* got true$/],
    [
      'limits: {perMinutePerIp: 0}',
      '1:26 error config-value /limits/perMinutePerIp expected an integer of at least 1, got 0',
    ],
    ['limits: {perSecond: "300"}', /\/limits\/perSecond expected an integer of at least 1, got "300"$/],
    [
      'limits:\n  trustedProxies:\n    - 10.0.0.1\n    - proxy.example',
      '4:7 error config-value /limits/trustedProxies/1 expected an address such as 10.0.0.1 or a range such as 10.0.0.0/8, got "proxy.example"',
    ],
    ['limits: {trustedProxies: {}}', /\/limits\/trustedProxies expected a list of addresses, got a map$/],
    ['limits: {trustedProxies: 10.0.0.0/33}', /\/limits\/trustedProxies .* got "10\.0\.0\.0\/33"$/],
    ['limits: {trustedProxies: ["::/129"]}', /\/limits\/trustedProxies\/0 .* got "::\/129"$/],
    ['limits: {trustedProxies: [10.0.0.0/8/8]}', /\/limits\/trustedProxies\/0 /],
    ['limits: {trustedProxies: [10.0.0.0/]}', /\/limits\/trustedProxies\/0 /],
    ['limits: {trustedProxies: [10.0.0.0/-1]}', /\/limits\/trustedProxies\/0 /],
    ['limits: {trustedProxies: [10.0.0]}', /\/limits\/trustedProxies\/0 .* got "10\.0\.0"$/],
    ['limits: {trustedProxies: ["fe80::1%eth0"]}', /\/limits\/trustedProxies\/0 /],
    ['limits: {trustedProxies: [10]}', /\/limits\/trustedProxies\/0 .* got 10$/],
    ['limits: {trustedProxies: "10.0.0.1,10.0.0.2"}', /\/limits\/trustedProxies /],
    ['admin: {host: "127.0.0.1:3001"}', /\/admin\/host expected a host name or an IP address, /],
    ['admin: {port: 65536}', /\/admin\/port expected an integer from 0 to 65535, got 65536$/],
    ['metrics: {allow: [any]}', /\/metrics\/allow\/0 expected an address .* got "any"$/],
    ['metrics: {allow: true}', /\/metrics\/allow expected a list of addresses, got true$/],
    ['cacheMegabytes: 0', /\/cacheMegabytes expected an integer of at least 1, got 0$/],
    ['maxDatasetMegabytes: 1e300', /\/maxDatasetMegabytes expected an integer of at least 1, got 1e\+300$/],
    ['maxPageSize: 1001', /\/maxPageSize expected an integer from 1 to 1000, got 1001$/],
    ['maxPageSize: 0', /\/maxPageSize /],
    ['shutdownGraceMs: 2147483648', /\/shutdownGraceMs expected an integer from 0 to 2147483647, /],
    [
      'logLevel: warning',
      '1:11 error config-value /logLevel expected one of trace, debug, info, warn, error, silent, got "warning"; did you mean "warn"?',
    ],
    ['logLevel: INFO', /did you mean "info"\?$/],
    ['logLevel: 3', /\/logLevel .* got 3$/],
    [`logLevel: ${'x'.repeat(9999)}`, /got "x{79}…"$/],
    ['operations: [GET /a]', /\/operations expected a map from operations .* got a list$/],
    [
      'operations: {get /a: {}}',
      '1:14 error config-unknown-key /operations/get ~1a unknown key "get /a"; did you mean "GET /a"?',
    ],
    [
      'operations: {/a: {}}',
      /^1:14 error config-unknown-key \/operations\/~1a .* expected a method and a full path/,
    ],
    ['operations: {GET /a?b=1: {}}', /config-unknown-key/],
    [
      'operations: {GET /a: 1.0.0}',
      /^1:22 error config-value \/operations\/GET ~1a expected a map with some of /,
    ],
    [
      'operations:\n  GET /a:\n    countedAray: /data',
      '3:5 error config-unknown-key /operations/GET ~1a/countedAray unknown key "countedAray"; did you mean "countedArray"?',
    ],
    [
      'operations: {GET /a: {page: 1}}',
      /unknown key "page"; expected one of brokenRecords, countedArray, snapshotSeconds, version$/,
    ],
    [
      'operations:\n  GET /a:\n    version: 1.2',
      '3:14 error config-value /operations/GET ~1a/version expected a version in quotes such as "1.2.0", got 1.2',
    ],
    ['operations: {GET /a: {version: v1.2.0}}', /\/version /],
    ['operations: {GET /a: {version: 01.2.0}}', /\/version /],
    ['operations: {GET /a: {countedArray: data}}', /\/countedArray expected a JSON pointer such as /],
    ['operations: {GET /a: {countedArray: /}}', /\/countedArray /],
    ['operations: {GET /a: {countedArray: /a~2}}', /\/countedArray /],
    ['operations: {GET /a: {countedArray: 1}}', /\/countedArray .* got 1$/],
  ] as const) {
    test(JSON.stringify(content.slice(0, 80)), async () => {
      const [found = '', ...others] = lines(await loadText(content));
      assert.deepEqual(others, []);
      const line = found.replace(/^guiche\.yaml:/, '');
      typeof expected === 'string' ? assert.equal(line, expected) : assert.match(line, expected);
    });
  }

  test('a fault inside an alias is pointed at where the alias stands', async () => {
    const text = 'operations:\n  GET /a: &o {version: 1.0.0, x: 1}\n  GET /b: *o\n';
    assert.deepEqual(
      (await loadText(text)).diagnostics.map(({ line, column, pointer }) => [line, column, pointer]),
      [
        [2, 31, '/operations/GET ~1a/x'],
        [3, 11, '/operations/GET ~1b/x'],
      ],
    );
  });

  test('everything wrong is found in one run, in the order of the file, then variables and flags', async () => {
    const found = await loadText('logLevel: loud\nzzz: 1\nlisten: {port: x}\n', {
      env: { GUICHE_PORT: 'y' },
      flags: { 'listen.port': 'z' },
    });
    assert.deepEqual(
      found.diagnostics.map(({ file, line, pointer }) => [file, line, pointer]),
      [
        ['guiche.yaml', 1, '/logLevel'],
        ['guiche.yaml', 2, '/zzz'],
        ['guiche.yaml', 3, '/listen/port'],
        ['$GUICHE_PORT', 0, '/listen/port'],
        ['--port', 0, '/listen/port'],
      ],
    );
  });

  test('a wrong value stops the start even where a flag overrides it', async () => {
    const found = lines(await loadText('listen: {port: x}', { flags: { 'listen.port': '1' } }));
    assert.equal(found.length, 1);
  });
});

describe('variables and flags', () => {
  for (const [request, expected] of [
    [
      { env: { GUICHE_PORT: 'http' } },
      '$GUICHE_PORT:0:0 error config-value /listen/port expected an integer from 0 to 65535, got "http"',
    ],
    [{ env: { GUICHE_LISTEN_PORT: '99999' } }, /^\$GUICHE_LISTEN_PORT:0:0 .* got 99999$/],
    [{ env: { GUICHE_CACHE_MEGABYTES: '1e3' } }, /got "1e3"$/],
    [{ env: { GUICHE_CACHE_MEGABYTES: ' 1' } }, /got " 1"$/],
    [
      { env: { DATABASE_URL: 'mysql://guiche:s3cret@db.example' } },
      '$DATABASE_URL:0:0 error config-value /databaseUrl expected a URL that starts with postgres:// or postgresql://, got ***',
    ],
    [{ env: { REDIS_URL: 's3cret' } }, /^\$REDIS_URL:0:0 error config-value \/redisUrl .* got \*\*\*$/],
    [{ flags: { databaseUrl: 's3cret' } }, /^--databaseUrl:0:0 .* got \*\*\*$/],
    [
      { env: { GUICHE_DATABSE_URL: 'x' } },
      '$GUICHE_DATABSE_URL:0:0 warning config-unknown-key / no setting has this variable; did you mean GUICHE_DATABASE_URL?',
    ],
    [{ env: { GUICHE_WORKERS: 'all' } }, /^\$GUICHE_WORKERS:0:0 .* got "all"/],
    [{ flags: { workers: 'auot' } }, /^--workers:0:0 .* got "auot"; did you mean "auto"\?$/],
    [{ flags: { state: '' } }, '--state:0:0 error config-value /state expected the path of a folder, got ""'],
    [
      { env: { GUICHE_METRICS_ALLOW: '::1:10.0.0.0/8,any' } },
      /^\$GUICHE_METRICS_ALLOW:0:0 .* \/metrics\/allow\/1 .* got "any"$/,
    ],
    [
      { env: { GUICHE_METRICS_ALLOW: 'fd00::/8:10.0.0.0/8' } },
      /\/metrics\/allow\/0 expected an address .* got "fd00::\/8:10\.0\.0\.0\/8"$/,
    ],
    [{ env: { GUICHE_LOG_LEVEL: 'off' } }, /^\$GUICHE_LOG_LEVEL:0:0 error config-value \/logLevel /],
    [{ env: { GUICHE_OPERATIONS: '{' } }, /^\$GUICHE_OPERATIONS:0:0 .* got "\{"$/],
    [{ env: { GUICHE_OPERATIONS: '{"GET /a":{"version":2}}' } }, /\/operations\/GET ~1a\/version .* got 2$/],
    [{ env: { GUICHE_OPERATIONS: '{"__proto__":{"version":"1.0.0"}}' } }, /config-unknown-key/],
    [
      { flags: { 'listen.port': '' } },
      '--port:0:0 error config-value /listen/port expected an integer from 0 to 65535, got ""',
    ],
    [{ flags: { 'listen.port': ['1', '2'] } }, /^--port:0:0 .* got a list$/],
    [
      { flags: { data: ['a', ''] } },
      '--data:0:0 error config-value /data/1 expected the path of a folder, got ""',
    ],
    [{ flags: { baseUrl: 'x' } }, /^--base-url:0:0 error config-value \/baseUrl /],
    [
      { flags: { prot: '1' } },
      '--prot:0:0 error config-unknown-key /prot unknown key "prot"; expected a setting',
    ],
    [
      { env: { GUICHE_LISTEN_PROT: '1' } },
      '$GUICHE_LISTEN_PROT:0:0 warning config-unknown-key / no setting has this variable; did you mean GUICHE_LISTEN_PORT?',
    ],
    [
      { env: { GUICHE_BASEURL: 'x' } },
      '$GUICHE_BASEURL:0:0 warning config-unknown-key / no setting has this variable; did you mean GUICHE_BASE_URL?',
    ],
    [
      { env: { GUICHE_ZZZ: 'x' } },
      '$GUICHE_ZZZ:0:0 warning config-unknown-key / no setting has this variable',
    ],
  ] as const) {
    test(JSON.stringify(request), async () => {
      const [found = '', ...others] = lines(await load(request));
      assert.deepEqual(others, []);
      typeof expected === 'string' ? assert.equal(found, expected) : assert.match(found, expected);
    });
  }

  for (const baseUrl of ['http://127.0.0.1:3000', 'HTTP://Holder.example:80/']) {
    test(`the base URL ${baseUrl}`, async () => {
      const { configuration, diagnostics } = await load({ flags: { baseUrl } });
      assert.deepEqual(diagnostics, []);
      assert.equal(configuration?.baseUrl, new URL(baseUrl).origin);
    });
  }

  test('the variables that Kubernetes adds for a service called guiche mean nothing', async () => {
    const loaded = await load({
      env: {
        GUICHE_PORT: 'tcp://10.0.0.7:80',
        GUICHE_PORT_80_TCP: 'tcp://10.0.0.7:80',
        GUICHE_PORT_80_TCP_ADDR: '10.0.0.7',
        GUICHE_PORT_80_TCP_PORT: '80',
        GUICHE_PORT_80_TCP_PROTO: 'tcp',
        GUICHE_SERVICE_HOST: '10.0.0.7',
        GUICHE_SERVICE_PORT: '80',
        GUICHE_SERVICE_PORT_HTTP: '80',
      },
    });
    assert.deepEqual(loaded.diagnostics, []);
    assert.deepEqual(loaded.configuration, defaultsIn(join(root, 'empty')));
  });

  test('variables of other programs are left alone', async () => {
    assert.deepEqual(
      (await load({ env: { PATH: '/bin', MY_GUICHE_PORT: 'x', GUICHE: 'x' } })).diagnostics,
      [],
    );
  });
});

describe('no input makes it throw', () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.stringMatching(/^([-?:,[\]{}#&*!|>'"%@`a<\n \t~0.]{1,6})*$/),
    fc.json(),
  );

  test('arbitrary bytes', () =>
    fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async (bytes) => {
        lines(await loadText(bytes));
      }),
      { numRuns: 300 },
    ));

  test('arbitrary YAML', () =>
    fc.assert(
      fc.asyncProperty(text, async (content) => {
        lines(await loadText(content));
      }),
      { numRuns: 500 },
    ));

  test('arbitrary values of known keys', () =>
    fc.assert(
      fc.asyncProperty(
        fc.dictionary(
          fc.constantFrom(...SETTINGS.map(({ path }) => path.split('.')[0] ?? '')),
          fc.jsonValue(),
        ),
        async (content) => {
          lines(await loadText(JSON.stringify(content)));
        },
      ),
      { numRuns: 300 },
    ));

  test('arbitrary variables and flags', () =>
    fc.assert(
      fc.asyncProperty(
        fc.dictionary(fc.constantFrom(...SETTINGS.map(({ path }) => path)), fc.oneof(text, fc.array(text))),
        fc.dictionary(
          fc.constantFrom(
            'GUICHE_PORT',
            'GUICHE_DATA',
            'GUICHE_OPERATIONS',
            'GUICHE_METRICS_ALLOW',
            'GUICHE_WORKERS',
            'DATABASE_URL',
            'GUICHE_X',
          ),
          text,
        ),
        async (flags, env) => {
          lines(await load({ flags, env }));
        },
      ),
      { numRuns: 300 },
    ));
});
