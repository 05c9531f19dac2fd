/** Why the store cannot work until a person changes something; the message is the one line they need. */
export class StoreFailure extends Error {
  override readonly name = 'StoreFailure';
}
