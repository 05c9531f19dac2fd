import { setTimeout as pause } from 'node:timers/promises';
import type { SecureContext } from 'node:tls';
import {
  createKeepAliveConnection,
  type KeepAliveConnection,
  type Received,
} from './keep-alive-connection.ts';

/** One request to be sent. */
export interface PlannedRequest {
  readonly origin: string;
  /** `operation.key` of whom it counts for. */
  readonly endpoint: string;
  /** Path and query. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Makes it a POST. */
  readonly body?: string;
}

/** What one request got. Times are on the clock of `performance.now()`. */
export interface Sample {
  readonly request: PlannedRequest;
  /** When it was to be sent. */
  readonly due: number;
  readonly answered: number;
  /** Undefined when the connection broke. */
  readonly status: number | undefined;
  readonly failure?: string;
}

export interface LoadSettings {
  readonly connections: number;
  /** Sent whether or not the answers before were quick; as many as the connections manage when absent. */
  readonly requestsPerSecond?: number;
  /** Decides the next request; undefined ends the connection that asks. */
  readonly next: () => PlannedRequest | undefined;
  /** Of `https` origins: what they are believed by, and the own certificate. */
  readonly identity?: SecureContext;
  /** Told of every answer. */
  readonly hear?: (request: PlannedRequest, received: Received) => void;
}

/** Requests under way, every answer of which is kept. */
export interface CountedLoad {
  /** In the order of the answers; grows while the load runs. */
  readonly samples: readonly Sample[];
  /** Resolves when `next` has ended every connection. */
  readonly done: Promise<void>;
  /** Ends every connection after its answer. */
  stop(): Promise<void>;
}

/** A connection that was refused is not tried again before this long. */
const REFUSED_MS = 20;

/** Starts to send requests over keep-alive connections, each connection one at a time. */
export function startCountedLoad(settings: LoadSettings): CountedLoad {
  const { connections, requestsPerSecond, next, identity, hear } = settings;
  const samples: Sample[] = [];
  const interval = requestsPerSecond === undefined ? undefined : (connections * 1000) / requestsPerSecond;
  const startedAt = performance.now();
  let isStopped = false;

  async function askOften(index: number): Promise<void> {
    const open = new Map<string, KeepAliveConnection>();
    let due = startedAt + ((interval ?? 0) * index) / connections;
    for (let request = next(); request && !isStopped; request = next()) {
      const early = due - performance.now();
      if (interval !== undefined && early > 0) await pause(early);
      if (isStopped) break;
      const sent = performance.now();
      const from = interval === undefined ? sent : Math.min(due, sent);
      const connection = open.get(request.origin) ?? createKeepAliveConnection(request.origin, identity);
      open.set(request.origin, connection);
      try {
        const received = await connection.ask(request.path, request.headers, request.body);
        samples.push({ request, due: from, answered: performance.now(), status: received.status });
        hear?.(request, received);
      } catch (error) {
        const failure = (error as Error).message;
        samples.push({ request, due: from, answered: performance.now(), status: undefined, failure });
        await pause(REFUSED_MS);
      }
      if (interval !== undefined) due += interval;
    }
    for (const connection of open.values()) connection.close();
  }

  const done = Promise.all(Array.from({ length: connections }, (_, index) => askOften(index))).then(() => {});
  async function stop(): Promise<void> {
    isStopped = true;
    await done;
  }
  return { samples, done, stop };
}

/** Waiting for a connection that an earlier answer held up counts as well. */
export function latencyOf({ due, answered }: Sample): number {
  return answered - due;
}

/** True for an answer other than 2xx, and for none. */
export function hasFailed({ status }: Sample): boolean {
  return status === undefined || status < 200 || status > 299;
}

/** The first failures in words, for the results file. */
export function describeFailures(samples: readonly Sample[]): string[] {
  return samples
    .filter(hasFailed)
    .slice(0, 10)
    .map(({ status, failure, request }) => `${request.path}: ${failure ?? status}`);
}
