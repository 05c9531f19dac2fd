import { connect } from 'node:net';
import type { ClientBase } from 'pg';

const PATIENCE_MS = 1_000;
const CANCEL_REQUEST_CODE = 80_877_102;

/** What a connection knows of the server's side of it. */
interface ServerSide {
  readonly host: string;
  readonly port: number;
  readonly processID: number | null;
  readonly secretKey: number | null;
}

/**
 * Asks the server to end what a connection is busy with (Frontend/Backend Protocol, "Canceling Requests in Progress"),
 * which goes over a connection of its own. Best effort: where it does not arrive, the statement's own time limit ends it.
 */
export function cancelQuery(client: ClientBase): void {
  const { host, port, processID, secretKey } = client as unknown as ServerSide;
  if (processID === null || secretKey === null) return;
  const request = Buffer.alloc(16);
  request.writeInt32BE(16, 0);
  request.writeInt32BE(CANCEL_REQUEST_CODE, 4);
  request.writeInt32BE(processID, 8);
  request.writeInt32BE(secretKey, 12);
  const socket = host.startsWith('/') ? connect(`${host}/.s.PGSQL.${port}`) : connect(port, host);
  socket.on('error', () => {});
  socket.setTimeout(PATIENCE_MS, () => socket.destroy());
  socket.unref();
  socket.end(request);
}
