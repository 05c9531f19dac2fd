import { readFileSync } from 'node:fs';
import { stdin } from 'node:process';
import { createInterface } from 'node:readline';
import type { ReceiverKeys } from 'guiche/receiver';

/** As much of what `guiche sandbox --format json` prints as a receiver needs. */
export interface Sandbox {
  readonly directory: { readonly participantsUrl: string };
  readonly institutions: readonly { readonly name: string; readonly ecosystem: string }[];
  readonly receivers: readonly SandboxReceiver[];
  readonly consents: readonly SandboxConsent[];
}

export interface SandboxReceiver {
  readonly name: string;
  readonly clientIds: Readonly<Record<string, string>>;
  readonly jwksFile: string;
  readonly certFile: string;
  readonly keyFile: string;
  readonly caFile: string;
}

export interface SandboxConsent {
  readonly ecosystem: string;
  readonly receiver: string;
  readonly consentId: string;
  readonly accessToken: string;
  readonly refreshToken: string;
}

/** Reads the line that the sandbox prints once it is ready, from a file or, for `-`, from standard input. */
export async function readSandbox(file: string): Promise<Sandbox> {
  const line = file === '-' ? await firstLine() : readFileSync(file, 'utf8');
  return JSON.parse(line) as Sandbox;
}

/** A real receiver keeps these in a vault; the sandbox has them in files. */
export function readKeys({ jwksFile, certFile, keyFile, caFile }: SandboxReceiver): ReceiverKeys {
  const read = (file: string) => readFileSync(file, 'utf8');
  const [signing, encryption] = JSON.parse(read(jwksFile)).keys;
  return {
    signing,
    encryption,
    certificate: read(certFile),
    certificateKey: read(keyFile),
    authorities: read(caFile),
  };
}

/** The sandbox goes on running, so its output does not end after the line. */
async function firstLine(): Promise<string> {
  for await (const line of createInterface({ input: stdin })) return line;
  throw new Error('nothing came on standard input');
}
