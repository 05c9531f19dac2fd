import { Agent, request } from 'node:http';
import { after } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';

/** A test that fails does not stop its load, which would go on for ever. */
const loads: Load[] = [];
after(() => Promise.all(loads.map((load) => load.stop())));

const PATIENCE_MS = 10_000;

export interface LoadSettings {
  /** Each request goes to one of them at random. */
  readonly ports: readonly number[];
  /** In turn. */
  readonly paths: readonly string[];
  /** Requests under way at once. */
  readonly callers: number;
  /** How long each caller waits between an answer and its next request, in milliseconds. */
  readonly pauseMs?: number;
  /** A connection for each request, as proxies without keep-alive open them. */
  readonly isNewConnection?: boolean;
}

/** What became of one request. */
export interface LoadedRequest {
  readonly port: number;
  readonly path: string;
  /** Undefined when it was not answered, or not to the end. */
  readonly status: number | undefined;
  /** Why it was not. */
  readonly failure?: string;
  /** Whether anything of an answer came. */
  readonly isBegun: boolean;
  /** When it was sent and when its end came, in milliseconds since the epoch. */
  readonly sentAt: number;
  readonly endedAt: number;
}

export interface Load {
  /** Requests that have ended so far. */
  readonly requests: readonly LoadedRequest[];
  /** Sends no more, waits for those under way, and tells of all. */
  stop(): Promise<readonly LoadedRequest[]>;
}

/** Starts to send requests, again and again. */
export function startLoad(settings: LoadSettings): Load {
  const { ports, paths, callers, pauseMs = 0, isNewConnection = false } = settings;
  const agent = new Agent({ keepAlive: !isNewConnection, maxSockets: Number.POSITIVE_INFINITY });
  const requests: LoadedRequest[] = [];
  let isStopped = false;
  let turn = 0;

  async function call(): Promise<void> {
    while (!isStopped) {
      turn += 1;
      const port = ports[Math.floor(Math.random() * ports.length)] as number;
      const { failure } = await send(port, paths[turn % paths.length] as string);
      await pause(failure === undefined ? pauseMs : Math.max(pauseMs, 20));
    }
  }

  function send(port: number, path: string): Promise<LoadedRequest> {
    const sentAt = Date.now();
    let isBegun = false;
    return new Promise((resolve) => {
      const end = (status: number | undefined, failure?: string) => {
        const ended: LoadedRequest = {
          port,
          path,
          status,
          isBegun,
          sentAt,
          endedAt: Date.now(),
          ...(failure === undefined ? {} : { failure }),
        };
        requests.push(ended);
        resolve(ended);
      };
      const outgoing = request({ host: '127.0.0.1', port, path, agent }, (incoming) => {
        isBegun = true;
        incoming.resume();
        incoming.on('end', () => end(incoming.statusCode));
        incoming.on('error', (error) => end(undefined, `cut: ${error.message}`));
      });
      outgoing.on('error', (error: NodeJS.ErrnoException) => {
        if (!isBegun) end(undefined, error.code ?? error.message);
      });
      // A connection that the system had handed to a process which was killed is answered by nobody.
      outgoing.setTimeout(PATIENCE_MS, () => outgoing.destroy(new Error('no answer')));
      outgoing.end();
    });
  }

  const ended = Promise.all(Array.from({ length: callers }, call));
  const load: Load = {
    requests,
    async stop() {
      isStopped = true;
      await ended;
      agent.destroy();
      return requests;
    },
  };
  loads.push(load);
  return load;
}

/** Requests that were not answered with 200, as one line each, for an assertion to show. */
export function failuresOf(requests: readonly LoadedRequest[]): string[] {
  return requests
    .filter(({ status }) => status !== 200)
    .map(({ path, status, failure }) => `${path}: ${status ?? failure}`);
}

/** How many requests of a path were answered. */
export function answered(requests: readonly LoadedRequest[], path: string): number {
  return requests.filter((each) => each.path === path && each.status !== undefined).length;
}
