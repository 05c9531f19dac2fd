import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { load } from 'js-yaml';
import type { AuthorizationProfile } from './authorization-profile.ts';

/** Reads the authorization profile of every ecosystem in the catalog that has one. The catalog ships with guiche and is trusted. */
export function readAuthorizationProfiles(catalog: string): AuthorizationProfile[] {
  return readdirSync(catalog)
    .map((ecosystem) => join(catalog, ecosystem, 'authorization.yaml'))
    .filter((file) => existsSync(file))
    .map((file) => load(readFileSync(file, 'utf8')) as AuthorizationProfile);
}
