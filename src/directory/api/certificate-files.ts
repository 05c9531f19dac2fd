import type { IncomingMessage, ServerResponse } from 'node:http';
import type { CertificateAuthority } from '../certificate-authority.ts';

export interface CertificateFilesSettings {
  readonly authority: Pick<CertificateAuthority, 'find'>;
  /** Hears of what should not have happened. */
  readonly onError: (error: unknown) => void;
}

const PATH = /\/([0-9a-f]{1,64})\.pem$/;

/** Creates the handler of `GET <base>/<serial number>.pem`: a certificate and its issuer, which anybody may see. */
export function createCertificateFiles({ authority, onError }: CertificateFilesSettings) {
  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const [path = ''] = (request.url ?? '').split('?', 1);
    const serialNumber = PATH.exec(path)?.[1];
    const issued = serialNumber === undefined ? undefined : await authority.find(serialNumber);
    if (!issued) {
      response
        .writeHead(404, { 'content-type': 'application/json' })
        .end('{"errors":["Certificado não encontrado."]}');
      return;
    }
    response.writeHead(200, {
      'content-type': 'application/pem-certificate-chain',
      'cache-control': 'public, max-age=86400, immutable',
      'content-length': Buffer.byteLength(issued.chain),
    });
    response.end(request.method === 'HEAD' ? undefined : issued.chain);
  }

  return (request: IncomingMessage, response: ServerResponse): void => {
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.writeHead(405, { allow: 'GET, HEAD' }).end();
      return;
    }
    answer(request, response).catch((error) => {
      onError(error);
      if (!response.headersSent) response.writeHead(500).end();
    });
  };
}
