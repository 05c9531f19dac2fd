import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { describe, it } from 'node:test';

const SOURCES = resolve(import.meta.dirname, '..', 'src');

/** What a folder may import besides itself and `kernel`. Anything not listed is a wall. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  kernel: [],
  contract: [],
  'open-data': ['contract'],
  discovery: ['contract'],
  metrics: ['contract'],
  connectors: ['contract'],
  directory: ['contract'],
  consents: ['contract', 'connectors'],
  resources: ['contract', 'consents', 'connectors'],
  'customer-data': ['contract', 'connectors', 'consents', 'resources'],
  authorization: ['contract', 'consents', 'resources', 'directory', 'connectors'],
  receiver: ['contract', 'directory'],
  explain: ['contract'],
  store: [
    'metrics',
    'discovery',
    'contract',
    'consents',
    'resources',
    'authorization',
    'directory',
    'explain',
  ],
  http: ['contract'],
  app: [
    'contract',
    'open-data',
    'http',
    'discovery',
    'metrics',
    'store',
    'connectors',
    'directory',
    'consents',
    'resources',
    'customer-data',
    'authorization',
    'receiver',
    'explain',
  ],
  cli: ['app', 'contract', 'open-data', 'http', 'discovery', 'metrics', 'store', 'directory', 'explain'],
};

/** Folders in which outside packages of that name may be imported; the others know nothing of them. */
const PACKAGE_HOMES: Readonly<Record<string, readonly string[]>> = {
  fastify: ['http', 'app'],
  ajv: ['open-data', 'contract', 'customer-data', 'connectors'],
  'oidc-provider': ['authorization'],
  '@peculiar': ['directory'],
  jose: ['authorization', 'directory', 'receiver', 'connectors', 'app'],
  'openid-client': ['receiver'],
  undici: ['receiver', 'connectors'],
  cockatiel: ['connectors'],
  'node-html-parser': ['app'],
  eta: ['authorization'],
  commander: ['cli'],
  pino: ['cli'],
  pg: ['store', 'connectors'],
  kysely: ['store'],
  ioredis: ['http'],
  'prom-client': ['metrics', 'app', 'cli'],
};

interface Import {
  readonly file: string;
  readonly from: string;
  readonly target: string;
}

const imports = readdirSync(SOURCES, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
  .flatMap((file) => importsOf(file));

function importsOf(file: string): Import[] {
  const text = readFileSync(join(SOURCES, file), 'utf8');
  const from = folderOf(file);
  return [...text.matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)].map(([, target = '']) => ({
    file,
    from,
    target,
  }));
}

function folderOf(file: string): string {
  return file.split(sep)[0] as string;
}

function targetFile({ file, target }: Import): string {
  return relative(SOURCES, resolve(SOURCES, dirname(file), target));
}

const inside = imports.filter(({ target }) => target.startsWith('.') && target.endsWith('.ts'));

describe('the architecture', () => {
  it('has only the folders of the table', () => {
    const folders = new Set(imports.map(({ from }) => from));
    assert.deepEqual(
      [...folders].filter((folder) => !(folder in ALLOWED)),
      [],
    );
  });

  it('lets a folder import only what the table allows', () => {
    const wrong = inside.filter((edge) => {
      const to = folderOf(targetFile(edge));
      return to !== edge.from && to !== 'kernel' && !ALLOWED[edge.from]?.includes(to);
    });
    assert.deepEqual(
      wrong.map(({ file, target }) => `${file} imports ${target}`),
      [],
    );
  });

  it('has no circle of imports', () => {
    const edges = Map.groupBy(inside, ({ file }) => file);
    const done = new Set<string>();
    const circles: string[] = [];
    function visit(file: string, way: readonly string[]): void {
      if (way.includes(file)) circles.push([...way.slice(way.indexOf(file)), file].join(' -> '));
      if (done.has(file) || way.includes(file)) return;
      for (const edge of edges.get(file) ?? [])
        if (!isTypeOnly(edge)) visit(targetFile(edge), [...way, file]);
      done.add(file);
    }
    for (const file of edges.keys()) visit(file, []);
    assert.deepEqual(circles, []);
  });

  it('keeps outside packages in their folders', () => {
    const wrong = imports.filter(({ from, target }) => {
      const home = PACKAGE_HOMES[target.split('/')[0] as string];
      return home && !home.includes(from);
    });
    assert.deepEqual(
      wrong.map(({ file, target }) => `${file} imports ${target}`),
      [],
    );
  });

  it('names no product in code: finance and insurance differ in data', () => {
    const products = readdirSync(join(SOURCES, '..', 'catalog'))
      .flatMap((ecosystem) => readdirSync(join(SOURCES, '..', 'catalog', ecosystem), { withFileTypes: true }))
      .filter((entry) => entry.isDirectory() && entry.name.includes('-'))
      .map(({ name }) => name);
    assert.ok(products.length > 10, 'the catalog names its products');
    const naming = [...new Set(imports.map(({ file }) => file))].filter((file) => {
      const text = readFileSync(join(SOURCES, file), 'utf8');
      return products.some((product) => text.includes(product));
    });
    assert.deepEqual(naming, []);
  });

  it('has no drawer for what has no place', () => {
    const files = [...new Set(imports.map(({ file }) => file))];
    assert.deepEqual(
      files.filter((file) => /\b(utils?|helpers?|common|manager)\b/.test(file)),
      [],
    );
  });
});

/** Types vanish before anything runs, so they cannot make a circle. */
function isTypeOnly({ file, target }: Import): boolean {
  const text = readFileSync(join(SOURCES, file), 'utf8');
  const escaped = target.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`import type [^;]*'${escaped}'`).test(text);
}
