/** Why a port's method was rejected: there is no database at the moment. */
export class StoreAway extends Error {
  override readonly name = 'StoreAway';
}
