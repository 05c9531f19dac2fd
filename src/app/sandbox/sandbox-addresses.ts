import { RECEIVER_PAGE_PATH } from './create-sandbox-directory.ts';
import type { HolderAddress } from './directory-description.ts';
import type { SandboxHolder, SandboxReceiverPlan } from './read-ecosystem.ts';

/** The ports of a sandbox: institutions and directory, each for everybody and for clients with certificates. */
export interface SandboxPorts {
  readonly public: number;
  readonly mtls: number;
  readonly directory: number;
  readonly directoryMtls: number;
  /** Operational listener of the institutions; without it there is none. */
  readonly operations?: number;
}

/** All that a sandbox has listens here and nowhere else. */
export const SANDBOX_HOST = '127.0.0.1';

/** The origin of a listener. */
export function originOf(port: number): string {
  return `https://${SANDBOX_HOST}:${port}`;
}

/** Where an institution is reached. */
export function holderAddress({ path }: SandboxHolder, ports: SandboxPorts): HolderAddress {
  return {
    issuer: `${originOf(ports.public)}/${path}`,
    publicBase: originOf(ports.public),
    mtlsBase: originOf(ports.mtls),
  };
}

/**
 * Where a receiver has browsers come back to. The second one is what conformance suites use: the query is part of what
 * must match. The third one shows a person who confirms in a browser what has arrived.
 */
export function redirectUrisOf({ host }: SandboxReceiverPlan, ports: SandboxPorts): readonly string[] {
  const callback = `https://${host}/callback`;
  return [
    callback,
    `${callback}?dummy1=lorem&dummy2=ipsum`,
    `${originOf(ports.directory)}${RECEIVER_PAGE_PATH}`,
  ];
}
