import type { AddressInfo } from 'node:net';
import { after } from 'node:test';
import type { FastifyBaseLogger } from 'fastify';
import { pino } from 'pino';
import type { Call, Step } from '../../src/contract/call.ts';
import type { Operation } from '../../src/contract/operation.ts';
import { createServer, type HttpServer, type ServerSettings } from '../../src/http/create-server.ts';

/** A listener on a port of its own until the test file ends. */
export interface RunningListener {
  readonly port: number;
  readonly server: HttpServer;
  /** Lines that the service logged with level `error`. */
  readonly logged: readonly string[];
}

const running: HttpServer[] = [];
after(async () => {
  for (const { app } of running) {
    app.server.closeAllConnections();
    await app.close();
  }
});

/** Starts a listener with nothing behind it but what the test gives it. */
export async function startListener(settings: Partial<ServerSettings>): Promise<RunningListener> {
  const logged: string[] = [];
  const logger = pino({ level: 'error' }, { write: (line: string) => logged.push(line) });
  const server = createServer({
    operations: [],
    logger: logger as unknown as FastifyBaseLogger,
    now: Date.now,
    ...settings,
  });
  running.push(server);
  await server.app.listen({ host: '127.0.0.1', port: 0 });
  return { port: (server.app.server.address() as AddressInfo).port, server, logged };
}

/** What a test wants of an operation that no contract has. */
export interface MadeUpOperation {
  readonly method?: string;
  readonly path: string;
  readonly statuses?: readonly number[];
  /** Given for an operation that takes a body. */
  readonly mediaTypes?: readonly string[];
}

/** An operation that no contract has, whose errors have every member. */
export function madeUpOperation({
  method = 'GET',
  path,
  statuses = [200],
  mediaTypes,
}: MadeUpOperation): Operation {
  return {
    key: `${method} ${path}`,
    method,
    path,
    ecosystem: 'open-insurance',
    kind: 'consents',
    tier: 'high',
    api: 'made-up',
    version: '1.2.3',
    open: false,
    scopes: [],
    permissions: [],
    parameters: [],
    paging: undefined,
    negotiatesVersion: false,
    statuses: new Set(statuses),
    answer: {
      schema: () => undefined,
      countedArray: undefined,
      underData: true,
      places: [],
      split: () => undefined,
    },
    errorShape: () => undefined,
    source: { file: 'made-up.yaml', origin: 'operator', pointer: '' },
    request: mediaTypes && { schema: () => undefined, required: true, mediaTypes },
  };
}

/** A step that answers 200 with what the test wants to see of the call. */
export function answerWith(look: (call: Call) => unknown): Step {
  return (call) => ({ kind: 'json', status: 200, body: { seen: look(call) ?? null } });
}
