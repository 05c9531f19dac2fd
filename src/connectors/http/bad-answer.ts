/** The institution's systems have answered something that their contract does not allow. Repeats nothing of the answer. */
export class BadAnswer extends Error {
  override readonly name = 'BadAnswer';

  constructor(operation: string, fault: string) {
    super(`the answer of the institution's systems to ${operation} cannot be used: ${fault}`);
  }
}
