import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { load } from 'js-yaml';
import type { EcosystemProfile } from './ecosystem-profile.ts';

/** Reads the profile of every ecosystem in the catalog folder. The catalog ships with guiche and is trusted. */
export function readProfiles(catalog: string): EcosystemProfile[] {
  return readdirSync(catalog).map(
    (ecosystem) => load(readFileSync(join(catalog, ecosystem, 'profile.yaml'), 'utf8')) as EcosystemProfile,
  );
}
