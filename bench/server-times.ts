import crypto, { type webcrypto } from 'node:crypto';
import { subscribe } from 'node:diagnostics_channel';
import type { IncomingMessage } from 'node:http';
import { syncBuiltinESMExports } from 'node:module';
import { createServer } from 'node:net';
import tls from 'node:tls';
import pg from 'pg';

// Loaded before a server (`node --import`), so that a measure learns what the server's time goes to without a line for
// it in the server. Who connects to the port in BENCH_TIMES_PORT is told the sums since the start, as one line of JSON.

/** How often something was done and how long it took in all. */
export interface Spent {
  readonly count: number;
  readonly ms: number;
}

/** What a server has done since it started. */
export interface ServerTimes {
  /** From the head of a request to the end of its answer. */
  readonly requests: Spent;
  /** RSA operations, from call to result. */
  readonly sign: Spent;
  readonly verify: Spent;
  readonly encrypt: Spent;
  readonly decrypt: Spent;
  /** Hashing of passwords, which is meant to be slow. */
  readonly scrypt: Spent;
  /** Statements of the database, from call to result. Some run beside each other. */
  readonly database: Spent;
  /** TLS connections that were made. */
  readonly handshakes: Spent;
  /** Processor time of the whole process, its threads among it. */
  readonly processorMs: number;
}

type Kind = Exclude<keyof ServerTimes, 'processorMs'>;

const port = process.env.BENCH_TIMES_PORT;
if (port !== undefined) keepTimes(Number(port));

function keepTimes(listenOn: number): void {
  const sums = new Map<Kind, { count: number; ms: number }>();
  const kinds: Kind[] = [
    'requests',
    'sign',
    'verify',
    'encrypt',
    'decrypt',
    'scrypt',
    'database',
    'handshakes',
  ];
  for (const kind of kinds) sums.set(kind, { count: 0, ms: 0 });

  function add(kind: Kind, ms: number): void {
    const sum = sums.get(kind) as { count: number; ms: number };
    sum.count += 1;
    sum.ms += ms;
  }

  timeWebCrypto(add);
  timeNodeCrypto(add);
  timeRequests(add);
  timeDatabase(add);
  countHandshakes(add);
  syncBuiltinESMExports();

  const server = createServer((socket) => {
    const { user, system } = process.cpuUsage();
    socket.on('error', () => {});
    socket.end(`${JSON.stringify({ ...Object.fromEntries(sums), processorMs: (user + system) / 1000 })}\n`);
  });
  server.listen(listenOn, '127.0.0.1');
  server.unref();
}

type Add = (kind: Kind, ms: number) => void;

/** Operations with RSA keys only: the others are of another order of magnitude. */
function timeWebCrypto(add: Add): void {
  const { subtle } = globalThis.crypto;
  const prototype = Object.getPrototypeOf(subtle) as webcrypto.SubtleCrypto;
  for (const kind of ['sign', 'verify', 'encrypt', 'decrypt'] as const) {
    const original = prototype[kind] as (...parameters: unknown[]) => Promise<unknown>;
    const timed = async function (this: unknown, ...parameters: unknown[]): Promise<unknown> {
      const [algorithm] = parameters as [string | { name: string }];
      const name = typeof algorithm === 'string' ? algorithm : algorithm.name;
      if (!name.startsWith('RSA')) return original.apply(this as webcrypto.SubtleCrypto, parameters);
      const from = performance.now();
      try {
        return await original.apply(this as webcrypto.SubtleCrypto, parameters);
      } finally {
        add(kind, performance.now() - from);
      }
    };
    Object.defineProperty(prototype, kind, { value: timed, configurable: true, writable: true });
  }
}

function timeNodeCrypto(add: Add): void {
  const module = crypto as unknown as Record<string, (...parameters: unknown[]) => unknown>;
  const functions = {
    sign: 'sign',
    verify: 'verify',
    publicEncrypt: 'encrypt',
    privateDecrypt: 'decrypt',
  } as const;
  for (const [name, kind] of Object.entries(functions)) {
    const original = module[name] as (...parameters: unknown[]) => unknown;
    module[name] = (...parameters) => {
      const from = performance.now();
      try {
        return original(...parameters);
      } finally {
        add(kind, performance.now() - from);
      }
    };
  }
  const hash = module.scrypt as (...parameters: unknown[]) => unknown;
  module.scrypt = (...parameters) => {
    const from = performance.now();
    const done = parameters.pop() as (...results: unknown[]) => void;
    return hash(...parameters, (...results: unknown[]) => {
      add('scrypt', performance.now() - from);
      done(...results);
    });
  };
}

function timeRequests(add: Add): void {
  const started = new WeakMap<object, number>();
  subscribe('http.server.request.start', (message) => {
    started.set((message as { request: IncomingMessage }).request, performance.now());
  });
  subscribe('http.server.response.finish', (message) => {
    const from = started.get((message as { request: IncomingMessage }).request);
    if (from !== undefined) add('requests', performance.now() - from);
  });
}

function timeDatabase(add: Add): void {
  const prototype = pg.Client.prototype as unknown as { query(...parameters: unknown[]): unknown };
  const { query } = prototype;
  prototype.query = function (this: unknown, ...parameters: unknown[]): unknown {
    const from = performance.now();
    const result = Reflect.apply(query, this, parameters);
    if (result instanceof Promise) {
      const done = () => add('database', performance.now() - from);
      result.then(done, done);
    }
    return result;
  };
}

/** Their time is the processor's: it passes in parts, between the messages of both sides. */
function countHandshakes(add: Add): void {
  const emit = tls.Server.prototype.emit;
  tls.Server.prototype.emit = function (this: tls.Server, event: string, ...parameters: unknown[]): boolean {
    if (event === 'secureConnection') add('handshakes', 0);
    return Reflect.apply(emit, this, [event, ...parameters]) as boolean;
  } as typeof emit;
}
