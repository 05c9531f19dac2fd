import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { load } from 'js-yaml';
import { PROBLEMS, type ProblemCode } from '../kernel/problem.ts';
import {
  type ConsentProfile,
  type Cover,
  CREATION_RULES,
  type CreationRule,
  type DetailRule,
  GROUP_RULES,
  type GroupRule,
  type Permission,
  type PermissionGroup,
  type PersonKind,
  type RefusalWording,
  type RejectionReason,
  type ResourceRules,
  SELECTION_MODES,
  type SelectionMode,
  type VersionSpelling,
} from './consent-profile.ts';

/** `consents.yaml` as it is written: see the comments in the files themselves. */
interface ProfileFile {
  readonly ecosystem: string;
  readonly awaitingMinutes: number;
  readonly expiry: {
    readonly isRequired: boolean;
    readonly maxMonths: number;
    readonly toleranceSeconds: number;
  };
  readonly companion: string;
  readonly deletion: ConsentProfile['deletion'];
  readonly idempotencyHeader?: string;
  readonly creationRules: readonly CreationRule[];
  readonly refusals: Readonly<Partial<Record<ProblemCode, RefusalWording>>>;
  readonly rejectionReasons: readonly RejectionReason[];
  readonly details?: readonly DetailRule[];
  readonly resources: {
    readonly preparationMinutes?: number;
    readonly closedSharedMonths: number;
    readonly unavailableListedMonths: number;
    readonly returningTypes?: readonly string[];
  };
  readonly versions?: readonly {
    readonly major: number;
    readonly permissions?: Readonly<Record<string, string>>;
    readonly details?: Readonly<Record<string, string>>;
    readonly values?: Readonly<Record<string, Record<string, Record<string, string>>>>;
    readonly reasons?: Readonly<Record<string, string>>;
  }[];
  readonly apis: readonly {
    readonly scope?: string;
    readonly resourceType?: string;
    readonly person?: PersonKind;
    readonly permissions: Readonly<Record<string, string>>;
  }[];
  readonly categories: readonly {
    readonly label: string;
    readonly groups: readonly {
      readonly id: string;
      readonly label: string;
      readonly description: string;
      readonly rule: GroupRule;
      readonly selection: SelectionMode;
      readonly kept?: boolean;
      readonly permissions: readonly string[];
    }[];
  }[];
}

/**
 * Reads the consent profile of every ecosystem in the catalog that has one.
 *
 * @throws Error naming every contradiction of a profile, such as a permission that is in no group
 */
export function readConsentProfiles(catalog: string): ConsentProfile[] {
  return readdirSync(catalog)
    .map((ecosystem) => join(catalog, ecosystem, 'consents.yaml'))
    .filter((file) => existsSync(file))
    .map((file) => parseConsentProfile(readFileSync(file, 'utf8'), file));
}

/** Makes a profile of the text of a `consents.yaml`; `file` is for the message of an error. */
export function parseConsentProfile(text: string, file: string): ConsentProfile {
  const written = load(text) as ProfileFile;
  const faults = findFaults(written);
  if (faults.length > 0) throw new Error(`${file}: ${faults.join('; ')}`);
  const permissions = readPermissions(written);
  const groups = readGroups(written, permissions);
  const versions = (written.versions ?? []).map(readVersion);
  const { maxMonths, isRequired, toleranceSeconds } = written.expiry;
  return Object.freeze({
    ecosystem: written.ecosystem,
    awaitingMs: written.awaitingMinutes * 60_000,
    expiry: { isRequired, maxMonths, toleranceMs: toleranceSeconds * 1000 },
    companion: written.companion,
    deletion: written.deletion,
    idempotencyHeader: written.idempotencyHeader,
    creationRules: written.creationRules,
    refusals: new Map(Object.entries(written.refusals) as [ProblemCode, RefusalWording][]),
    rejectionReasons: written.rejectionReasons,
    details: written.details ?? [],
    resources: readResourceRules(written),
    permissions,
    groups,
    covers: groups.flatMap((group) => coversOf(group, written.companion)),
    versions,
    aliases: new Map(
      versions.flatMap((version) => [...version.permissions].map(([name, alias]) => [alias, name] as const)),
    ),
    products: new Set([...permissions.values()].flatMap(({ product }) => product ?? [])),
  });
}

function readResourceRules({ resources }: ProfileFile): ResourceRules {
  const { preparationMinutes, returningTypes = [], ...months } = resources;
  return {
    ...months,
    preparationMs: preparationMinutes && preparationMinutes * 60_000,
    returningTypes: new Set(returningTypes),
  };
}

function readPermissions({ apis }: ProfileFile): Map<string, Permission> {
  const permissions = new Map<string, Permission>();
  for (const { scope, resourceType, person = 'any', permissions: labels } of apis) {
    for (const [name, label] of Object.entries(labels)) {
      const product = scope && (resourceType ?? scope);
      permissions.set(name, Object.freeze({ name, label, scope, resourceType, product, person }));
    }
  }
  return permissions;
}

function readGroups(
  { categories }: ProfileFile,
  permissions: ReadonlyMap<string, Permission>,
): PermissionGroup[] {
  return categories.flatMap(({ label: category, groups }) =>
    groups.map(({ kept = false, ...group }) => {
      const members = group.permissions.map((name) => permissions.get(name) as Permission);
      return Object.freeze({
        ...group,
        category,
        isKept: kept,
        scopes: [...new Set(members.flatMap(({ scope }) => scope ?? []))],
        resourceTypes: [...new Set(members.flatMap(({ resourceType }) => resourceType ?? []))],
      });
    }),
  );
}

function coversOf(group: PermissionGroup, companion: string): Cover[] {
  if (group.rule === 'exclusive') return [{ group, permissions: group.permissions }];
  if (group.rule === 'whole') return [{ group, permissions: [...group.permissions, companion] }];
  return group.permissions.map((permission) => ({ group, permissions: [permission, companion] }));
}

function readVersion(version: NonNullable<ProfileFile['versions']>[number]): VersionSpelling {
  const { major, permissions = {}, details = {}, values = {}, reasons = {} } = version;
  return {
    major,
    permissions: toMap(permissions),
    details: toMap(details),
    values: new Map(
      Object.entries(values).map(([member, inner]) => [
        member,
        new Map(Object.entries(inner).map(([name, spellings]) => [name, toMap(spellings)])),
      ]),
    ),
    reasons: toMap(reasons),
  };
}

function toMap(record: Readonly<Record<string, string>>): Map<string, string> {
  return new Map(Object.entries(record));
}

/** What contradicts itself in a profile: a slip there would grant or refuse the wrong thing in silence. */
function findFaults(written: ProfileFile): string[] {
  const declared = written.apis.flatMap(({ permissions }) => Object.keys(permissions));
  const groups = written.categories.flatMap((category) => category.groups);
  const grouped = groups.flatMap(({ permissions }) => permissions);
  const referred = [
    written.companion,
    ...grouped,
    ...(written.details ?? []).flatMap(({ permissions }) => permissions),
    ...written.rejectionReasons.flatMap(({ permission }) => permission ?? []),
    ...(written.versions ?? []).flatMap(({ permissions = {} }) => Object.keys(permissions)),
  ];
  const reasons = written.rejectionReasons.map(({ code }) => code);
  const types = written.apis.flatMap(({ resourceType }) => resourceType ?? []);
  const told = (written.versions ?? []).flatMap((version) => Object.entries(version.reasons ?? {}).flat());
  return [
    ...say('a permission is declared twice', repeated(declared)),
    ...say('a group id is used twice', repeated(groups.map(({ id }) => id))),
    ...say('a permission is not declared', missing(referred, declared)),
    ...say('a permission is in no group', missing(declared, [...grouped, written.companion])),
    ...say(
      'a group lists the companion',
      grouped.filter((name) => name === written.companion),
    ),
    ...say('a rule of creation is unknown', missing(written.creationRules, CREATION_RULES)),
    ...say('a refusal is unknown', missing(Object.keys(written.refusals), Object.keys(PROBLEMS))),
    ...say('a reason is unknown', missing(told, reasons)),
    ...say('a resource type is unknown', missing(written.resources.returningTypes ?? [], types)),
    ...say(
      'a group rule is unknown',
      missing(
        groups.map(({ rule }) => rule),
        GROUP_RULES,
      ),
    ),
    ...say(
      'a selection mode is unknown',
      missing(
        groups.map(({ selection }) => selection),
        SELECTION_MODES,
      ),
    ),
  ];
}

function say(fault: string, names: readonly string[]): string[] {
  return names.length === 0 ? [] : [`${fault}: ${[...new Set(names)].join(', ')}`];
}

function repeated(names: readonly string[]): string[] {
  return names.filter((name, index) => names.indexOf(name) !== index);
}

function missing(names: readonly string[], known: readonly string[]): string[] {
  return names.filter((name) => !known.includes(name));
}
