import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { after } from 'node:test';
import { createReceiverPage } from '../../src/app/sandbox/receiver-page.ts';
import { issueCertificate } from './issue-certificate.ts';

/** Where a receiver's redirect URI leads to, for browsers that are told of it. */
export interface RunningReceiverPage {
  /** Host of the redirect URI. */
  readonly host: string;
  /** Where that host really is. */
  readonly address: string;
  readonly certificate: string;
}

const servers: Server[] = [];
after(() => {
  for (const server of servers) {
    server.closeAllConnections();
    server.close();
  }
});

/** Serves a redirect URI until the test file ends. */
export async function startReceiverPage(redirectUri: string): Promise<RunningReceiverPage> {
  const { hostname, pathname } = new URL(redirectUri);
  const { certificate, key } = await issueCertificate({ name: hostname });
  const server = createServer({ cert: certificate, key }, createReceiverPage({ path: pathname }));
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { host: hostname, address: `127.0.0.1:${(server.address() as AddressInfo).port}`, certificate };
}
