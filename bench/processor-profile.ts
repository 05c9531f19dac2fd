import { readFileSync } from 'node:fs';

/** A stretch of time on the clock of `process.hrtime.bigint()`, which that of profiles is; nanoseconds. */
export interface Stretch {
  readonly from: bigint;
  readonly to: bigint;
}

/** What the main thread of a process did, in microseconds. */
export interface ProfiledTime {
  /** Functions of JavaScript, by group; those of no group are under `other`. */
  readonly groups: Readonly<Record<string, number>>;
  /** Collecting garbage. */
  readonly collection: number;
  /** Code that no function of JavaScript had called, such as reading from a connection and decrypting. */
  readonly native: number;
  readonly idle: number;
}

/** The group that a function begins, by the URL of its file; undefined where it is of that of its caller. */
export type GroupOf = (url: string) => string | undefined;

export const OTHER = 'other';

/** As Node writes it with `--cpu-prof`; times in microseconds. */
interface Profile {
  readonly nodes: readonly ProfileNode[];
  readonly startTime: number;
  readonly samples: readonly number[];
  /** From the sample before, the first one from the start. */
  readonly timeDeltas: readonly number[];
}

interface ProfileNode {
  readonly id: number;
  readonly callFrame: { readonly functionName: string; readonly url: string };
  readonly children?: readonly number[];
}

/** What V8 calls time that is no function's. */
const NO_FUNCTIONS: Readonly<Record<string, 'collection' | 'native' | 'idle'>> = {
  '(garbage collector)': 'collection',
  '(program)': 'native',
  '(idle)': 'idle',
};

/**
 * Sums up what a profile says of a stretch of time. A function counts for the group that it begins, and so does all that
 * it calls; the first group on the way from the outermost function wins.
 */
export function readProfile(file: string): (stretch: Stretch, groupOf: GroupOf) => ProfiledTime {
  const profile = JSON.parse(readFileSync(file, 'utf8')) as Profile;
  return (stretch, groupOf) => {
    const kinds = kindsOf(profile, groupOf);
    const [from, to] = [Number(stretch.from / 1000n), Number(stretch.to / 1000n)];
    const groups: Record<string, number> = {};
    const others = { collection: 0, native: 0, idle: 0 };
    let at = profile.startTime;
    for (const [index, sample] of profile.samples.entries()) {
      at += profile.timeDeltas[index] ?? 0;
      if (at < from || at >= to) continue;
      const lasted = profile.timeDeltas[index + 1] ?? 0;
      const { group, other } = kinds.get(sample) ?? {};
      if (other) others[other] += lasted;
      else if (group !== undefined) groups[group] = (groups[group] ?? 0) + lasted;
    }
    return { groups, ...others };
  };
}

interface Kind {
  readonly group?: string;
  readonly other?: 'collection' | 'native' | 'idle';
}

function kindsOf({ nodes }: Profile, groupOf: GroupOf): ReadonlyMap<number, Kind> {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const kinds = new Map<number, Kind>();
  const waiting: { readonly id: number; readonly begun: string | undefined }[] = [];
  if (nodes[0]) waiting.push({ id: nodes[0].id, begun: undefined });
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    const { callFrame, children = [] } = byId.get(next.id) as ProfileNode;
    const other = NO_FUNCTIONS[callFrame.functionName];
    const begun = next.begun ?? groupOf(callFrame.url);
    kinds.set(next.id, other ? { other } : { group: begun ?? OTHER });
    waiting.push(...children.map((id) => ({ id, begun })));
  }
  return kinds;
}
