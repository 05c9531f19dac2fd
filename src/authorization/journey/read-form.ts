import type { IncomingMessage } from 'node:http';

/** A form that cannot be taken, and the status that says so. */
export class FormFault extends Error {
  readonly status: 400 | 408 | 413 | 415;

  constructor(status: FormFault['status'], message: string) {
    super(message);
    this.status = status;
  }
}

const MOST_BYTES = 64 * 1024;
const MOST_FIELDS = 1_000;
const MOST_MS = 10_000;

/** Reads a form that a browser has sent. Rejects with a {@link FormFault} when it is too large, too slow, or no form. */
export async function readForm(request: IncomingMessage): Promise<URLSearchParams> {
  const type = request.headers['content-type']?.split(';')[0]?.trim().toLowerCase();
  if (type !== 'application/x-www-form-urlencoded') throw new FormFault(415, 'the body is not a form');
  const form = new URLSearchParams((await readBody(request)).toString('utf8'));
  if (form.size > MOST_FIELDS) throw new FormFault(413, 'the form has too many fields');
  return form;
}

function readBody(request: IncomingMessage): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    const timer = setTimeout(() => refuse(new FormFault(408, 'the form took too long')), MOST_MS);
    const refuse = (fault: FormFault) => {
      clearTimeout(timer);
      request.pause();
      reject(fault);
    };
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > MOST_BYTES) refuse(new FormFault(413, 'the form is too large'));
      else chunks.push(chunk);
    });
    request.once('end', () => {
      clearTimeout(timer);
      resolve(Buffer.concat(chunks));
    });
    request.once('error', () => refuse(new FormFault(400, 'the form broke off')));
    request.once('close', () => refuse(new FormFault(400, 'the form broke off')));
  });
}
