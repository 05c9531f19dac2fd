/** Whose keys: of one software, or of the organisation itself. */
export interface KeyOwner {
  readonly organisationId: string;
  readonly softwareId?: string | undefined;
}

/** `application` keys sign and decrypt messages, `transport` keys belong to client certificates. */
export type KeySetName = 'application' | 'transport';

export type KeyState = 'active' | 'inactive';

/** A key set of the key store: whose, which, and in what state. */
export interface KeySetPlace {
  readonly owner: KeyOwner;
  readonly name: KeySetName;
  readonly state: KeyState;
}

/** The URL of a key set below the key store's base URL, which has no slash at the end. */
export function keySetUrl(base: string, owner: KeyOwner, name: KeySetName, state: KeyState): string {
  const folders = [owner.organisationId, owner.softwareId, state === 'inactive' ? 'inactive' : undefined];
  const path = folders.filter((folder) => folder !== undefined).map(encodeURIComponent);
  return [base, ...path, `${name}.jwks`].join('/');
}

const PATH =
  /^\/([\w-]{1,64})(?:\/(?!inactive\/)([\w-]{1,64}))?(\/inactive)?\/(application|transport)\.jwks$/;

/** The key set that a path below the key store's base URL names; undefined when it names none. */
export function readKeySetPath(path: string): KeySetPlace | undefined {
  const [, organisationId, softwareId, inactive, name] = PATH.exec(path) ?? [];
  if (organisationId === undefined) return undefined;
  return {
    owner: softwareId === undefined ? { organisationId } : { organisationId, softwareId },
    name: name as KeySetName,
    state: inactive === undefined ? 'active' : 'inactive',
  };
}
