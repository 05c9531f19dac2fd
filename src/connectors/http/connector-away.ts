/**
 * Why systems count as away. `unreachable`: no connection, or one that broke. `failing`: they answer that they cannot.
 * `circuit-open`: they failed too often just now, and were not asked. `busy`: too many calls wait for them already.
 * `closed`: the connector has been closed.
 */
export type AwayReason = 'unreachable' | 'failing' | 'circuit-open' | 'busy' | 'closed';

/** The institution's systems cannot be asked now. Its message has no personal data, no address and no secret. */
export class ConnectorAway extends Error {
  override readonly name = 'ConnectorAway';
  readonly reason: AwayReason;
  /** Whether asking again at once may help, if the operation may be repeated. */
  readonly isPassing: boolean;

  constructor(reason: AwayReason, message: string, { isPassing = false } = {}) {
    super(message);
    this.reason = reason;
    this.isPassing = isPassing;
  }
}
