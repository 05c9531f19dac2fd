/** Bytes that a notice may have; PostgreSQL takes eight thousand. */
export const LONGEST_NOTICE = 7_000;

/** What the nodes of one service tell each other in passing: nothing of it is kept. */
export interface Notices {
  /**
   * Tells all nodes, this one among them; at most {@link LONGEST_NOTICE} bytes. Rejects with `StoreAway` while the database
   * is away.
   */
  tell(text: string): Promise<void>;
  /** Hears what is told while the database is there. Returns what ends it. */
  hear(listener: (text: string) => void): () => void;
}
