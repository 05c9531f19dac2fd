/** The institution's systems have not answered by the deadline. */
export class ConnectorLate extends Error {
  override readonly name = 'ConnectorLate';

  constructor(operation: string) {
    super(`the institution's systems have not answered ${operation} in time`);
  }
}
