import type { IncomingMessage, ServerResponse } from 'node:http';

/**
 * Tells a caller who waits to be told (RFC 9110 §10.1.1) to send the body. For a request behind others of its connection
 * it is told when their answers are out: before, it would be taken for the answer to one of them.
 */
export function letBodyCome({ headers, httpVersion }: IncomingMessage, response: ServerResponse): void {
  if (httpVersion !== '1.1' || headers.expect?.toLowerCase() !== '100-continue') return;
  if (response.socket) response.writeContinue();
  else
    response.once('socket', () => {
      // The body may have come unasked, and the answer be there.
      if (!response.headersSent) response.writeContinue();
    });
}
