import type { Trial } from './trial.ts';

/** One thing that a connector has to get right. */
export interface ConnectorCase {
  /** Stable: a case that goes away leaves a gap. */
  readonly number: number;
  readonly name: string;
  /** Why it matters, in a sentence. */
  readonly why: string;
  /**
   * Tries it.
   *
   * @returns how many things were looked at
   * @throws Broken when the connector gets it wrong, NotTried when there is nothing to try it with
   */
  readonly run: (trial: Trial) => Promise<number>;
}

/** The connector gets something wrong. The message has no document, no reference and no data in it. */
export class Broken extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'Broken';
  }
}

/** A case has nothing to be tried with; the message says what is missing. */
export class NotTried extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'NotTried';
  }
}

/** @throws Broken with the reason unless the condition holds */
export function expect(condition: boolean, reason: string): asserts condition {
  if (!condition) throw new Broken(reason);
}

/** A count of what a case looked at, or the reason why there was nothing. */
export function triedOrNot(count: number, missing: string): number {
  if (count === 0) throw new NotTried(missing);
  return count;
}
