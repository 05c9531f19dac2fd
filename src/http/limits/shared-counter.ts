/** Counts that every node of an institution shares. */
export interface SharedCounter {
  /**
   * Adds to a key's count, in one step for all nodes, and keeps it for at most `keepMs`.
   *
   * @returns the count after adding; rejects when the counter is away, soon and not after a wait
   */
  add(key: string, amount: number, keepMs: number): Promise<number>;
  close(): Promise<void>;
}
