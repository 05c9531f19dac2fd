import { createHash, randomUUID } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';

const MOST_FILES = 4096;
const FILE = /^[0-9a-f]{64}$/;

/** A document as it was when it was last fetched and found good. */
export interface GoodDocument {
  readonly url: string;
  /** In milliseconds since the epoch. */
  readonly fetchedAt: number;
  readonly etag?: string | undefined;
  readonly lastModified?: string | undefined;
  readonly body: Buffer;
}

/** Keeps documents over restarts. Losing one costs a fetch, so trouble with the disk is told and nothing more. */
export interface LastGood {
  /** Undefined when there is none, or none that can be read. */
  read(url: string): Promise<GoodDocument | undefined>;
  /** Replaces what is kept of the URL in one step: a reader sees the one or the other. Never rejects. */
  write(document: GoodDocument): Promise<void>;
  /** Deletes the oldest documents beyond 4096. Never rejects. */
  prune(): Promise<void>;
}

export interface LastGoodSettings {
  /** Is made when it is first written to. */
  readonly folder: string;
  readonly onFault: (error: unknown) => void;
}

/** Keeps each document in a file that is named by the hash of its URL. */
export function createLastGood({ folder, onFault }: LastGoodSettings): LastGood {
  const fileOf = (url: string) => join(folder, createHash('sha256').update(url).digest('hex'));

  async function read(url: string): Promise<GoodDocument | undefined> {
    try {
      return decode(await readFile(fileOf(url)), url);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') onFault(error);
      return undefined;
    }
  }

  async function write(document: GoodDocument): Promise<void> {
    const temporary = join(folder, `${randomUUID()}.part`);
    try {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      const file = await open(temporary, 'wx', 0o600);
      try {
        await file.writeFile(encode(document));
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(temporary, fileOf(document.url));
    } catch (error) {
      onFault(error);
      await rm(temporary, { force: true }).catch(onFault);
    }
  }

  async function prune(): Promise<void> {
    try {
      const names = (await readdir(folder)).filter((name) => FILE.test(name));
      if (names.length <= MOST_FILES) return;
      const ages = await Promise.all(
        names.map(async (name) => ({ name, at: (await stat(join(folder, name))).mtimeMs })),
      );
      const oldest = ages.sort((a, b) => a.at - b.at).slice(0, names.length - MOST_FILES);
      for (const { name } of oldest) await rm(join(folder, name), { force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') onFault(error);
    }
  }

  return { read, write, prune };
}

/** One line of JSON about the document, then its bytes. */
function encode({ body, ...about }: GoodDocument): Buffer {
  const digest = createHash('sha256').update(body).digest('hex');
  return Buffer.concat([Buffer.from(`${JSON.stringify({ ...about, digest })}\n`), body]);
}

/** Throws for a file that is damaged or of another URL. */
function decode(content: Buffer, url: string): GoodDocument {
  const end = content.indexOf('\n');
  const { digest, ...about } = JSON.parse(content.subarray(0, end).toString());
  const body = content.subarray(end + 1);
  if (about.url !== url || createHash('sha256').update(body).digest('hex') !== digest)
    throw new Error('a kept document is damaged');
  return { ...about, body };
}
