import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findProgram } from '../find-program.ts';
import { freePort } from '../free-port.ts';
import { freshFolder } from '../places.ts';
import { SERVER_PROCESSOR, startProcess } from '../start-process.ts';
import { type Peer, PeerAbsent, type ServedBytes } from './peer.ts';

/** nginx with one worker, sending the same bytes from a file. */
export const nginx: Peer = {
  name: 'nginx',
  atLeast: 0.4,
  async start(bytes) {
    const program = findProgram('nginx');
    if (!program) throw new PeerAbsent('not found in PATH or /usr/sbin: apt-get install nginx');
    const prefix = freshFolder('nginx');
    mkdirSync(join(prefix, 'temp'));
    const port = await freePort();
    const file = join(prefix, 'nginx.conf');
    writeFileSync(file, configurationOf(bytes, port));
    const log = join(prefix, 'error.log');
    const started = startProcess([program, '-p', prefix, '-e', log, '-c', file], {
      processor: SERVER_PROCESSOR,
    });
    const url = `http://127.0.0.1:${port}${bytes.path}`;
    await started.answers(url);
    return {
      pid: started.pid,
      url,
      remark: `${versionOf(program)}, one worker, sendfile`,
      stop: started.stop,
    };
  },
};

/** Everything that it writes stays below its prefix, so that an installed nginx is not touched. */
function configurationOf({ path, contentType, file }: ServedBytes, port: number): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((kind) => `  ${kind}_temp_path temp/${kind};`)
    .join('\n');
  return `${isRoot() ? 'user root;\n' : ''}daemon off;
worker_processes 1;
pid nginx.pid;
events { worker_connections 1024; }
http {
${temporary}
  access_log off;
  sendfile on;
  tcp_nopush on;
  keepalive_timeout 75s;
  keepalive_requests 1000000000;
  types { }
  default_type "${contentType}";
  server {
    listen 127.0.0.1:${port};
    location = ${path} { alias ${file}; }
  }
}
`;
}

/** A worker that has become another user may not be let into the checkout. */
function isRoot(): boolean {
  return process.getuid?.() === 0;
}

function versionOf(program: string): string {
  return /nginx\/\S+/.exec(spawnSync(program, ['-v'], { encoding: 'utf8' }).stderr)?.[0] ?? 'nginx';
}
