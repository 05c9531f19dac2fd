import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { load } from 'js-yaml';
import type { TrustProfile } from './trust-profile.ts';

/** Reads the trust profile of every ecosystem in the catalog that has one. The catalog ships with guiche and is trusted. */
export function readTrustProfiles(catalog: string): TrustProfile[] {
  return readdirSync(catalog)
    .map((ecosystem) => join(catalog, ecosystem, 'directory.yaml'))
    .filter((file) => existsSync(file))
    .map((file) => load(readFileSync(file, 'utf8')) as TrustProfile);
}
