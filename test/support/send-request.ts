import { Agent, type IncomingHttpHeaders, request } from 'node:http';

/** A request for {@link sendRequest}; the path goes on the wire exactly as it is written here. */
export interface RequestToSend {
  readonly method?: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  readonly body?: string;
}

/** A parsed answer. Tests reach into it freely: a member that is not there is a failed test. */
// biome-ignore lint/suspicious/noExplicitAny: the shape is what the tests are about
export type Json = any;

/** An answer whose bytes are as they came: nothing is decompressed. */
export interface ReceivedAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly bytes: Buffer;
  /** The body as JSON. */
  readonly json: () => Json;
}

const agent = new Agent({ keepAlive: true, maxSockets: 16 });

/** Sends one request over a real connection and reads the whole answer. */
export function sendRequest(port: number, { method = 'GET', path, headers = {}, body }: RequestToSend) {
  return new Promise<ReceivedAnswer>((resolve, reject) => {
    const outgoing = request(
      { host: '127.0.0.1', port, agent, method, path, headers: { ...headers } as Record<string, string> },
      (incoming) => {
        const chunks: Buffer[] = [];
        incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
        incoming.on('error', reject);
        incoming.on('end', () => {
          const bytes = Buffer.concat(chunks);
          const json = () => JSON.parse(bytes.toString('utf8'));
          resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, bytes, json });
        });
      },
    );
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}
