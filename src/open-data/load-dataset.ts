import { isUtf8 } from 'node:buffer';
import { readFileSync, statSync } from 'node:fs';
import type { Diagnostic, DiagnosticCode, Severity } from '../kernel/diagnostic.ts';
import { toPointer } from '../kernel/json-pointer.ts';
import { buildFrame, joinParts, type Part, type Run } from './assemble-frame.ts';
import { cleanRecord } from './clean-record.ts';
import { type CutJson, cutJson, hasRootMember } from './cut-json.ts';
import type { DatasetPlan } from './dataset-plan.ts';
import { describeViolation } from './describe-violation.ts';
import { findDuplicateKey, findSyntaxFault, offsetOf } from './locate-value.ts';
import { createRecordBytes, type RecordBytes } from './record-bytes.ts';
import { createRecordMatchPool, type RecordMatch, readRecordMatch } from './record-match.ts';
import { createSchemaCheck, type SchemaCheck } from './schema-check.ts';
import { exactValue, serializeRecord } from './serialize-record.ts';
import type { Snapshot } from './snapshot.ts';
import { positionAt } from './text-position.ts';

/** Faults listed for one dataset; the rest is counted. Notes are listed up to the same number. */
const MOST_FAULTS = 100;
const BYTE_ORDER_MARK = Buffer.from([0xef, 0xbb, 0xbf]);

export interface LoadOptions {
  /** Larger files are refused, in bytes. */
  readonly maxBytes: number;
  /** Told how many bytes of the dataset have been read and checked so far. */
  readonly onProgress?: (bytes: number) => void;
}

export interface LoadedDataset {
  /** Undefined when any diagnostic is an error. */
  readonly snapshot: Snapshot | undefined;
  readonly diagnostics: readonly Diagnostic[];
}

type PathStep = string | number;

/**
 * Reads the files of a dataset, checks them whole against the contract and prepares them for serving.
 *
 * Records are parsed, checked and written out one at a time, so that a large file costs its bytes and not its objects.
 * Nothing is thrown for bad input: every fault is a diagnostic with file, line, column and pointer.
 */
export function loadDataset(
  plan: DatasetPlan,
  files: readonly string[],
  options: LoadOptions,
): LoadedDataset {
  const faults = createFaultList();
  const readings = files.map((file) => readBytes(file, options.maxBytes, faults));
  if (faults.errors() > 0) return { snapshot: undefined, diagnostics: faults.list() };

  const checks = {
    skeleton: plan.split && createSchemaCheck(plan.split.skeleton),
    record: plan.split && createSchemaCheck(plan.split.record),
    whole: plan.whole === undefined ? undefined : createSchemaCheck(plan.whole),
  };
  const size = readings.reduce((sum, reading) => sum + (reading?.bytes.length ?? 0), 0);
  const records = createRecordBytes(plan.split ? size : 0);
  const matches: (RecordMatch | undefined)[] | undefined = plan.filters.length > 0 ? [] : undefined;
  const pool = createRecordMatchPool();
  const parts: FilePart[] = [];
  let read = 0;
  for (const [index, reading] of readings.entries()) {
    if (!reading) continue;
    const before = read;
    const progress = (bytes: number) => options.onProgress?.(before + bytes);
    const part = readPart(
      { plan, checks, records, matches, pool, faults, progress },
      files[index] as string,
      reading.bytes,
    );
    if (part) parts.push(part);
    read += reading.bytes.length;
    // The text is in `records` by now; a large file must not be held until the last part is read.
    readings[index] = undefined;
    options.onProgress?.(read);
  }
  const lastModified = files.reduce((newest, file) => Math.max(newest, modifiedAt(file)), 0);
  return assemble(plan, parts, records, matches, faults, lastModified);
}

function assemble(
  plan: DatasetPlan,
  parts: readonly FilePart[],
  records: RecordBytes,
  matches: (RecordMatch | undefined)[] | undefined,
  faults: FaultList,
  lastModified: number,
): LoadedDataset {
  if (faults.errors() > 0) return { snapshot: undefined, diagnostics: faults.list() };
  const joined = joinParts(parts, plan.countedArray);
  if ('part' in joined) {
    reportDifference(faults, parts[0] as FilePart, parts[joined.part] as FilePart, joined.at);
    return { snapshot: undefined, diagnostics: faults.list() };
  }
  const { frame, order, total } = buildFrame(joined.tree, plan.countedArray, plan.places);
  const finished = records.finish(order);
  const inOrder = matches && order.flatMap(({ first, count }) => matches.slice(first, first + count));
  const isList = order.length > 0;
  return {
    snapshot: { frame, ...finished, total: isList ? total : 1, matches: inOrder, lastModified, isList },
    diagnostics: faults.list(),
  };
}

/** The part is read once more: by now its bytes have been let go, and this seldom happens. */
function reportDifference(
  faults: FaultList,
  first: FilePart,
  differing: FilePart,
  at: readonly string[],
): void {
  const path = differing.isBare ? at.slice(1) : at;
  const message = `"${path.join('/')}" differs from ${first.file}; what surrounds the records must be the same in every part`;
  const bytes = readBytes(differing.file, Number.POSITIVE_INFINITY, createFaultList())?.bytes ?? Buffer.of();
  const offset = offsetOf(bytes.toString(), path, 'value');
  faults.addAt(differing.file, bytes, offset, 'data-parts-differ', message, path);
}

/** A part, where it came from, and whether it holds only what goes under `data`. */
interface FilePart extends Part {
  readonly file: string;
  readonly isBare: boolean;
}

interface PartContext {
  readonly plan: DatasetPlan;
  readonly checks: {
    readonly skeleton: SchemaCheck | undefined;
    readonly record: SchemaCheck | undefined;
    readonly whole: SchemaCheck | undefined;
  };
  readonly records: RecordBytes;
  readonly matches: (RecordMatch | undefined)[] | undefined;
  readonly pool: ReturnType<typeof createRecordMatchPool>;
  readonly faults: FaultList;
  readonly progress: (bytes: number) => void;
}

function readPart(context: PartContext, file: string, bytes: Buffer): FilePart | undefined {
  const { plan, checks, records, faults } = context;
  // A file holds the whole answer or only what goes under `data`.
  const isBare = plan.underData && !hasRootMember(bytes, 'data');
  const path = isBare ? plan.countedArray.slice(1) : plan.countedArray;
  const runs: Run[] = [];
  let place: readonly PathStep[] = [];
  let longest: { count: number; path: readonly PathStep[] } = { count: 0, path: [] };
  let index = 0;

  const cut = cutJson(bytes, path, {
    array(at) {
      place = at;
      index = 0;
      runs.push({ first: records.count, count: 0 });
    },
    record(start, end, members) {
      const run = runs.at(-1) as Run;
      readRecord(context, file, bytes, { start, end, members, path: [...place, index] });
      index += 1;
      if (index > longest.count) longest = { count: index, path: place };
      runs[runs.length - 1] = { first: run.first, count: records.count - run.first };
      if (index % 1000 === 0) context.progress(end);
    },
  });
  if (!('skeleton' in cut)) {
    const code = cut.tooDeep ? 'data-too-deep' : 'data-syntax';
    faults.addAt(file, bytes, cut.offset, code, cut.message, cut.path);
    return undefined;
  }
  const skeleton = readSkeleton(faults, file, bytes, cut);
  if (skeleton === undefined) return undefined;
  const asAnswer = (value: unknown) => (isBare ? { data: value } : value);
  const answer = asAnswer(skeleton.value);
  const locate = (at: readonly PathStep[], what: 'value' | 'key') =>
    cut.originalOffset(offsetOf(cut.skeleton, at, what));
  const prefix = isBare ? 1 : 0;
  if (checks.skeleton && !checks.skeleton.fits(answer))
    reportViolations(context, file, bytes, checks.skeleton.faults(answer), [], prefix, locate);
  if (checks.whole && faults.errors() === 0) checkWhole(context, file, bytes, isBare);
  checkCount(context, file, bytes, longest, locate);
  return { skeleton: asAnswer(exactValue(skeleton.value, cut.skeleton)), runs, file, isBare };
}

function readSkeleton(
  faults: FaultList,
  file: string,
  bytes: Buffer,
  cut: CutJson,
): { value: unknown } | undefined {
  try {
    const value: unknown = JSON.parse(cut.skeleton);
    if (cleanRecord(value) < cut.members)
      reportDuplicate(faults, file, bytes, cut.skeleton, cut.originalOffset, []);
    return { value };
  } catch {
    reportSyntax(faults, file, bytes, cut.skeleton, cut.originalOffset, []);
    return undefined;
  }
}

interface RecordPlace {
  readonly start: number;
  readonly end: number;
  readonly members: number;
  readonly path: readonly PathStep[];
}

function readRecord(context: PartContext, file: string, bytes: Buffer, place: RecordPlace): void {
  const { plan, checks, records, matches, faults } = context;
  const text = bytes.toString('utf8', place.start, place.end);
  const original = (offset: number) => place.start + offset;
  let record: unknown;
  try {
    record = JSON.parse(text);
  } catch {
    reportSyntax(faults, file, bytes, text, original, place.path);
    return;
  }
  const match = matches && context.pool(readRecordMatch(record, plan.filters));
  if (cleanRecord(record) < place.members) reportDuplicate(faults, file, bytes, text, original, place.path);
  if (checks.record && !checks.record.fits(record)) {
    const locate = (at: readonly PathStep[], what: 'value' | 'key') => original(offsetOf(text, at, what));
    reportViolations(context, file, bytes, checks.record.faults(record), place.path, 0, locate);
  }
  if (faults.errors() > 0) return;
  records.append(serializeRecord(record, text));
  matches?.push(match);
}

/** Contracts whose way to the records leads through a combination are checked in one piece. */
function checkWhole(context: PartContext, file: string, bytes: Buffer, isBare: boolean): void {
  const text = bytes.toString('utf8');
  const value: unknown = JSON.parse(text);
  cleanRecord(value);
  const violations = context.checks.whole?.faults(isBare ? { data: value } : value) ?? [];
  reportViolations(context, file, bytes, violations, [], isBare ? 1 : 0, (at, what) =>
    offsetOf(text, at, what),
  );
}

/** Pages are never longer than the contract's limit, so a longer list is served whole, over several pages. */
function checkCount(
  { plan, faults }: PartContext,
  file: string,
  bytes: Buffer,
  longest: { readonly count: number; readonly path: readonly PathStep[] },
  locate: (at: readonly PathStep[], what: 'value' | 'key') => number,
): void {
  const most = plan.split?.maxItems;
  if (most === undefined || longest.count <= most || faults.errors() > 0) return;
  const message = `the list has ${longest.count} elements and the contract allows ${most} in one answer; pages are cut at ${most}`;
  faults.addAt(file, bytes, locate(longest.path, 'value'), 'data-count', message, longest.path, 'info');
}

type Violations = ReturnType<SchemaCheck['faults']>;

function reportViolations(
  context: PartContext,
  file: string,
  bytes: Buffer,
  violations: Violations,
  base: readonly PathStep[],
  prefix: number,
  locate: (at: readonly PathStep[], what: 'value' | 'key') => number,
): void {
  for (const error of violations) {
    if (context.faults.isFull()) {
      context.faults.skip();
      continue;
    }
    const { code, path, what, message } = describeViolation(error);
    const at = path.slice(prefix).map((segment) => (/^\d+$/.test(segment) ? Number(segment) : segment));
    context.faults.addAt(file, bytes, locate(at, what), code, message, [...base, ...at]);
  }
}

function reportSyntax(
  faults: FaultList,
  file: string,
  bytes: Buffer,
  text: string,
  original: (offset: number) => number,
  path: readonly PathStep[],
): void {
  const fault = findSyntaxFault(text) ?? { offset: 0, message: 'this is not valid JSON' };
  faults.addAt(file, bytes, original(fault.offset), 'data-syntax', fault.message, path);
}

function reportDuplicate(
  faults: FaultList,
  file: string,
  bytes: Buffer,
  text: string,
  original: (offset: number) => number,
  base: readonly PathStep[],
): void {
  const duplicate = findDuplicateKey(text);
  const path = duplicate?.path ?? [];
  const message = `the key "${String(path.at(-1) ?? '')}" stands twice in this object; keep one`;
  faults.addAt(file, bytes, original(duplicate?.offset ?? 0), 'data-duplicate-key', message, [
    ...base,
    ...path,
  ]);
}

function readBytes(file: string, maxBytes: number, faults: FaultList): { bytes: Buffer } | undefined {
  const read = readFile(file, maxBytes, faults);
  if (!read) return undefined;
  const isMarked = read.subarray(0, 3).equals(BYTE_ORDER_MARK);
  const bytes = isMarked ? read.subarray(3) : read;
  if (bytes.length === 0) return refuse(faults, file, 'data-empty', 'the file is empty; expected JSON');
  if (!isUtf8(bytes)) {
    const message = `the text is ${isUtf16(bytes) ? 'UTF-16' : 'not UTF-8 from here on'}; save the file as UTF-8`;
    faults.addAt(file, bytes, firstInvalidByte(bytes), 'data-not-utf8', message, []);
    return undefined;
  }
  if (isMarked) {
    const message = 'the file begins with a byte-order mark; read without it';
    faults.addAt(file, bytes, 0, 'data-bom', message, [], 'info');
  }
  return { bytes };
}

function isUtf16(bytes: Buffer): boolean {
  const [first, second] = bytes;
  return (first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff);
}

function readFile(file: string, maxBytes: number, faults: FaultList): Buffer | undefined {
  try {
    const stats = statSync(file);
    if (!stats.isFile()) return refuse(faults, file, 'data-unreadable', 'not a regular file');
    if (stats.size > maxBytes) {
      const megabytes = (bytes: number) => `${Math.ceil(bytes / 1024 / 1024)} MB`;
      return refuse(
        faults,
        file,
        'data-too-large',
        `the file has ${megabytes(stats.size)} and the limit is ${megabytes(maxBytes)}; split it into parts or raise maxDatasetMegabytes`,
      );
    }
    return readFileSync(file);
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code ?? 'unknown error';
    const isLoop = reason === 'ELOOP';
    return refuse(
      faults,
      file,
      isLoop ? 'data-link-loop' : 'data-unreadable',
      isLoop ? 'the symbolic link leads in a circle' : `the file cannot be read (${reason})`,
    );
  }
}

function refuse(faults: FaultList, file: string, code: DiagnosticCode, message: string): undefined {
  faults.addWhole(file, code, message);
  return undefined;
}

/**
 * Found by halving: text up to there is valid, or would be without its last one to three bytes, which begin a
 * character that the cut tears apart.
 */
function firstInvalidByte(bytes: Buffer): number {
  let valid = 0;
  let least = 0;
  let most = bytes.length;
  while (least < most) {
    const middle = Math.ceil((least + most) / 2);
    const ends = [middle, middle - 1, middle - 2, middle - 3];
    const end = ends.find((candidate) => candidate >= valid && isUtf8(bytes.subarray(valid, candidate)));
    if (end === undefined) most = middle - 1;
    else [least, valid] = [middle, end];
  }
  return valid;
}

function modifiedAt(file: string): number {
  try {
    return statSync(file).mtimeMs;
  } catch {
    return 0;
  }
}

interface FaultList {
  addAt(
    file: string,
    bytes: Buffer,
    offset: number,
    code: DiagnosticCode,
    message: string,
    path: readonly PathStep[],
    severity?: Severity,
  ): void;
  /** For a file that cannot be looked into. */
  addWhole(file: string, code: DiagnosticCode, message: string): void;
  /** Counts an error that is not described any more. */
  skip(): void;
  isFull(): boolean;
  errors(): number;
  list(): Diagnostic[];
}

function createFaultList(): FaultList {
  const described: Diagnostic[] = [];
  const notes: Diagnostic[] = [];
  let errors = 0;
  const isFull = () => described.length >= MOST_FAULTS;

  return {
    addAt(file, bytes, offset, code, message, path, severity = 'error') {
      if (severity === 'error') errors += 1;
      const kept = severity === 'error' ? described : notes;
      if (kept.length >= MOST_FAULTS) return;
      kept.push({ file, ...positionAt(bytes, offset), severity, code, pointer: toPointer(path), message });
    },
    addWhole(file, code, message) {
      errors += 1;
      if (!isFull())
        described.push({ file, line: 0, column: 0, severity: 'error', code, pointer: '', message });
    },
    skip: () => {
      errors += 1;
    },
    isFull,
    errors: () => errors,
    list() {
      const last = described.at(-1);
      const skipped = errors - described.length;
      if (skipped === 0 || !last) return [...notes, ...described];
      const message = `${skipped} more faults in this dataset are not listed`;
      const rest = { ...last, line: 0, column: 0, code: 'data-more-faults', pointer: '', message } as const;
      return [...notes, ...described, rest];
    },
  };
}
