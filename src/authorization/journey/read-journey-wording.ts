import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { load } from 'js-yaml';

/** How an ecosystem's consents are worded for customers, as data: `catalog/<ecosystem>/journey.yaml`. */
export interface JourneyWording {
  /** The ecosystem as customers know it, such as `Open Finance`. */
  readonly name: string;
  /** Labels of members of a consent's `details`, by names joined with dots, in the order in which they are shown. */
  readonly details: ReadonlyMap<string, string>;
  /** Words for values of those members. */
  readonly words: ReadonlyMap<string, string>;
}

/** Reads the wording of an ecosystem from the catalog, which ships with guiche and is trusted. */
export function readJourneyWording(catalog: string, ecosystem: string): JourneyWording {
  const written = load(readFileSync(join(catalog, ecosystem, 'journey.yaml'), 'utf8')) as {
    readonly name: string;
    readonly details: Readonly<Record<string, string>>;
    readonly words: Readonly<Record<string, string>>;
  };
  return {
    name: written.name,
    details: new Map(Object.entries(written.details)),
    words: new Map(Object.entries(written.words)),
  };
}
