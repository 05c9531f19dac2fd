import { once } from 'node:events';
import { createServer } from 'node:net';

/** Below the range from which systems take the ports of outgoing connections: one of those may be taken at any moment. */
const LOWEST = 10_000;
const RANGE = 22_000;
/** Test files run at the same time; each looks in a place of its own. */
const SPREAD = 211;

let next = (process.pid * SPREAD) % RANGE;

/** Ports of this machine that nobody listens on, and that will still be free when something is started again. */
export async function freePorts(count: number): Promise<number[]> {
  const found: number[] = [];
  while (found.length < count) {
    const port = LOWEST + (next % RANGE);
    next += 1;
    if (await isFree(port)) found.push(port);
  }
  return found;
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  server.listen(port, '127.0.0.1');
  const isListening = await once(server, 'listening').then(
    () => true,
    () => false,
  );
  if (isListening) {
    server.close();
    await once(server, 'close');
  }
  return isListening;
}
