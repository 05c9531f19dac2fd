import { readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { load } from 'js-yaml';

/** An organisation of the sandbox. */
export interface SandboxOrganisation {
  readonly id: string;
  readonly name: string;
  readonly legalName: string;
  readonly cnpj: string;
  readonly city: string;
  readonly state: string;
}

/** A data holder of the sandbox. */
export interface SandboxHolder {
  readonly ecosystem: string;
  /** Path of its issuer, without slashes. */
  readonly path: string;
  readonly namespace: string;
  /** Absolute. */
  readonly data: string;
  /** Absolute. */
  readonly customers: string;
  readonly organisation: SandboxOrganisation;
  readonly accent?: { readonly light: string; readonly dark: string };
}

/** A receiver of the sandbox. */
export interface SandboxReceiverPlan {
  readonly name: string;
  /** Id of its software in the directory. */
  readonly software: string;
  /** Host of its redirect URIs and name of its certificate. */
  readonly host: string;
  readonly organisation: SandboxOrganisation;
}

/** Who takes part in the sandbox. */
export interface SandboxEcosystem {
  readonly holders: readonly SandboxHolder[];
  readonly receivers: readonly SandboxReceiverPlan[];
}

/** The example institutions and receivers, beside the sources or the compiled package. */
export const SANDBOX_FILE = join(import.meta.dirname, '..', '..', '..', 'examples', 'sandbox.yaml');

/** Reads who takes part. The file is part of the package, so nothing about it is left to chance. */
export function readEcosystem(file = SANDBOX_FILE): SandboxEcosystem {
  const read = load(readFileSync(file, 'utf8')) as SandboxEcosystem;
  const folder = dirname(file);
  return {
    receivers: read.receivers,
    holders: read.holders.map((holder) => ({
      ...holder,
      data: resolve(folder, holder.data),
      customers: resolve(folder, holder.customers),
    })),
  };
}
