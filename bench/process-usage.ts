import { readdirSync, readFileSync } from 'node:fs';

/** Memory of a process in bytes, as the kernel accounts for it. */
export interface ProcessMemory {
  /** `VmRSS`: in memory now. */
  readonly resident: number;
  /** `VmHWM`: the most there has been in memory. */
  readonly peak: number;
}

const KIBIBYTE = 1024;
/** Linux gives processor time in ticks of 10 ms whatever the kernel's own clock. */
const SECONDS_PER_TICK = 0.01;

/** Reads how much memory a process holds. Linux only. */
export function readMemory(pid: number): ProcessMemory {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const kibibytes = (key: string) => Number(new RegExp(`^${key}:\\s+(\\d+) kB`, 'm').exec(status)?.[1]);
  return { resident: kibibytes('VmRSS') * KIBIBYTE, peak: kibibytes('VmHWM') * KIBIBYTE };
}

/**
 * Bytes that the programs of one name below a process hold together, memory that they share counted once; undefined
 * where there is none. Linux only.
 */
export function readMemoryBelow(pid: number, program: string): number | undefined {
  const found = descendantsOf(pid).filter((each) => nameOf(each) === program);
  if (found.length === 0) return undefined;
  return found.reduce((sum, each) => sum + proportionalBytes(each), 0);
}

function descendantsOf(pid: number): number[] {
  return childrenOf(pid).flatMap((child) => [child, ...descendantsOf(child)]);
}

/** Each of its threads may have started some. */
function childrenOf(pid: number): number[] {
  return orNothing(() => readdirSync(`/proc/${pid}/task`)).flatMap((thread) =>
    orNothing(() => readNumbers(`/proc/${pid}/task/${thread}/children`)),
  );
}

function readNumbers(file: string): number[] {
  return readFileSync(file, 'utf8').trim().split(' ').filter(Boolean).map(Number);
}

/** A process may end while it is looked at. */
function orNothing<T>(read: () => T[]): T[] {
  try {
    return read();
  } catch {
    return [];
  }
}

function nameOf(pid: number): string | undefined {
  return orNothing(() => [readFileSync(`/proc/${pid}/comm`, 'utf8').trim()])[0];
}

function proportionalBytes(pid: number): number {
  const text = orNothing(() => [readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8')])[0] ?? '';
  return Number(/^Pss:\s+(\d+) kB/m.exec(text)?.[1] ?? 0) * KIBIBYTE;
}

/** Seconds of processor time that a process and its living children have used. */
export function readProcessorSeconds(pid: number): number {
  const below = childrenOf(pid).flatMap((child) => orNothing(() => [readProcessorSeconds(child)]));
  const { user, system } = readTicks(pid);
  return (user + system) * SECONDS_PER_TICK + below.reduce((sum, seconds) => sum + seconds, 0);
}

/** Seconds of processor time of this process's children that have ended. */
export function readEndedChildrenSeconds(): number {
  const { endedUser, endedSystem } = readTicks(process.pid);
  return (endedUser + endedSystem) * SECONDS_PER_TICK;
}

/** Seconds of processor time that everything on the machine has used since it started, and that other machines on the same host took. */
export function readMachineSeconds(): { readonly used: number; readonly stolen: number } {
  const line = /^cpu\s+(.*)$/m.exec(readFileSync('/proc/stat', 'utf8'))?.[1] ?? '';
  const [user = 0, nice = 0, system = 0, , , interrupts = 0, softInterrupts = 0, stolen = 0] = line
    .split(' ')
    .map(Number);
  const used = user + nice + system + interrupts + softInterrupts;
  return { used: used * SECONDS_PER_TICK, stolen: stolen * SECONDS_PER_TICK };
}

function readTicks(pid: number) {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The second field is a name that may hold spaces; the third follows the last parenthesis.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [user, system, endedUser, endedSystem] = fields.slice(11, 15).map(Number) as [
    number,
    number,
    number,
    number,
  ];
  return { user, system, endedUser, endedSystem };
}
