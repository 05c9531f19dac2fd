import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '../free-port.ts';
import { INSTALL_ADVICE } from '../generate-load.ts';
import { freshFolder, projectFolder } from '../places.ts';
import { SERVER_PROCESSOR, startProcess } from '../start-process.ts';
import { type Peer, PeerAbsent, type RunningPeer, type ServedBytes } from './peer.ts';

const folder = join(import.meta.dirname, '..', 'node_modules', '@stoplight', 'prism-cli');
const contract = join(projectFolder, 'catalog', 'open-insurance', 'channels', '2.0.0.yaml');

/** Prism as `prism mock` starts it: one made-up record, a few lines of log for each request. */
export const prism = prismPeer('Prism', 0, [], 20);

/** The same without its log. */
export const prismSilent = prismPeer('Prism without log', 1, ['--verboseLevel', 'silent'], undefined);

/** Prism making up a body of many records for each request, as the contract allows them. */
export const prismDynamic = prismPeer('Prism, dynamic', 2, ['--dynamic'], undefined);

/**
 * Prism mocking the same contract. It mounts the contract's paths without the path of their server, so its URL is
 * shorter than the regulated one.
 */
function prismPeer(
  name: string,
  number: number,
  options: readonly string[],
  atLeast: number | undefined,
): Peer {
  async function start({ path }: ServedBytes): Promise<RunningPeer> {
    if (!existsSync(folder)) throw new PeerAbsent(INSTALL_ADVICE);
    const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { version: string };
    const port = await freePort();
    const origin = `http://127.0.0.1:${port}`;
    const mock = ['mock', '--host', '127.0.0.1', '--port', String(port), ...options, contract];
    const started = startProcess([process.execPath, join(folder, 'dist', 'index.js'), ...mock], {
      processor: SERVER_PROCESSOR,
      outputFile: join(freshFolder(`prism-${number}`), 'prism.log'),
    });
    await started.answers(origin);
    const mounted = path.slice(path.lastIndexOf('/'));
    const answer = await fetch(origin + mounted);
    const body = await answer.text();
    if (answer.status !== 200) {
      await started.stop();
      throw new PeerAbsent(`prism ${version} answered ${answer.status} to ${mounted}: ${body.slice(0, 200)}`);
    }
    const settings = ['mock', ...options].join(' ');
    const remark = `prism ${version}, ${settings}, mounted at ${mounted}, ${Buffer.byteLength(body)} bytes of body`;
    return { pid: started.pid, url: origin + mounted, remark, stop: started.stop };
  }
  return { name, atLeast, start };
}
