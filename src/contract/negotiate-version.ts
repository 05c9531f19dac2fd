/** Compares two dotted versions number by number; a pre-release is lower than its release. */
export function compareVersions(a: string, b: string): number {
  const left = parse(a);
  const right = parse(b);
  for (let index = 0; index < Math.max(left.numbers.length, right.numbers.length); index += 1) {
    const difference = (left.numbers[index] ?? 0) - (right.numbers[index] ?? 0);
    if (difference !== 0) return difference;
  }
  if (left.suffix === right.suffix) return 0;
  if (left.suffix === '' || right.suffix === '') return left.suffix === '' ? 1 : -1;
  return left.suffix < right.suffix ? -1 : 1;
}

function parse(version: string): { numbers: number[]; suffix: string } {
  const [, core = '', suffix = ''] = /^v?([\d.]*)-?(.*)$/.exec(version.trim()) ?? [];
  return { numbers: core.split('.').map((part) => Number(part) || 0), suffix };
}

const VERSION = /^\d{1,9}(\.\d{1,9}){0,2}$/;

/**
 * Chooses the version that answers, by the rule of the contracts that take `x-v` and `x-min-v`: the highest supported
 * version between the two; `x-min-v` counts as absent when it is not below `x-v`; without either, the version in use,
 * which is the first supported one. Undefined means that nothing matches and the answer is 406.
 */
export function negotiateVersion(
  supported: readonly string[],
  wanted: string | undefined,
  minimum: string | undefined,
): string | undefined {
  if (wanted === undefined && minimum === undefined) return supported[0];
  if ((wanted !== undefined && !VERSION.test(wanted)) || (minimum !== undefined && !VERSION.test(minimum)))
    return undefined;
  const highestFirst = [...supported].sort((a, b) => compareVersions(b, a));
  if (wanted === undefined)
    return highestFirst.find((version) => compareVersions(version, minimum as string) >= 0);
  const floor = minimum !== undefined && compareVersions(minimum, wanted) < 0 ? minimum : wanted;
  return highestFirst.find(
    (version) => compareVersions(version, wanted) <= 0 && compareVersions(version, floor) >= 0,
  );
}
