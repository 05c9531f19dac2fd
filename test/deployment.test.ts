import assert from 'node:assert/strict';
import { execFile, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, request, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { join, resolve } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { promisify } from 'node:util';
import { parseAllDocuments } from 'yaml';
import packageFile from '../package.json' with { type: 'json' };
import { loadConfiguration } from '../src/app/configuration/load-configuration.ts';
import { SETTINGS, type Setting, variableOf } from '../src/app/configuration/settings.ts';
import { TIERS } from '../src/contract/operation.ts';
import { createPrometheus } from '../src/metrics/prometheus.ts';
import { temporaryFolder } from './support/temporary-folder.ts';

const ROOT = resolve(import.meta.dirname, '..');
const KUBERNETES = 'deploy/kubernetes';
const MANIFESTS = [
  'data-claim.yaml',
  'deployment.yaml',
  'network-policy.yaml',
  'pod-disruption-budget.yaml',
  'secret.example.yaml',
  'service.yaml',
];

const settings: readonly Setting[] = SETTINGS;
const settingVariables = new Set(
  settings.flatMap(({ path, shortVariable }) => [
    variableOf(path),
    ...(shortVariable ? [shortVariable] : []),
  ]),
);
const defaultOf = (path: string) => settings.find((setting) => setting.path === path)?.default;
const PORT = defaultOf('listen.port');
const ADMIN_PORT = defaultOf('admin.port');
const GRACE_MS = Number(defaultOf('shutdownGraceMs'));
/** How long stopping may go on after the grace: the last flush, when the database is slow. */
const FLUSH_MS = 5000;

// biome-ignore lint/suspicious/noExplicitAny: the files are read as they are, and a wrong shape fails the test
type Json = any;

function read(file: string): Promise<string> {
  return readFile(join(ROOT, file), 'utf8');
}

/** The documents of a YAML file; a complaint of the parser fails the test. */
async function readYaml(file: string): Promise<Json[]> {
  return parseAllDocuments(await read(file), { merge: true }).map((document) => {
    assert.deepEqual([...document.errors, ...document.warnings], [], file);
    return document.toJS();
  });
}

async function readManifest(file: string): Promise<Json> {
  const [manifest, ...others] = await readYaml(`${KUBERNETES}/${file}`);
  assert.equal(others.length, 0, `${file} holds one document`);
  return manifest;
}

describe('every deployment file', () => {
  const yaml = ['deploy/compose.yaml', ...MANIFESTS.map((file) => `${KUBERNETES}/${file}`)];

  it('parses', async () => {
    for (const file of [...yaml, `${KUBERNETES}/kustomization.yaml`, `${KUBERNETES}/guiche.yaml`])
      assert.equal(typeof (await readYaml(file))[0], 'object', file);
  });

  it('uses only variables that a setting has', async () => {
    const used = new Set<string>();
    for (const file of ['Dockerfile', ...yaml])
      for (const [name] of (await read(file)).matchAll(/\b(GUICHE_[A-Z_]+|DATABASE_URL|REDIS_URL)\b/g))
        used.add(name);
    assert.ok(used.size >= 5, 'they were found');
    assert.deepEqual(
      [...used].filter((name) => !settingVariables.has(name)),
      [],
    );
  });

  it('has no password in it', async () => {
    for (const file of [...yaml, 'deploy/.env.example'])
      for (const [, password] of (await read(file)).matchAll(/:\/\/[^\s:/@]*:([^\s@]+)@/g))
        assert.match(password as string, /^(PASSWORD|\$\{[A-Z_]+:\?[^}]*\})$/, file);
    for (const line of (await read('deploy/.env.example')).split('\n'))
      assert.match(line, /^(#.*|[A-Z_]+=|)$/, 'names only');
  });
});

describe('Dockerfile', () => {
  it('builds and installs in stages of its own, and runs without root', async () => {
    const stages = (await read('Dockerfile')).split(/^FROM /m).slice(1);
    assert.equal(stages.length, 3);
    for (const stage of stages) assert.match(stage, /^node:24-slim\b/);
    const [build = '', dependencies = '', final = ''] = stages;
    assert.match(build, /^RUN npm install\b[^\n]*\nCOPY [\s\S]*^RUN npm run build$/m);
    assert.match(dependencies, /^RUN npm install --omit=dev\b/m);
    assert.doesNotMatch(final, /\bnpm\b/);
    assert.match(final, /^USER node$/m);
    assert.match(final, /^VOLUME \/guiche\/var$/m);
    assert.doesNotMatch(final.slice(final.indexOf('USER node')), /^(RUN|COPY)\b/m);
  });

  it('starts what package.json names, for everyone to reach', async () => {
    const text = await read('Dockerfile');
    const entry = JSON.parse(/^ENTRYPOINT (.*)$/m.exec(text)?.[1] ?? '') as string[];
    assert.deepEqual(entry, ['node', packageFile.bin.guiche.replace(/^\.\//, '')]);
    const command = JSON.parse(/^CMD (.*)$/m.exec(text)?.[1] ?? '') as string[];
    assert.deepEqual(command, ['serve', '--host', '0.0.0.0']);
    assert.equal(settings.find(({ path }) => path === 'listen.host')?.flag, '--host');
    assert.match(text, new RegExp(`^EXPOSE ${PORT}$`, 'm'));
  });

  it('copies only what .dockerignore lets through', async () => {
    const [first, ...others] = (await read('.dockerignore'))
      .split('\n')
      .filter((line) => !line.startsWith('#'));
    assert.equal(first, '*');
    const allowed = others.filter((line) => line.startsWith('!')).map((line) => line.slice(1));
    const copied = [...(await read('Dockerfile')).matchAll(/^COPY (?!--from)(.*) \S+$/gm)].flatMap(
      ([, files = '']) => files.split(' '),
    );
    assert.deepEqual([...new Set(copied)].sort(), allowed.sort());
  });

  it('checks its health on the admin listener: 0 when it lives, 1 when it does not', async (t) => {
    const text = await read('Dockerfile');
    const check = JSON.parse(/^HEALTHCHECK [\s\S]*?CMD (\[.*\])$/m.exec(text)?.[1] ?? '') as string[];
    assert.deepEqual(check.slice(0, 2), ['node', '-e']);
    assert.ok(check[2]?.includes(`GUICHE_ADMIN_PORT || ${ADMIN_PORT}`));
    const asked: string[] = [];
    let status = 200;
    const admin = createServer((incoming, outgoing) => {
      asked.push(incoming.url as string);
      outgoing.writeHead(status).end();
    });
    const port = await listen(admin);
    t.after(() => admin.close());
    const run = async () => {
      const child = spawn(process.execPath, check.slice(1), {
        env: { ...process.env, GUICHE_ADMIN_PORT: String(port) },
        stdio: 'ignore',
      });
      return (await once(child, 'exit'))[0];
    };
    assert.equal(await run(), 0);
    status = 503;
    assert.equal(await run(), 1);
    admin.close();
    admin.closeAllConnections();
    assert.equal(await run(), 1);
    assert.deepEqual(asked, ['/health/live', '/health/live']);
  });
});

describe('compose.yaml', () => {
  it('runs two nodes alike on one database and one Valkey', async () => {
    const [{ services }] = await readYaml('deploy/compose.yaml');
    const [one, two] = [services['guiche-1'], services['guiche-2']];
    assert.deepEqual(one.environment, two.environment);
    assert.equal(one.image, two.image);
    assert.match(one.environment.DATABASE_URL, /@postgres:5432\/guiche$/);
    assert.match(one.environment.REDIS_URL, /@valkey:6379$/);
    assert.match(services.postgres.image, /^postgres:18$/);
    assert.match(services.valkey.image, /^valkey\/valkey:8$/);
    for (const name of ['guiche-1', 'guiche-2', 'postgres', 'valkey'])
      assert.equal(services[name].ports, undefined);
    for (const node of [one, two])
      assert.ok(Number.parseInt(node.stop_grace_period, 10) * 1000 > GRACE_MS + FLUSH_MS);
  });

  it('gives nginx and the nodes the addresses that nginx.conf and the limits go by', async () => {
    const [{ services, networks }] = await readYaml('deploy/compose.yaml');
    const addressOf = (name: string) => services[name].networks.front.ipv4_address as string;
    assert.equal(services['guiche-1'].environment.GUICHE_LIMITS_TRUSTED_PROXIES, addressOf('nginx'));
    const upstream = [...(await read('deploy/nginx.conf')).matchAll(/^\s*server (\S+):(\d+) /gm)];
    assert.deepEqual(
      upstream.map(([, address, port]) => [address, Number(port)]),
      [
        [addressOf('guiche-1'), PORT],
        [addressOf('guiche-2'), PORT],
      ],
    );
    const prefix = networks.front.ipam.config[0].subnet.replace(/0\/24$/, '');
    for (const name of ['nginx', 'guiche-1', 'guiche-2']) assert.ok(addressOf(name).startsWith(prefix), name);
  });

  it('takes from .env only what .env.example shows', async () => {
    const asked = [...(await read('deploy/compose.yaml')).matchAll(/\$\{([A-Z_]+)/g)].map(([, name]) => name);
    const shown = [...(await read('deploy/.env.example')).matchAll(/^([A-Z_]+)=/gm)].map(([, name]) => name);
    assert.deepEqual([...new Set(asked)].sort(), shown.sort());
  });

  it('gives the nodes a configuration that loads', async () => {
    const [{ services }] = await readYaml('deploy/compose.yaml');
    const filled = Object.entries<string>(services['guiche-1'].environment).map(([name, value]) => [
      name,
      value
        .replace(/\$\{BASE_URL:[^}]*\}/, 'https://api.institution.example')
        .replace(/\$\{METRICS_ALLOW:[^}]*\}/, '198.51.100.1,2001:db8::/32')
        .replace(/\$\{[^}]*\}/, 'password'),
    ]);
    const loaded = await loadConfiguration({
      flags: {},
      env: Object.fromEntries(filled),
      cwd: '/nonexistent',
    });
    assert.deepEqual(loaded.diagnostics, []);
    assert.deepEqual(loaded.configuration?.metrics.allow, ['198.51.100.1', '2001:db8::/32']);
  });
});

describe('the Kubernetes manifests', () => {
  it('carry a configuration that loads without a finding', async () => {
    const folder = temporaryFolder();
    const file = join(folder, 'guiche.yaml');
    await writeFile(file, await read(`${KUBERNETES}/guiche.yaml`));
    const env = (await readManifest('secret.example.yaml')).stringData;
    const { configuration, diagnostics } = await loadConfiguration({ file, flags: {}, env, cwd: folder });
    assert.deepEqual(diagnostics, []);
    assert.ok(configuration);
    assert.equal(configuration.listen.port, PORT);
    assert.equal(configuration.admin.port, ADMIN_PORT);
    assert.ok(configuration.databaseUrl && configuration.redisUrl);
  });

  it('probe the admin listener and give a stop the time it takes', async () => {
    const { spec } = (await readManifest('deployment.yaml')).spec.template;
    const [container, ...others] = spec.containers;
    assert.deepEqual(others, []);
    const ports = new Map(container.ports.map((port: Json) => [port.name, port.containerPort]));
    assert.deepEqual(
      [...ports],
      [
        ['http', PORT],
        ['admin', ADMIN_PORT],
      ],
    );
    for (const [probe, path] of [
      ['startupProbe', '/health/live'],
      ['livenessProbe', '/health/live'],
      ['readinessProbe', '/health/ready'],
    ] as const)
      assert.deepEqual(container[probe].httpGet, { path, port: 'admin' }, probe);
    const [, pause] = container.lifecycle.preStop.exec.command;
    const [configuration] = await readYaml(`${KUBERNETES}/guiche.yaml`);
    const stopMs = Number(pause) * 1000 + configuration.shutdownGraceMs + FLUSH_MS;
    assert.ok(spec.terminationGracePeriodSeconds * 1000 > stopMs);
  });

  it('run without root on a file system that is read-only where the configuration does not write', async () => {
    const { spec } = (await readManifest('deployment.yaml')).spec.template;
    const [container] = spec.containers;
    assert.equal(spec.securityContext.runAsNonRoot, true);
    assert.notEqual(spec.securityContext.runAsUser, 0);
    assert.equal(container.securityContext.readOnlyRootFilesystem, true);
    assert.equal(container.securityContext.allowPrivilegeEscalation, false);
    const mounts = new Map(container.volumeMounts.map((mount: Json) => [mount.mountPath, mount]));
    const [{ state, data }] = await readYaml(`${KUBERNETES}/guiche.yaml`);
    assert.ok(mounts.has(state) && mounts.has('/tmp'));
    assert.equal((mounts.get(data) as Json).readOnly, true);
    assert.deepEqual(
      container.volumeMounts.map(({ name }: Json) => name).sort(),
      spec.volumes.map(({ name }: Json) => name).sort(),
    );
    assert.equal(container.args.at(-1), `${(container.volumeMounts[0] as Json).mountPath}/guiche.yaml`);
  });

  it('name each other rightly and keep the admin port inside', async () => {
    const deployment = await readManifest('deployment.yaml');
    const { labels } = deployment.spec.template.metadata;
    const policy = (await readManifest('network-policy.yaml')).spec;
    const service = (await readManifest('service.yaml')).spec;
    const budget = (await readManifest('pod-disruption-budget.yaml')).spec;
    for (const selected of [
      deployment.spec.selector.matchLabels,
      policy.podSelector.matchLabels,
      service.selector,
      budget.selector.matchLabels,
      ...deployment.spec.template.spec.topologySpreadConstraints.map(
        (one: Json) => one.labelSelector.matchLabels,
      ),
    ])
      assert.deepEqual(selected, labels);
    assert.ok(deployment.spec.replicas >= 2);
    assert.deepEqual(
      service.ports.map(({ targetPort }: Json) => targetPort),
      ['http'],
    );
    assert.deepEqual(policy.policyTypes, ['Ingress']);
    for (const rule of policy.ingress) {
      assert.ok(rule.from.length > 0, 'a rule without a source lets everybody in');
      assert.equal(rule.ports.length, 1);
    }
    const secret = await readManifest('secret.example.yaml');
    for (const { name, valueFrom } of deployment.spec.template.spec.containers[0].env) {
      assert.equal(valueFrom.secretKeyRef.name, secret.metadata.name);
      assert.ok(valueFrom.secretKeyRef.key in secret.stringData, name);
    }
    const volumes = deployment.spec.template.spec.volumes;
    const claim = await readManifest('data-claim.yaml');
    assert.equal(
      volumes.find(({ name }: Json) => name === 'data').persistentVolumeClaim.claimName,
      claim.metadata.name,
    );
  });

  it('have no namespace, and kustomization.yaml lists all but the Secret', async () => {
    for (const file of MANIFESTS)
      assert.equal((await readManifest(file)).metadata.namespace, undefined, file);
    const { resources, images } = await readManifest('kustomization.yaml');
    assert.deepEqual(
      resources,
      MANIFESTS.filter((file) => !file.startsWith('secret')),
    );
    assert.equal(images[0].newTag, packageFile.version);
  });

  it('build with kubectl kustomize', async (t) => {
    if (!isFound('kubectl', ['version', '--client'])) return t.skip('kubectl is not installed');
    const { stdout } = await promisify(execFile)('kubectl', ['kustomize', join(ROOT, KUBERNETES)]);
    const built = parseAllDocuments(stdout).map((document) => document.toJS());
    const configMap = built.find(({ kind }) => kind === 'ConfigMap');
    const deployment = built.find(({ kind }) => kind === 'Deployment');
    assert.equal(built.length, MANIFESTS.length);
    assert.equal(deployment.spec.template.spec.volumes[0].configMap.name, configMap.metadata.name);
    assert.match(
      deployment.spec.template.spec.containers[0].image,
      new RegExp(`/guiche:${packageFile.version}$`),
    );
    return undefined;
  });
});

describe('nginx.conf', () => {
  const noNginx = isFound('nginx', ['-v']) ? false : 'nginx is not installed';

  it('is accepted by nginx', { skip: noNginx }, async () => {
    const folder = temporaryFolder();
    const file = join(folder, 'nginx.conf');
    await writeFile(file, (await read('deploy/nginx.conf')).replaceAll('/tmp/', `${folder}/`));
    // nginx opens /dev/stdout by its name, which works for a file or a pipe and not for what Node connects to.
    const { stderr } = spawnSync('nginx', ['-t', '-c', file], { stdio: ['ignore', 'ignore', 'pipe'] });
    assert.match(stderr.toString(), /test is successful/);
    assert.doesNotMatch(stderr.toString(), /\[warn\]/);
  });

  it('says who the client is, whatever the client says', { skip: noNginx }, async (t) => {
    const seen: IncomingMessage[] = [];
    const nodes = [await startNode(t, seen), await startNode(t, seen)];
    const port = await startNginx(t, nodes);
    assert.equal(
      await ask(port, { 'x-forwarded-for': '203.0.113.9, 10.0.0.1', 'x-fapi-interaction-id': 'one' }),
      200,
    );
    const [{ headers } = { headers: {} as IncomingMessage['headers'] }] = seen;
    assert.equal(headers['x-forwarded-for'], '127.0.0.1');
    assert.equal(headers['x-fapi-interaction-id'], 'one');
    assert.notEqual(headers.connection, 'close');
  });

  it('loses no request while one of two nodes is away, and repeats none that has an effect', {
    skip: noNginx,
  }, async (t) => {
    const seen: IncomingMessage[] = [];
    const broken: IncomingMessage[] = [];
    const sound = await startNode(t, seen);
    const failing = await startNode(t, broken, (incoming) => incoming.socket.destroy());
    const port = await startNginx(t, [failing, sound]);
    for (let count = 0; count < 10; count += 1) assert.equal(await ask(port), 200);
    assert.ok(broken.length > 0 && seen.length === 10);

    const other = await startNginx(t, [failing, sound]);
    const answers = [await ask(other, {}, 'POST'), await ask(other, {}, 'POST')];
    assert.ok(answers.includes(502), 'the node that broke the connection may have done its work');
  });

  /** A node that answers 200, or does what it is told. Resolves with its port. */
  async function startNode(
    t: TestContext,
    seen: IncomingMessage[],
    act?: (incoming: IncomingMessage) => void,
  ) {
    const node = createServer((incoming, outgoing) => {
      seen.push(incoming);
      if (act) act(incoming);
      else outgoing.end('{}');
    });
    const port = await listen(node);
    t.after(() => {
      node.close();
      node.closeAllConnections();
    });
    return port;
  }

  /** nginx with the file's own text, ports and places of this machine put in. Resolves with its port. */
  async function startNginx(t: TestContext, [first, second]: number[]): Promise<number> {
    const folder = temporaryFolder();
    const free = createServer();
    const port = await listen(free);
    free.close();
    await once(free, 'close');
    const text = (await read('deploy/nginx.conf'))
      .replace('172.31.250.11:3000', `127.0.0.1:${first}`)
      .replace('172.31.250.12:3000', `127.0.0.1:${second}`)
      .replace('listen 8080', `listen 127.0.0.1:${port}`)
      .replace('worker_processes auto', 'worker_processes 1')
      .replaceAll('/tmp/', `${folder}/`)
      .replaceAll('/dev/stdout', join(folder, 'access.log'));
    const file = join(folder, 'nginx.conf');
    await writeFile(file, text);
    const nginx = spawn('nginx', ['-c', file, '-g', 'daemon off;'], { stdio: 'ignore' });
    const ended = once(nginx, 'exit');
    t.after(() => {
      nginx.kill('SIGTERM');
      return ended;
    });
    await untilListening(port);
    return port;
  }
});

describe('grafana-dashboard.json', () => {
  /** Gauges that the app reads at each scrape; the others are registered where requests are counted. */
  const GAUGES: Readonly<Record<string, readonly string[]>> = {
    guiche_dataset_records: ['dataset'],
    guiche_dataset_faults: ['dataset'],
    guiche_store_up: [],
    guiche_shared_limits_up: [],
    guiche_events_waiting: [],
    guiche_status_code: ['ecosystem', 'code'],
    guiche_availability_ratio: ['ecosystem', 'window'],
    guiche_directory_age_seconds: ['ecosystem'],
    guiche_call_records_lost: [],
  };

  it('asks only for metrics and labels that are exported', async () => {
    const labels = await exportedMetrics();
    const asked = new Set<string>();
    for (const expression of await expressions()) {
      for (const [metric, used] of metricsIn(expression)) {
        assert.ok(labels.has(metric), `${metric} in ${expression}`);
        asked.add(metric);
        for (const label of used)
          assert.ok(
            [...(labels.get(metric) ?? []), 'instance'].includes(label),
            `${label} of ${metric} in ${expression}`,
          );
      }
    }
    const ours = [...labels.keys()].filter((name) => /^guiche_(?!.*_(sum|count)$)/.test(name));
    assert.deepEqual(
      ours.filter((name) => !asked.has(name)),
      [],
    );
  });

  it('has a panel per tier with its target and one per window with its floor', async () => {
    const panels: Json[] = JSON.parse(await read('docs/grafana-dashboard.json')).panels;
    const limitOf = (part: string) =>
      panels.find((panel) => panel.targets?.some(({ expr }: Json) => expr.includes(part)))?.fieldConfig
        .defaults.thresholds.steps[1].value;
    assert.deepEqual(
      TIERS.map((tier) => limitOf(`tier="${tier}"`)),
      [1000, 1500, 4000],
    );
    assert.deepEqual(
      ['day', 'month', 'quarter'].map((window) => limitOf(`window="${window}"`)),
      [0.85, 0.95, 0.995],
    );
  });

  it('has no two panels in one place', async () => {
    const panels: Json[] = JSON.parse(await read('docs/grafana-dashboard.json')).panels;
    const ids = panels.map(({ id }) => id);
    assert.deepEqual(ids, [...new Set(ids)]);
    const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) => {
      assert.ok(x + w <= 24);
      return Array.from({ length: w * h }, (_, index) => `${x + (index % w)},${y + Math.floor(index / w)}`);
    });
    assert.equal(new Set(cells).size, cells.length);
  });

  it('is described in docs/operations.md, metric by metric', async () => {
    const rows = [...(await read('docs/operations.md')).matchAll(/^\| `(guiche_\w+)` \| (.*?) \|/gm)];
    const described = new Map(
      rows.map(([, name, cell = '']) => [name, [...cell.matchAll(/`(\w+)`/g)].map(([, label]) => label)]),
    );
    const exported = [...(await exportedMetrics())]
      .filter(([name]) => /^guiche_(?!.*_(sum|count)$)/.test(name))
      .map(([name, labels]) => [name.replace(/_bucket$/, ''), labels.filter((label) => label !== 'le')]);
    assert.deepEqual(Object.fromEntries(described), Object.fromEntries(exported));
  });

  /** Metric names as a query writes them, to their labels. */
  async function exportedMetrics(): Promise<Map<string, string[]>> {
    const { registry } = createPrometheus({});
    const names = new Map<string, string[]>();
    for (const metric of registry.getMetricsAsArray() as unknown as {
      name: string;
      type: string;
      labelNames?: string[];
    }[]) {
      const labels = [...(metric.labelNames ?? [])];
      if (metric.type !== 'histogram') names.set(metric.name, labels);
      else {
        names.set(`${metric.name}_bucket`, [...labels, 'le']);
        for (const part of ['sum', 'count']) names.set(`${metric.name}_${part}`, labels);
      }
    }
    registry.clear();
    for (const [name, labels] of Object.entries(GAUGES)) names.set(name, [...labels]);
    return names;
  }

  async function expressions(): Promise<string[]> {
    const { panels, templating } = JSON.parse(await read('docs/grafana-dashboard.json'));
    const inPanels = panels.flatMap(({ targets = [] }: Json) => targets.map(({ expr }: Json) => expr));
    const inVariables = templating.list.flatMap(({ definition }: Json) =>
      definition ? [definition.replace(/^label_values\((\w+), (\w+)\)$/, 'sum by ($2) ($1)')] : [],
    );
    assert.ok(inPanels.length > 10 && inVariables.length > 0);
    return [...inPanels, ...inVariables];
  }

  /** The metrics of an expression, each with the labels it is selected by and those it is grouped by. */
  function metricsIn(expression: string): [string, string[]][] {
    const grouped = [...expression.matchAll(/\bby \(([^)]*)\)/g)].flatMap(([, list = '']) =>
      list.split(', '),
    );
    const bare = expression.replace(/\bby \([^)]*\)/g, '').replace(/\[[^\]]*\]/g, '');
    const found: [string, string[]][] = [];
    for (const [, name = '', , selectors = ''] of bare.matchAll(
      /(?<!["\w.])([a-z_]\w*)(?!\w|\s*\()(\{([^}]*)\})?/g,
    )) {
      if (name === 'or' || isInBraces(bare, name)) continue;
      const selected = [...selectors.matchAll(/(\w+)(?:=~|!=|!~|=)"/g)].map(([, label = '']) => label);
      found.push([name, [...selected, ...grouped]]);
    }
    assert.ok(found.length > 0, expression);
    return found;
  }

  function isInBraces(text: string, name: string): boolean {
    return !new RegExp(`\\b${name}\\b`).test(text.replace(/\{[^}]*\}/g, ''));
  }
});

function isFound(program: string, flags: readonly string[]): boolean {
  return spawnSync(program, flags, { stdio: 'ignore' }).status === 0;
}

async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

async function untilListening(port: number): Promise<void> {
  for (let attempt = 0; ; attempt += 1) {
    const socket = connect(port, '127.0.0.1');
    try {
      await once(socket, 'connect');
      return;
    } catch (error) {
      if (attempt > 100) throw error;
      await new Promise((done) => setTimeout(done, 20));
    } finally {
      socket.destroy();
    }
  }
}

function ask(port: number, headers: Record<string, string> = {}, method = 'GET'): Promise<number> {
  return new Promise((resolve, reject) => {
    const sent = request({ port, host: '127.0.0.1', method, headers, agent: false }, (answer) => {
      answer.resume();
      answer.once('end', () => resolve(answer.statusCode as number));
    });
    sent.once('error', reject);
    sent.end();
  });
}
