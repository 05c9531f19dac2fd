import { type ServerResponse, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { createProblem, type ProblemCode } from '../kernel/problem.ts';
import { readInteractionId } from './interaction-id.ts';
import { NO_STORE, SECURITY_HEADERS } from './security-headers.ts';
import { renderProblem } from './write-answer.ts';

/** How long a refused caller may go on sending: closing at once would destroy the answer on its way. */
const LINGER_MS = 2_000;

const refused = new WeakSet<Socket>();

/** Requests that never became one: the parser gave up on them, so the answer is written by hand and the line closed. */
export function answerBrokenRequest(error: NodeJS.ErrnoException, socket: Socket, at: number): void {
  // What comes after a refusal fails again, and is dropped.
  if (refused.has(socket)) return;
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  // Nobody is there to read an answer when no handshake has been finished.
  if (!isAboutRequest(error)) {
    socket.destroy();
    return;
  }
  refused.add(socket);
  afterAnswers(socket, (open) => refuseBrokenRequest(error, socket, at, open));
}

function isAboutRequest({ code = '' }: NodeJS.ErrnoException): boolean {
  return code.startsWith('HPE_') || code.startsWith('ERR_HTTP_');
}

/**
 * Runs an action when the answers to earlier requests of the connection are out: each belongs to its request by order.
 * An answer that waits for the rest of its own request would wait for ever: it is passed on, to be replaced.
 */
function afterAnswers(
  socket: Socket & { _httpMessage?: ServerResponse | null },
  action: (open: ServerResponse | undefined) => void,
): void {
  // Only this member tells what Node has yet to send; Node's own refusal looks at it too.
  const current = socket._httpMessage;
  if (!current) action(undefined);
  else if (!current.req.complete && !current.headersSent) action(current);
  else current.once('finish', () => afterAnswers(socket, action));
}

function refuseBrokenRequest(
  error: NodeJS.ErrnoException,
  socket: Socket,
  at: number,
  open: ServerResponse | undefined,
): void {
  if (!socket.writable) return;
  const problem = createProblem(brokenRequestCode(error.code));
  const body = renderProblem(problem, undefined, at);
  const headers = [
    ...SECURITY_HEADERS,
    NO_STORE,
    ['x-fapi-interaction-id', readInteractionId(open?.req.headers['x-fapi-interaction-id'])],
    ['date', new Date(at).toUTCString()],
    ['content-length', body.length],
    ['connection', 'close'],
  ];
  const head = headers.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  const status = `${problem.status} ${STATUS_CODES[problem.status]}`;
  socket.end(Buffer.concat([Buffer.from(`HTTP/1.1 ${status}\r\n${head}\r\n`), body]));
  const cut = setTimeout(() => socket.destroy(), LINGER_MS).unref();
  socket.once('close', () => clearTimeout(cut));
}

function brokenRequestCode(code: string | undefined): ProblemCode {
  if (code === 'HPE_HEADER_OVERFLOW') return 'CABECALHOS_MUITO_GRANDES';
  return code === 'ERR_HTTP_REQUEST_TIMEOUT' ? 'TEMPO_ESGOTADO' : 'REQUISICAO_MALFORMADA';
}
