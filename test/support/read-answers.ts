/** One HTTP answer among the bytes of a connection. */
export interface AnswerOnTheWire {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

const HEAD_END = '\r\n\r\n';

/**
 * Reads every HTTP answer in the bytes that a connection gave, strictly: bytes that belong to none are a failure. An
 * announced body may be missing altogether, as it is in answers to HEAD, but never in part.
 *
 * @throws when the bytes are not a sequence of whole HTTP answers
 */
export function readAnswers(bytes: Buffer): AnswerOnTheWire[] {
  const answers: AnswerOnTheWire[] = [];
  let at = 0;
  while (at < bytes.length) {
    const end = bytes.indexOf(HEAD_END, at);
    if (end === -1)
      throw new Error(`no whole answer: ${JSON.stringify(bytes.toString('latin1', at, at + 200))}`);
    const [statusLine = '', ...lines] = bytes.toString('latin1', at, end).split('\r\n');
    const [, code] = /^HTTP\/1\.1 (\d{3}) [\w -]+$/.exec(statusLine) ?? [];
    if (code === undefined) throw new Error(`no status line: ${JSON.stringify(statusLine.slice(0, 200))}`);
    const headers = Object.fromEntries(lines.map(readHeader));
    const status = Number(code);
    at = end + HEAD_END.length;
    if (status === 100) continue;
    const hasBody = status !== 204 && status !== 304 && !isAnswerNext(bytes, at);
    const length = hasBody ? Number(headers['content-length']) : 0;
    if (!Number.isInteger(length) || at + length > bytes.length)
      throw new Error(
        `${statusLine}: ${headers['content-length']} bytes announced, ${bytes.length - at} came`,
      );
    answers.push({ status, headers, body: bytes.subarray(at, at + length) });
    at += length;
  }
  return answers;
}

function isAnswerNext(bytes: Buffer, at: number): boolean {
  return at === bytes.length || bytes.toString('latin1', at, at + 9) === 'HTTP/1.1 ';
}

function readHeader(line: string): [string, string] {
  const colon = line.indexOf(':');
  if (colon < 1) throw new Error(`no header: ${JSON.stringify(line)}`);
  return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
}
