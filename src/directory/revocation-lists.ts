import type { X509Certificate } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { Clock } from '../kernel/clock.ts';
import type { PathMember } from './certificate-path.ts';
import type { FetchDocument } from './fetch-document.ts';
import type { LastGood } from './last-good.ts';
import { createRemoteDocument, type RemoteDocument } from './remote-document.ts';
import { isCurrent, type RevocationList, readRevocationList } from './revocation-list.ts';

const MOST_LISTS = 64;
const MAX_AGE_MS = 60_000;
const LIMITS = { maxBytes: 33_554_432, timeoutMs: 10_000 };

/** What revocation lists say of a certificate; `unknown` when no list that is signed and current speaks for its issuer. */
export type RevocationState = 'good' | 'revoked' | 'unknown';

/** Revocation lists of all issuers that certificates were judged by, refreshed and kept. */
export interface RevocationLists {
  /** The issuer must be trusted already: the lists that it names are fetched. */
  state(member: PathMember, issuer: X509Certificate): Promise<RevocationState>;
  /** Fetches anew the lists that are not fresh. Never rejects. */
  refresh(): Promise<void>;
  /** Why the last attempt at a list failed; undefined when none did. */
  failure(): string | undefined;
}

export interface RevocationListsSettings {
  /** Lists that are asked before those that certificates name. */
  readonly crlUrls: readonly string[];
  readonly fetch: FetchDocument;
  readonly lastGood: LastGood;
  readonly clock: Pick<Clock, 'now'>;
  /** Told of every list that differs from the one before. */
  readonly onChange: () => void;
}

/** Creates the revocation lists, at most 64. Each is fetched at first use. Throws for a URL that is none. */
export function createRevocationLists(settings: RevocationListsSettings): RevocationLists {
  const { crlUrls, fetch, lastGood, clock, onChange } = settings;
  const documents = new LRUCache<string, RemoteDocument<RevocationList>>({ max: MOST_LISTS });

  function open(address: string): RemoteDocument<RevocationList> {
    const url = new URL(address);
    const known = documents.get(url.href);
    if (known) return known;
    const created: RemoteDocument<RevocationList> = createRemoteDocument({
      url,
      limits: LIMITS,
      parse: (body) => refuseOlder(readRevocationList(body), created.peek()),
      fetch,
      lastGood,
      clock,
      onChange,
    });
    documents.set(url.href, created);
    return created;
  }

  async function state(
    { certificate, constraints }: PathMember,
    issuer: X509Certificate,
  ): Promise<RevocationState> {
    for (const url of new Set([...crlUrls, ...constraints.crlUrls])) {
      const list = await open(url)
        .get(MAX_AGE_MS)
        .catch(() => undefined);
      if (!list || !(await list.isSignedBy(issuer))) continue;
      // What an old list names stays revoked; only the absence of a name needs a current one.
      if (list.names(certificate.serialNumber)) return 'revoked';
      if (isCurrent(list, clock.now())) return 'good';
    }
    return 'unknown';
  }

  async function refresh(): Promise<void> {
    await Promise.allSettled([...documents.values()].map((document) => document.get(MAX_AGE_MS / 2)));
  }

  for (const url of crlUrls) open(url);

  return {
    state,
    refresh,
    failure: () => [...documents.values()].map((document) => document.age().failure).find((each) => each),
  };
}

/** An attacker on the way must not bring back a list from before a revocation. */
function refuseOlder(next: RevocationList, last: RevocationList | undefined): RevocationList {
  if (last && next.thisUpdate < last.thisUpdate)
    throw new Error('the revocation list is older than the last one');
  return next;
}
