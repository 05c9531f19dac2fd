import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Eta } from 'eta/core';
import { brandStyle, drawMark } from './brand-mark.ts';
import type { Brand } from './journey-settings.ts';

/** Something beside the pages that a browser fetches, under a path that changes with its bytes. */
export interface PageAsset {
  readonly path: string;
  readonly type: string;
  readonly body: Buffer;
}

export interface PageFolder {
  readonly assets: readonly PageAsset[];
  /** A page as HTML. What is in `content` is escaped. */
  render(template: string, content: object): string;
}

export interface PageFolderSettings {
  /** A later folder's files replace those of the same name in the ones before. */
  readonly folders: readonly string[];
  readonly brand: Brand;
  readonly ecosystemName: string;
  readonly basePath: string;
}

/** Reads templates and styles once. Throws when a folder cannot be read or a template cannot be compiled. */
export function createPageFolder({
  folders,
  brand,
  ecosystemName,
  basePath,
}: PageFolderSettings): PageFolder {
  const files = new Map(
    folders.flatMap((folder) => readdirSync(folder).map((name) => [name, join(folder, name)] as const)),
  );
  const eta = new Eta({ autoEscape: true, autoTrim: [false, 'nl'], cache: true });
  for (const [name, file] of files)
    if (name.endsWith('.eta'))
      eta.loadTemplate(`@${name.slice(0, -'.eta'.length)}`, eta.compile(readFileSync(file, 'utf8')));

  const mark = drawMark(brand);
  const style = createAsset('css', 'text/css; charset=utf-8', readStyle(files, brand));
  const icon = createAsset('svg', 'image/svg+xml', mark);
  const frame = {
    brand,
    ecosystemName,
    basePath,
    mark,
    style: `${basePath}${style.path}`,
    icon: `${basePath}${icon.path}`,
  };
  return {
    assets: [style, icon],
    render: (template, content) => eta.render(`@${template}`, { ...frame, ...content }),
  };
}

function readStyle(files: ReadonlyMap<string, string>, brand: Brand): string {
  const file = files.get('style.css');
  if (file === undefined) throw new Error('no folder of pages has a style.css');
  return `${readFileSync(file, 'utf8')}\n${brandStyle(brand)}`;
}

function createAsset(extension: string, type: string, content: string): PageAsset {
  const body = Buffer.from(content);
  const digest = createHash('sha256').update(body).digest('hex').slice(0, 16);
  return { path: `/aparencia/${digest}.${extension}`, type, body };
}
