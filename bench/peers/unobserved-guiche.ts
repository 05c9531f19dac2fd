import { join } from 'node:path';
import { SERVER_PROCESSOR, startProcess } from '../start-process.ts';
import type { Peer } from './peer.ts';

/** guiche's own listener, pipeline and open data, with metrics, limits and events left out: no setting does that. */
export const unobservedGuiche: Peer = {
  name: 'guiche without metrics, limits and events',
  atLeast: 0.9,
  async start({ path }) {
    const server = join(import.meta.dirname, 'unobserved-guiche-server.ts');
    const started = startProcess([process.execPath, server], { processor: SERVER_PROCESSOR });
    const { line } = await started.line((text) => text.startsWith('listening '));
    return {
      pid: started.pid,
      url: line.replace('listening ', '') + path,
      remark:
        'the same listener, steps and prepared pages; no limit step, no listener to answers, no database',
      stop: started.stop,
    };
  },
};
