import { distance } from 'fastest-levenshtein';

/** Longer than any name a person would mistype, and a bound on the comparison's cost. */
const LONGEST_NAME = 80;

/**
 * The candidate that `wrong` was probably meant to be, or undefined when none is close.
 *
 * Case and separators do not count, so `base_url` finds `baseUrl`; up to half the letters may differ, which still
 * catches two letters swapped in a short name. The first of equally close candidates wins.
 */
export function nearMiss(wrong: string, candidates: Iterable<string>): string | undefined {
  if (wrong.length > LONGEST_NAME) return undefined;
  const letters = lettersOf(wrong);
  let best: string | undefined;
  let smallest = Math.floor(letters.length / 2) + 1;
  for (const candidate of candidates) {
    const away = distance(letters, lettersOf(candidate));
    if (away < smallest) [best, smallest] = [candidate, away];
  }
  return best;
}

function lettersOf(name: string): string {
  return name.toLowerCase().replace(/[^\p{L}\p{N}]/gu, '');
}
