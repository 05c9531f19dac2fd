import type { OpenData } from './open-data.ts';

/**
 * How often the folders are looked at, in milliseconds. A change is loaded when two looks in a row agree, so it is
 * picked up within a second on top of its own loading time.
 */
const INTERVAL_MS = 400;

/**
 * Looks at the data folders again and again. Looking works on every file system, the network's and those that swap a
 * link in place of a folder included, where change notifications do not.
 *
 * @returns a function that stops it, and resolves when the look under way has ended
 */
export function watchFolders(
  openData: Pick<OpenData, 'refresh'>,
  onError: (error: unknown) => void,
): () => Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  let isStopped = false;
  let looking: Promise<void> = Promise.resolve();

  async function look(): Promise<void> {
    try {
      await openData.refresh();
    } catch (error) {
      onError(error);
    }
    if (!isStopped) schedule();
  }

  function schedule(): void {
    timer = setTimeout(() => {
      looking = look();
    }, INTERVAL_MS).unref();
  }

  schedule();
  return () => {
    isStopped = true;
    clearTimeout(timer);
    return looking;
  };
}
