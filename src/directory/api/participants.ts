import { hash } from 'node:crypto';
import { promisify } from 'node:util';
import { brotliCompress, gzip } from 'node:zlib';
import type { Call, Content, ContentEncoding, Step } from '../../contract/call.ts';
import type { JsonSchema } from '../../contract/json-schema.ts';
import { projectOnSchema } from '../../contract/project-on-schema.ts';
import type { Clock } from '../../kernel/clock.ts';
import { nest } from './directory-records.ts';
import type { DirectoryRecord, DirectoryStore, RecordBody } from './directory-store.ts';
import type { RecordKind } from './record-kind.ts';

const compressGzip = promisify(gzip);
const compressBrotli = promisify(brotliCompress);

/** What an organisation is shown with, by the member of the document. */
const SECTIONS = {
  Contacts: 'contact',
  AuthorisationServers: 'authorisation-server',
  OrgDomainClaims: 'authority-domain-claim',
  OrgDomainRoleClaims: 'authority-claim',
} as const;

const KINDS = [
  'organisation',
  ...Object.values(SECTIONS),
  'api-resource',
  'api-discovery-endpoint',
  'server-certification',
  'claim-authorisation',
];

export interface ParticipantsSettings {
  readonly store: DirectoryStore;
  readonly kinds: readonly RecordKind[];
  readonly clock: Pick<Clock, 'now'>;
}

interface Version {
  readonly generation: number;
  readonly content: Promise<Content>;
}

/**
 * Creates the step that answers with all participants. The document is put together once for each state of the
 * directory, whichever node changed it, and shared by all calls until the next change.
 */
export function createParticipants({ store, kinds, clock }: ParticipantsSettings): Step {
  const kindOf = (name: string) => kinds.find((kind) => kind.name === name) as RecordKind;
  let version: Version | undefined;

  async function compose({ operation }: Call): Promise<Content> {
    // Not the latest change of a record: one that was removed has none, and its absence is news as well.
    const changedAt = clock.now();
    const records = await store.list({ kinds: KINDS });
    const document = composeParticipants(kindOf, records);
    const schema = operation.answer.schema() as JsonSchema;
    return prepare(
      Buffer.from(JSON.stringify(projectOnSchema(schema, document))),
      operation.version,
      changedAt,
    );
  }

  return async (call) => {
    const generation = await store.generation();
    if (!version || version.generation < generation) {
      const content = compose(call);
      const next = { generation, content };
      version = next;
      content.catch(() => {
        if (version === next) version = undefined;
      });
    }
    return { kind: 'content', content: await version.content };
  };
}

/** The document of all participants, in the order in which they joined. */
export function composeParticipants(
  kindOf: (name: string) => RecordKind,
  records: readonly DirectoryRecord[],
): readonly RecordBody[] {
  const byOrganisation = Map.groupBy(records, ({ parents, id }) => parents[0] ?? id);
  return records
    .filter(({ kind }) => kind === 'organisation')
    .map(({ id, body }) => {
      const own = byOrganisation.get(id) ?? [];
      const sections = Object.entries(SECTIONS).map(([member, kind]) => [
        member,
        own.filter((record) => record.kind === kind).map((record) => nest(kindOf, record, own)),
      ]);
      const tags = Array.isArray(body.Tags) ? { Tag: body.Tags.join(', ').slice(0, 255) } : {};
      return { ...body, ...tags, ...Object.fromEntries(sections) };
    });
}

function prepare(body: Buffer, version: string, lastModified: number): Content {
  const forms = new Map<ContentEncoding, Buffer | Promise<Buffer>>([['identity', body]]);
  return {
    etag: hash('sha256', body, 'base64url').slice(0, 22),
    lastModified,
    version,
    body(encoding) {
      const known = forms.get(encoding);
      if (known) return known;
      const compressed = encoding === 'br' ? compressBrotli(body) : compressGzip(body);
      forms.set(encoding, compressed);
      compressed.then((bytes) => forms.set(encoding, bytes));
      return compressed;
    },
  };
}
