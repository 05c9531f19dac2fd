const HEADING = /^\s*#{2,4}\s+`?(?:(GET|POST|PUT|PATCH|DELETE)\s+)?(\/[^`\s]*)?`?/;
const PERMISSION =
  /(?:\b(GET|POST|PUT|PATCH|DELETE)\s*:\s*)?\*{0,2}\b([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)\b\*{0,2}/g;

/** Permissions that a contract's description states, by method and blanked path. */
export type ProsePermissions = ReadonlyMap<string, readonly string[]>;

/**
 * Reads the permissions that consented contracts state only in the Markdown of `info.description`: a heading with a
 * path, then bullets with permission names, each after its method or standing for that of the heading, else GET.
 */
export function readProsePermissions(description: string): ProsePermissions {
  const found = new Map<string, string[]>();
  let path: string | undefined;
  let headingMethod = 'GET';
  for (const line of description.slice(0, 200_000).split(/\r?\n/)) {
    if (/^\s*#{1,6}\s/.test(line)) {
      const heading = HEADING.exec(line);
      path = heading?.[2];
      headingMethod = heading?.[1] ?? 'GET';
      continue;
    }
    if (path === undefined) continue;
    for (const [, method = headingMethod, name = ''] of line.matchAll(PERMISSION)) {
      const key = `${method} ${blank(path)}`;
      const names = found.get(key) ?? [];
      if (!names.includes(name)) found.set(key, [...names, name]);
    }
  }
  return found;
}

/**
 * The permissions stated for one operation. Headings give the whole path in some contracts and in others the path
 * below the resource, so both are looked up.
 */
export function permissionsOf(
  permissions: ProsePermissions,
  method: string,
  path: string,
): readonly string[] {
  const whole = blank(path);
  const belowResource = whole.replace(/^\/[^/]+/, '') || '/';
  return permissions.get(`${method} ${whole}`) ?? permissions.get(`${method} ${belowResource}`) ?? [];
}

function blank(path: string): string {
  const bare = path.replace(/\{[^}]*\}/g, '{}');
  return bare.length > 1 ? bare.replace(/\/$/, '') : bare;
}
