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
import { type RecordMatch, readRecordMatch } from './record-match.ts';
import { createSchemaCheck, type SchemaCheck } from './schema-check.ts';
import { serializeRecord } from './serialize-record.ts';
import type { Snapshot } from './snapshot.ts';
import { positionAt } from './text-position.ts';

/** Faults listed for one dataset; the rest is counted. */
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
  const records = createRecordBytes(plan.countedArray.length > 0 && plan.split ? size : 0);
  const matches: (RecordMatch | undefined)[] | undefined = plan.filters.length > 0 ? [] : undefined;
  const parts: Part[] = [];
  let read = 0;
  for (const [index, reading] of readings.entries()) {
    if (!reading) continue;
    const before = read;
    const progress = (bytes: number) => options.onProgress?.(before + bytes);
    const part = readPart(
      { plan, checks, records, matches, faults, progress },
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
  return assemble(plan, files, parts, records, matches, faults, lastModified);
}

function assemble(
  plan: DatasetPlan,
  files: readonly string[],
  parts: Part[],
  records: RecordBytes,
  matches: (RecordMatch | undefined)[] | undefined,
  faults: FaultList,
  lastModified: number,
): LoadedDataset {
  if (faults.errors() > 0) return { snapshot: undefined, diagnostics: faults.list() };
  const joined = joinParts(parts, plan.countedArray);
  if ('part' in joined) {
    const message = `"${joined.at.join('/')}" differs from ${files[0]}; what surrounds the records must be the same in every part`;
    faults.add(files[joined.part] as string, 'data-parts-differ', message, joined.at);
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

interface PartContext {
  readonly plan: DatasetPlan;
  readonly checks: {
    readonly skeleton: SchemaCheck | undefined;
    readonly record: SchemaCheck | undefined;
    readonly whole: SchemaCheck | undefined;
  };
  readonly records: RecordBytes;
  readonly matches: (RecordMatch | undefined)[] | undefined;
  readonly faults: FaultList;
  readonly progress: (bytes: number) => void;
}

function readPart(context: PartContext, file: string, bytes: Buffer): Part | undefined {
  const { plan, checks, records, faults } = context;
  // A file holds the whole answer or only what goes under `data`.
  const isBare = plan.underData && !hasRootMember(bytes, 'data');
  const path = isBare ? plan.countedArray.slice(1) : plan.countedArray;
  const runs: Run[] = [];
  let place: readonly PathStep[] = [];
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
      runs[runs.length - 1] = { first: run.first, count: records.count - run.first };
      if (index % 1000 === 0) context.progress(end);
    },
  });
  if (!('skeleton' in cut)) {
    faults.addAt(file, bytes, cut.offset, cut.tooDeep ? 'data-too-deep' : 'data-syntax', cut.message, []);
    return undefined;
  }
  const skeleton = readSkeleton(faults, file, bytes, cut);
  if (skeleton === undefined) return undefined;
  const answer = isBare ? { data: skeleton.value } : skeleton.value;
  const locate = (at: readonly PathStep[], what: 'value' | 'key') =>
    cut.originalOffset(offsetOf(cut.skeleton, at, what));
  const prefix = isBare ? 1 : 0;
  if (checks.skeleton && !checks.skeleton.fits(answer))
    reportViolations(context, file, bytes, checks.skeleton.faults(answer), [], prefix, locate);
  if (checks.whole) checkWhole(context, file, bytes, isBare);
  checkCount(context, file, bytes, runs, locate, path);
  return { skeleton: answer, runs };
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
  const match = matches && readRecordMatch(record, plan.filters);
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

function checkCount(
  context: PartContext,
  file: string,
  bytes: Buffer,
  runs: readonly Run[],
  locate: (at: readonly PathStep[], what: 'value' | 'key') => number,
  path: readonly PathStep[],
): void {
  const most = context.plan.split?.maxItems;
  if (most === undefined || context.faults.errors() > 0) return;
  // Pages are never longer than the contract's limit, so a longer dataset is served whole, over several pages.
  const largest = Math.max(0, ...runs.map(({ count }) => count));
  if (largest <= most) return;
  const message = `the list has ${largest} elements and the contract allows ${most} in one answer; pages are cut at ${most}`;
  context.faults.addAt(file, bytes, locate(path, 'value'), 'data-count', message, path, 'info');
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
  const bytes = readFile(file, maxBytes, faults);
  if (!bytes) return undefined;
  if (bytes.length === 0) return refuse(faults, file, 'data-empty', 'the file is empty; expected JSON');
  if (!isUtf8(bytes)) {
    const { line, column } = positionAt(bytes, firstInvalidByte(bytes));
    faults.addPlaced(
      file,
      line,
      column,
      'data-not-utf8',
      'the text is not UTF-8 from here on; save the file as UTF-8',
    );
    return undefined;
  }
  if (!bytes.subarray(0, 3).equals(BYTE_ORDER_MARK)) return { bytes };
  faults.addPlaced(file, 1, 1, 'data-bom', 'the file begins with a byte-order mark; read without it', 'info');
  return { bytes: bytes.subarray(3) };
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
  faults.addPlaced(file, 0, 0, code, message);
  return undefined;
}

/** The longest valid beginning is found by halving: once invalid, a longer one stays so. */
function firstInvalidByte(bytes: Buffer): number {
  let valid = 0;
  let most = bytes.length;
  while (valid < most) {
    const middle = Math.ceil((valid + most) / 2);
    if (isUtf8(bytes.subarray(0, startOfCharacter(bytes, middle)))) valid = middle;
    else most = middle - 1;
  }
  return startOfCharacter(bytes, valid);
}

/** Steps back over the at most three continuation bytes of a character that a cut would tear apart. */
function startOfCharacter(bytes: Buffer, offset: number): number {
  let start = offset;
  while (start > 0 && offset - start < 3 && ((bytes[start] ?? 0) & 0xc0) === 0x80) start -= 1;
  return start;
}

function modifiedAt(file: string): number {
  try {
    return statSync(file).mtimeMs;
  } catch {
    return 0;
  }
}

interface FaultList {
  add(file: string, code: DiagnosticCode, message: string, path: readonly PathStep[]): void;
  addAt(
    file: string,
    bytes: Buffer,
    offset: number,
    code: DiagnosticCode,
    message: string,
    path: readonly PathStep[],
    severity?: Severity,
  ): void;
  addPlaced(
    file: string,
    line: number,
    column: number,
    code: DiagnosticCode,
    message: string,
    severity?: Severity,
  ): void;
  skip(): void;
  isFull(): boolean;
  errors(): number;
  list(): Diagnostic[];
}

function createFaultList(): FaultList {
  const kept: Diagnostic[] = [];
  let errors = 0;
  let skipped = 0;

  function keep(diagnostic: Diagnostic): void {
    if (diagnostic.severity === 'error') errors += 1;
    if (kept.length < MOST_FAULTS) kept.push(diagnostic);
    else skipped += 1;
  }

  return {
    add: (file, code, message, path) =>
      keep({ file, line: 1, column: 1, severity: 'error', code, pointer: toPointer(path), message }),
    addAt: (file, bytes, offset, code, message, path, severity = 'error') => {
      if (kept.length >= MOST_FAULTS) skipped += 1;
      else keep({ file, ...positionAt(bytes, offset), severity, code, pointer: toPointer(path), message });
    },
    addPlaced: (file, line, column, code, message, severity = 'error') =>
      keep({ file, line, column, severity, code, pointer: '', message }),
    skip: () => {
      skipped += 1;
    },
    isFull: () => kept.length >= MOST_FAULTS,
    errors: () => errors,
    list: () => {
      const last = kept.at(-1);
      if (skipped === 0 || !last) return kept;
      const message = `${skipped} more faults in this dataset are not listed`;
      return [...kept, { ...last, line: 0, column: 0, code: 'data-more-faults', pointer: '', message }];
    },
  };
}
