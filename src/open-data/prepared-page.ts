import { hash } from 'node:crypto';
import { promisify } from 'node:util';
import { brotliCompress, gzip, constants as zlib } from 'node:zlib';
import type { Content, ContentEncoding } from '../contract/call.ts';

const compressGzip = promisify(gzip);
const compressBrotli = promisify(brotliCompress);

/** High enough for pages that are sent many times, low enough that the first caller does not wait. */
const BROTLI_QUALITY = 5;

export interface PreparedPage extends Content {
  /** Bytes held, compressed forms included. */
  readonly bytes: number;
}

/**
 * Wraps the bytes of a page. Compressed forms are made when first asked for, off the serving thread, once.
 *
 * @param onGrow told when a compressed form has been added, so that memory stays accounted for
 */
export function preparePage(
  body: Buffer,
  version: string,
  lastModified: number,
  onGrow: () => void,
): PreparedPage {
  const forms = new Map<ContentEncoding, Buffer | Promise<Buffer>>([['identity', body]]);
  let bytes = body.length;

  async function compress(encoding: ContentEncoding): Promise<Buffer> {
    const options = {
      params: { [zlib.BROTLI_PARAM_QUALITY]: BROTLI_QUALITY, [zlib.BROTLI_PARAM_SIZE_HINT]: body.length },
    };
    const compressed = encoding === 'br' ? await compressBrotli(body, options) : await compressGzip(body);
    forms.set(encoding, compressed);
    bytes += compressed.length;
    onGrow();
    return compressed;
  }

  return {
    etag: hash('sha256', body, 'base64url').slice(0, 22),
    lastModified,
    version,
    get bytes() {
      return bytes;
    },
    body(encoding) {
      const known = forms.get(encoding);
      if (known) return known;
      const compressing = compress(encoding);
      forms.set(encoding, compressing);
      return compressing;
    },
  };
}
