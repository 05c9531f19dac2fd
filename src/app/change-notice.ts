import type { ChangedResource } from '../connectors/connector.ts';
import { LONGEST_NOTICE } from '../store/notices.ts';

/** What the institution behind a connector says has changed, as nodes tell it each other. */
export interface ChangeNotice {
  readonly connector: string;
  readonly resources: readonly ChangedResource[];
}

/** What a resource takes at most, and a quote or a backslash in a reference twice. */
const LONGEST_RESOURCE = 620;
const RESOURCES_PER_NOTICE = Math.floor((LONGEST_NOTICE - 200) / LONGEST_RESOURCE);
const KIND = 'resources-changed';

/** Writes a notice as texts that are short enough to be told. */
export function toNotices({ connector, resources }: ChangeNotice): string[] {
  const texts: string[] = [];
  for (let from = 0; from < resources.length; from += RESOURCES_PER_NOTICE) {
    const some = resources.slice(from, from + RESOURCES_PER_NOTICE).map(({ type, ref }) => ({ type, ref }));
    texts.push(JSON.stringify({ kind: KIND, connector, resources: some }));
  }
  return texts;
}

/** Reads what a node has told; undefined when it is something else, such as what a newer version tells. */
export function readNotice(text: string): ChangeNotice | undefined {
  try {
    const { kind, connector, resources } = JSON.parse(text);
    return kind === KIND && typeof connector === 'string' && Array.isArray(resources)
      ? { connector, resources }
      : undefined;
  } catch {
    return undefined;
  }
}
