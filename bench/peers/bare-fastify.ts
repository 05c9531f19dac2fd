import { createRequire } from 'node:module';
import { join } from 'node:path';
import { SERVER_PROCESSOR, startProcess } from '../start-process.ts';
import type { Peer } from './peer.ts';

const { version } = createRequire(import.meta.url)('fastify/package.json') as { version: string };

/** A bare Fastify route that sends the same bytes from memory. */
export const bareFastify: Peer = {
  name: 'bare Fastify',
  atLeast: 0.85,
  async start({ path, contentType, file }) {
    const server = join(import.meta.dirname, 'bare-fastify-server.ts');
    const started = startProcess([process.execPath, server, path, contentType, file], {
      processor: SERVER_PROCESSOR,
    });
    const { line } = await started.line((text) => text.startsWith('listening '));
    return {
      pid: started.pid,
      url: line.replace('listening ', '') + path,
      remark: `fastify ${version}, one route, one header`,
      stop: started.stop,
    };
  },
};
