import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { OfferedResource } from '../../src/connectors/customer.ts';
import { readCompanyFile, readCustomerFile } from '../../src/connectors/customer-file.ts';
import type { ConsentProfile } from '../../src/consents/consent-profile.ts';
import { readConsentProfiles } from '../../src/consents/read-consent-profiles.ts';
import { canonicalPermission } from '../../src/consents/version-spelling.ts';
import type { Operation } from '../../src/contract/operation.ts';
import { createAddressing } from '../../src/customer-data/product-ids.ts';
import { catalogOperations } from './catalog-operations.ts';
import { catalogFolder } from './contract-folder.ts';

const EXAMPLES = join(import.meta.dirname, '../../examples');

/** The example institution of each ecosystem, by the name of its folder. */
export const EXAMPLE_INSTITUTIONS = [
  { ecosystem: 'open-finance', folder: 'bank' },
  { ecosystem: 'open-insurance', folder: 'insurer' },
] as const;
export type ExampleInstitution = (typeof EXAMPLE_INSTITUTIONS)[number];

/** A person or a company with a folder of its own. */
export interface ExampleOwner {
  readonly document: string;
  readonly person: 'natural' | 'legal';
  readonly folder: string;
  readonly resources: readonly OfferedResource[];
}

/** A read of something that a customer has: the operation, the path in the institution's references, and its file. */
export interface ExampleRead {
  readonly operation: Operation;
  readonly owner: ExampleOwner;
  /** Types of the resources that the operation is about. */
  readonly types: ReadonlySet<string>;
  /** The reference in the path, and whether it is that of a resource; undefined for a list. */
  readonly ref: string | undefined;
  readonly isOfResource: boolean;
  readonly file: string;
}

/** The people and companies of an example institution, as their files tell. */
export function exampleOwners({ folder }: ExampleInstitution): ExampleOwner[] {
  const root = join(EXAMPLES, folder, 'customers');
  return readdirSync(root).map((document) => {
    const own = join(root, document);
    const text = (name: string) => readFileSync(join(own, name), 'utf8');
    const isCompany = existsSync(join(own, 'company.yaml'));
    const { resources } = isCompany
      ? readCompanyFile(text('company.yaml'))
      : readCustomerFile(text('customer.yaml'));
    return { document, person: isCompany ? 'legal' : 'natural', folder: own, resources };
  });
}

/** What is particular to consents in the institution's ecosystem. */
export function exampleProfile({ ecosystem }: ExampleInstitution): ConsentProfile {
  const profile = readConsentProfiles(catalogFolder).find((each) => each.ecosystem === ecosystem);
  if (!profile) throw new Error(`${ecosystem} has no profile`);
  return profile;
}

/** Every operation of customer data in the catalog, of every version. */
export function customerDataOperations({ ecosystem }: ExampleInstitution): Operation[] {
  return catalogOperations.filter(
    (operation) => operation.ecosystem === ecosystem && operation.kind === 'customer-data',
  );
}

/** All that the catalog lets be read of what the customers of an example institution have. */
export function exampleReads(institution: ExampleInstitution): ExampleRead[] {
  const profile = exampleProfile(institution);
  const operations = customerDataOperations(institution);
  const addressingOf = createAddressing(operations);
  const owners = exampleOwners(institution);
  return operations.flatMap((operation) => {
    const permissions = operation.permissions.flatMap(
      (name) => profile.permissions.get(canonicalPermission(profile, name)) ?? [],
    );
    const types = new Set(permissions.flatMap(({ resourceType }) => resourceType ?? []));
    const { parameters, isBelowResource } = addressingOf(operation);
    return owners
      .filter(({ person }) => permissions.every((known) => [person, 'any'].includes(known.person)))
      .flatMap((owner): ExampleRead[] => {
        const owned = owner.resources.filter(({ type }) => types.has(type)).map(({ ref }) => ref);
        const read = { operation, owner, types, isOfResource: parameters.length > 0 && isBelowResource };
        if (owned.length === 0) return [];
        if (parameters.length === 0) return [{ ...read, ref: undefined, file: fileOf(owner, operation) }];
        const refs = isBelowResource ? owned : refsInFolder(owner, operation);
        return refs.map((ref) => ({ ...read, ref, file: fileOf(owner, operation, ref) }));
      });
  });
}

/** A file for one version of the contract goes before the one that is for all. */
function fileOf({ folder }: ExampleOwner, { path, version }: Operation, ref = ''): string {
  const place = join(folder, path.replace(/\{[^}]*\}/, ref));
  const own = `${place}@${version}.json`;
  return existsSync(own) ? own : `${place}.json`;
}

/** What is known by an id of its own stands in no list: the files tell which there are. */
function refsInFolder({ folder }: ExampleOwner, { path }: Operation): string[] {
  const place = join(folder, path.slice(0, path.indexOf('/{')));
  if (!existsSync(place)) return [];
  return readdirSync(place).flatMap((name) => /^([^@]*)\.json$/.exec(name)?.[1] ?? []);
}
