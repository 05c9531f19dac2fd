import type { Clock } from '../kernel/clock.ts';
import type { DirectoryAge } from './directory-trust.ts';
import type { FetchDocument, FetchLimits, Validators } from './fetch-document.ts';
import type { LastGood } from './last-good.ts';

/** A document is not asked for more often, whoever demands it. */
const SHORTEST_INTERVAL_MS = 10_000;
/** What could not be fetched anew for so long is not believed any more. */
const LONGEST_ABSENCE_MS = 7 * 86_400_000;

/** What is kept of a document that stays the same is dated anew that often. */
const DATED_ANEW_MS = 3_600_000;

/** A document somewhere else, with its last good content at hand while it cannot be had. */
export interface RemoteDocument<T> {
  /**
   * The content, fetched anew when it is older than `maxAgeMs`. While fetching fails, the last good content is
   * answered at once and fetching goes on behind. Rejects when there is none, or it is older than a week.
   */
  get(maxAgeMs: number): Promise<T>;
  /** Has it fetched, unless that was tried within the last 10 seconds, and answers with what there is then. Rejects like `get`. */
  refresh(): Promise<T>;
  /** The content that is at hand, without asking anyone. */
  peek(): T | undefined;
  age(): DirectoryAge;
}

export interface RemoteDocumentSettings<T> {
  readonly url: URL;
  readonly limits: FetchLimits;
  /** Reads and checks the content; what it throws for does not replace good content. */
  readonly parse: (body: Buffer) => T | Promise<T>;
  readonly fetch: FetchDocument;
  readonly lastGood: LastGood;
  readonly clock: Pick<Clock, 'now'>;
  /** Told of content that differs from the one before. */
  readonly onChange?: (content: T) => void;
}

/** Creates a remote document. What was kept of it is read at first use, then it is fetched. */
export function createRemoteDocument<T>(settings: RemoteDocumentSettings<T>): RemoteDocument<T> {
  const { url, limits, parse, fetch, lastGood, clock, onChange } = settings;
  let good: { readonly content: T; readonly validators: Validators } | undefined;
  let fetchedAt: number | undefined;
  let keptAt = Number.NEGATIVE_INFINITY;
  let triedAt = Number.NEGATIVE_INFINITY;
  let failure: string | undefined;
  let restoring: Promise<void> | undefined;
  let fetching: Promise<void> | undefined;

  async function restore(): Promise<void> {
    const kept = await lastGood.read(url.href);
    if (!kept || good) return;
    const content = await Promise.resolve(kept.body)
      .then(parse)
      .catch(() => undefined);
    if (content === undefined) return;
    good = { content, validators: kept };
    fetchedAt = kept.fetchedAt;
    keptAt = kept.fetchedAt;
  }

  /** Tries to fetch it once; never rejects. Callers at the same time share the attempt. */
  function attempt(): Promise<void> {
    if (fetching) return fetching;
    const since = clock.now() - triedAt;
    if (since >= 0 && since < SHORTEST_INTERVAL_MS) return Promise.resolve();
    triedAt = clock.now();
    fetching = load().finally(() => {
      fetching = undefined;
    });
    return fetching;
  }

  async function load(): Promise<void> {
    try {
      const answer = await fetch(url, limits, good?.validators);
      if (answer.isChanged) await replace(answer.body, answer.validators);
      else if (!good) throw new Error('the answer is 304, but nothing is known');
      else await confirm();
      fetchedAt = clock.now();
      failure = undefined;
    } catch (error) {
      failure = `${url.origin}${url.pathname}: ${(error as Error).message || (error as { code?: string }).code}`;
    }
  }

  async function replace(body: Buffer, validators: Validators): Promise<void> {
    const content = await parse(body);
    good = { content, validators };
    onChange?.(content);
    await lastGood.write({ url: url.href, fetchedAt: clock.now(), ...validators, body });
    keptAt = clock.now();
  }

  async function confirm(): Promise<void> {
    if (clock.now() - keptAt < DATED_ANEW_MS) return;
    const kept = await lastGood.read(url.href);
    if (kept) await lastGood.write({ ...kept, fetchedAt: clock.now() });
    keptAt = clock.now();
  }

  function answer(): T {
    if (good && fetchedAt !== undefined && clock.now() - fetchedAt < LONGEST_ABSENCE_MS) return good.content;
    throw new Error(failure ?? `${url.origin}${url.pathname}: nothing is known`);
  }

  async function ready(): Promise<void> {
    restoring ??= restore();
    await restoring;
  }

  return {
    async get(maxAgeMs) {
      await ready();
      const age = fetchedAt === undefined ? Number.POSITIVE_INFINITY : clock.now() - fetchedAt;
      if (age >= 0 && age < maxAgeMs) return answer();
      const attempted = attempt();
      // Nobody waits again and again for a directory that is known to be away.
      if (!good || failure === undefined) await attempted;
      return answer();
    },
    async refresh() {
      await ready();
      await attempt();
      return answer();
    },
    peek: () => good?.content,
    age: () => ({ fetchedAt, failure }),
  };
}
