import type { Clock } from '../../kernel/clock.ts';
import type { CircuitSettings, OnCircuit } from './create-circuit.ts';
import type { RequestSigning } from './request-signer.ts';

/** Where an institution's systems are, how they know who asks, and how much is asked of them at once. */
export interface HttpConnectorSettings {
  /** What the paths of the document follow. `https`, or `http` to this very computer. */
  readonly url: string;
  /** PEM of the certificate chain that is presented, with its key. */
  readonly certificate?: string;
  /** PEM. */
  readonly key?: string;
  /** PEM of the authorities that the systems' certificate must be of; without them those that Node trusts. */
  readonly authorities?: string;
  readonly signing?: RequestSigning;
  /** Calls under way at once, of each operation and API; 32 by default. */
  readonly concurrency?: number;
  /** Calls that wait for one of these, of each operation and API; 32 by default. */
  readonly queue?: number;
  /** How often a call that may be repeated is sent again after a broken connection, 502, 503 or 504; once by default. */
  readonly retries?: number;
  readonly circuit?: CircuitSettings;
  /** Longest answer, 8 MiB by default. */
  readonly maxAnswerBytes?: number;
  /** Milliseconds that a new connection may take, 1,000 by default. */
  readonly connectTimeoutMs?: number;
  /** Milliseconds by which the systems' clock may be ahead, 30,000 by default. */
  readonly clockToleranceMs?: number;
  readonly clock?: Pick<Clock, 'now'>;
  /** Told when a circuit opens, tries again, and closes. */
  readonly onCircuit?: OnCircuit;
  /** Between 0 and 1, for the pause before a call is repeated. */
  readonly random?: () => number;
}
