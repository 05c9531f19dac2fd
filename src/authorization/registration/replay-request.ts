import { IncomingMessage } from 'node:http';

/**
 * A request with the head of one that has been read, and a JSON body. It ends of its own: nothing more is read from the
 * connection, and closing it leaves the connection open for the answer.
 */
export function replayRequest(read: IncomingMessage, json: unknown): IncomingMessage {
  const body = Buffer.from(JSON.stringify(json));
  const { 'transfer-encoding': _chunked, ...headers } = read.headers;
  const replayed: IncomingMessage & { originalUrl?: string } = new IncomingMessage(read.socket);
  replayed.httpVersion = read.httpVersion;
  replayed.method = read.method;
  replayed.url = read.url;
  // Absolute URLs in the answer are made with what stands before the route.
  const { originalUrl } = read as typeof replayed;
  if (originalUrl !== undefined) replayed.originalUrl = originalUrl;
  replayed.headers = {
    ...headers,
    'content-type': 'application/json',
    'content-length': String(body.byteLength),
  };
  // Otherwise the message takes its own end for the caller's hanging up.
  replayed.complete = true;
  replayed.push(body);
  replayed.push(null);
  return replayed;
}
