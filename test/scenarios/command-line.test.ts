import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { madeUpContract, madeUpData, makeThings, THINGS } from '../support/made-up-contract.ts';
import { type EndedCommand, runGuiche, serveGuiche } from '../support/run-guiche.ts';
import { sendRequest } from '../support/send-request.ts';
import { temporaryFolder, writeBelow } from '../support/temporary-folder.ts';

const ROOT = join(import.meta.dirname, '../..');
const BROKEN = `{
  "data": [
    { "code": "T1", "colour": "AZUL" },
    { "code": "T2", "colour": "AZULL" },
    { "colour": "VERDE" }
  ]
}
`;
const FAULTS = [
  `data/${THINGS}.json:4:31 error data-enum /data/1/colour expected one of AZUL, VERDE, found "AZULL"; did you mean "AZUL"?`,
  `data/${THINGS}.json:5:5 error data-required /data/2 the field "code" is missing`,
];
const OTHER = 'open-insurance/made-up/v1/others';

/** The folder of an operator: configuration, a contract of two products, and data. */
function operatorFolder(things: unknown, configuration: object = {}): string {
  const folder = temporaryFolder();
  writeBelow(folder, 'contracts/things.json', madeUpContract());
  writeBelow(folder, 'contracts/others.json', madeUpContract({ path: '/others' }));
  writeBelow(folder, `data/${THINGS}.json`, things);
  writeBelow(folder, `data/${OTHER}.json`, madeUpData('flat', [makeThings(2)]));
  writeBelow(folder, 'guiche.yaml', {
    listen: { port: 0 },
    admin: { port: 0 },
    baseUrl: 'https://api.banco.example',
    contracts: ['./contracts'],
    ...configuration,
  });
  return folder;
}

function linesOf(text: string): string[] {
  return text.split('\n').filter((line) => line !== '');
}

const TWO_AT_ONCE = { concurrency: 2 };

describe('given a person at the command line', TWO_AT_ONCE, () => {
  it('when help is asked for, then the commands are listed and the status is 0', async () => {
    const { status, stdout, stderr } = await runGuiche(['--help'], { cwd: ROOT });
    assert.equal(status, 0);
    assert.equal(stderr, '');
    for (const command of ['serve', 'check', 'routes'])
      assert.match(stdout, new RegExp(`^ +${command} `, 'm'));
  });

  it('when help on a command is asked for, then its flags are listed', async () => {
    const { status, stdout } = await runGuiche(['serve', '--help'], { cwd: ROOT });
    assert.equal(status, 0);
    for (const flag of ['--config', '--port', '--host', '--base-url', '--contracts', '--data', '--lenient']) {
      assert.match(stdout, new RegExp(` ${flag} ?`), flag);
    }
  });

  for (const { given, args, line } of [
    { given: 'an unknown flag', args: ['serve', '--bogus'], line: /^guiche: unknown option '--bogus'/ },
    { given: 'a flag nearly right', args: ['serve', '--prot', '1'], line: /--port/ },
    { given: 'an unknown command', args: ['serv'], line: /^guiche: unknown command 'serv'/ },
    { given: 'a flag without its value', args: ['check', '--config'], line: /--config/ },
    { given: 'an unknown format', args: ['check', '--format', 'xml'], line: /text, json/ },
    { given: 'too many arguments', args: ['routes', 'please'], line: /too many arguments/ },
  ]) {
    it(`when ${given} is given, then stderr says so in a line and the status is 2`, async () => {
      const { status, stdout, stderr } = await runGuiche(args, { cwd: ROOT });
      assert.equal(status, 2);
      assert.equal(stdout, '');
      assert.match(stderr, line);
      const [, ...others] = linesOf(stderr);
      assert.ok(
        others.length === 0 || (others.length === 1 && others[0]?.startsWith('(Did you mean')),
        stderr,
      );
    });
  }

  it('when a configuration file is named that is not there, then the status is 2', async () => {
    const { status, stderr } = await runGuiche(['serve', '--config', 'nope.yaml'], { cwd: ROOT });
    assert.equal(status, 2);
    assert.match(stderr, /^nope\.yaml:0:0 error config-missing-file \/ cannot be read: no such file$/m);
  });

  it('when the configuration has a key nearly right, then its place and the right key are named', async () => {
    const folder = temporaryFolder();
    writeBelow(folder, 'guiche.yaml', 'baseUrl: https://api.banco.example\nlisen:\n  port: 1\n');
    const { status, stdout } = await runGuiche(['check'], { cwd: folder });
    assert.equal(status, 1);
    const line =
      'guiche.yaml:2:1 error config-unknown-key /lisen unknown key "lisen"; did you mean "listen"?';
    assert.ok(linesOf(stdout).includes(line), stdout);
  });
});

describe('given the examples', TWO_AT_ONCE, () => {
  it('when they are checked, then there is nothing to say and the status is 0', async () => {
    const { status, stdout } = await runGuiche(['check', '--config', 'examples/guiche.yaml'], { cwd: ROOT });
    assert.equal(status, 0);
    assert.match(stdout, /^baseUrl +file +https:\/\/api\.guiche\.example$/m);
    assert.match(
      stdout,
      /^no errors, 0 warnings, \d+ notes; \d+ contracts with \d+ operations, \d+ datasets/m,
    );
  });

  it('when routes are listed as text, then each line tells what answers', async () => {
    const { status, stdout } = await runGuiche(['routes', '--config', 'examples/guiche.yaml'], { cwd: ROOT });
    assert.equal(status, 0);
    const [heading, ...lines] = linesOf(stdout);
    assert.match(
      heading as string,
      /^METHOD +PATH +KIND +VERSION +TIER +SCOPE +PERMISSION +COUNTED +ANSWERED FROM$/,
    );
    const branches = lines.find((line) => line.includes('/open-banking/channels/v2/branches '));
    assert.match(
      branches as string,
      /^GET .* open-data +2\.0\.1 +medium .* \/data +examples\/bank\/.*branches\.json$/,
    );
    assert.ok(lines.some((line) => / consents .* not served: /.test(line)));
  });

  it('when routes are listed as JSON, then every operation has every member', async () => {
    const { stdout } = await runGuiche(['routes', '--config', 'examples/guiche.yaml', '--format', 'json'], {
      cwd: ROOT,
    });
    const rows = JSON.parse(stdout);
    assert.ok(rows.length > 40);
    for (const row of rows) {
      assert.deepEqual(Object.keys(row), [
        'method',
        'path',
        'kind',
        'version',
        'tier',
        'scopes',
        'permissions',
        'countedArray',
        'files',
        'dataset',
        'served',
        'reason',
        'contract',
      ]);
      assert.equal(row.served, row.reason === null);
    }
  });
});

describe('given a data file with two faults', TWO_AT_ONCE, () => {
  const folder = operatorFolder(BROKEN);
  writeBelow(folder, 'data/open-insurance/made-up/v1/thngs.json', '[]');

  it('when it is checked, then each fault is one line with its place, and a near miss its suggestion', async () => {
    const { status, stdout } = await runGuiche(['check'], { cwd: folder });
    assert.equal(status, 1);
    const found = linesOf(stdout).filter((line) => / (error|warning) /.test(line));
    assert.deepEqual(found, [
      ...FAULTS,
      `data/open-insurance/made-up/v1/thngs.json:0:0 warning data-no-endpoint / belongs to no endpoint; did you mean ${THINGS}.json?`,
    ]);
    assert.match(stdout, /^2 errors, 1 warnings, \d+ notes; /m);
  });

  it('when it is checked as JSON, then the same stands in members', async () => {
    const { status, stdout } = await runGuiche(['check', '--format', 'json'], { cwd: folder });
    assert.equal(status, 1);
    const { configuration, diagnostics, datasets, summary } = JSON.parse(stdout);
    assert.deepEqual(
      configuration.find(({ key }: { key: string }) => key === 'baseUrl'),
      { key: 'baseUrl', value: 'https://api.banco.example', source: 'file' },
    );
    assert.deepEqual(diagnostics[0], {
      file: `data/${THINGS}.json`,
      line: 4,
      column: 31,
      severity: 'error',
      code: 'data-enum',
      pointer: '/data/1/colour',
      message: 'expected one of AZUL, VERDE, found "AZULL"; did you mean "AZUL"?',
    });
    assert.deepEqual(datasets, [{ dataset: OTHER, records: 2 }]);
    const { errors, warnings, records } = summary;
    assert.deepEqual({ errors, warnings, records }, { errors: 2, warnings: 1, records: 2 });
  });

  it('when it is to be served, then it is not, and the reason is on stderr', async () => {
    const { status, stderr } = await runGuiche(['serve'], { cwd: folder });
    assert.equal(status, 1);
    assert.deepEqual(linesOf(stderr), [
      ...FAULTS,
      'guiche: cannot start: 2 errors; --lenient serves what is sound',
    ]);
  });

  it('when it is served leniently, then its endpoint answers 404 and the others are served', async () => {
    const { port, signal, ended } = await serveGuiche(['--lenient'], { cwd: folder });
    assert.equal((await sendRequest(port, { path: `/${THINGS}` })).status, 404);
    assert.equal((await sendRequest(port, { path: `/${OTHER}` })).json().data.length, 2);
    signal('SIGTERM');
    const { status, stdout } = await ended;
    assert.equal(status, 0);
    for (const fault of FAULTS) assert.ok(stdout.includes(JSON.stringify(fault).slice(1, -1)), stdout);
  });
});

describe('given sound data', TWO_AT_ONCE, () => {
  const soundFolder = () => operatorFolder(madeUpData('flat', [makeThings(3)]));

  it('when it is served, then JSON lines say where, and SIGTERM and SIGINT stop it with status 0', async () => {
    const folder = soundFolder();
    for (const name of ['SIGTERM', 'SIGINT'] as const) {
      const { line, port, signal, ended } = await serveGuiche([], { cwd: folder });
      assert.deepEqual(line.listening, [`http://127.0.0.1:${port}`]);
      assert.equal(line.level, 'info');
      assert.equal(new Date(line.time).toISOString(), line.time);
      assert.equal((await sendRequest(port, { path: `/${THINGS}` })).json().data.length, 3);
      signal(name);
      const { status, stdout, stderr } = await ended;
      assert.equal(status, 0, stderr);
      assert.equal(stderr, '');
      const messages = linesOf(stdout).map((text) => JSON.parse(text).msg);
      assert.equal(messages.at(-1), 'stopped');
    }
  });

  it('when flags and variables are given, then flags override variables and these the file', async () => {
    const env = { GUICHE_BASE_URL: 'https://variable.example', GUICHE_MAX_PAGE_SIZE: '2' };
    const { port, signal, ended } = await serveGuiche(['--base-url', 'https://flag.example'], {
      cwd: soundFolder(),
      env,
    });
    const { links } = (await sendRequest(port, { path: `/${THINGS}` })).json();
    assert.equal(links.self, `https://flag.example/${THINGS}?page=1&page-size=2`);
    signal('SIGTERM');
    assert.equal((await ended).status, 0);
  });

  it('when the port is taken, then the status is 1 and the reason names it', async () => {
    const squatter = createServer().listen(0, '127.0.0.1');
    await once(squatter, 'listening');
    const { port } = squatter.address() as AddressInfo;
    const { status, stderr } = await runGuiche(['serve', '--port', String(port)], { cwd: soundFolder() });
    squatter.close();
    assert.equal(status, 1);
    assert.match(
      stderr,
      new RegExp(`^guiche: cannot listen on 127\\.0\\.0\\.1 port ${port}: .*EADDRINUSE`, 'm'),
    );
  });
});

describe('given production', TWO_AT_ONCE, () => {
  const env = { NODE_ENV: 'production' };
  const refusal = ({ status, stderr }: EndedCommand, line: RegExp) => {
    assert.equal(status, 1);
    assert.match(stderr, line);
    assert.match(stderr, /^guiche: cannot start: /m);
  };

  it('when no base URL is set, then nothing is served', async () => {
    const folder = temporaryFolder();
    writeBelow(folder, 'guiche.yaml', 'data: []\n');
    const ended = await runGuiche(['serve'], { cwd: folder, env });
    refusal(ended, / error config-development-default \/baseUrl baseUrl is not set/);
  });

  it('when the base URL is not https, then nothing is served', async () => {
    const folder = operatorFolder([], { baseUrl: 'http://api.banco.example' });
    const ended = await runGuiche(['serve'], { cwd: folder, env });
    refusal(ended, / error config-development-default \/baseUrl .*https/);
  });
});
