/** The bytes that every peer which can serve given bytes is to serve. */
export interface ServedBytes {
  readonly path: string;
  readonly contentType: string;
  /** File with the body. */
  readonly file: string;
}

/** Another server in the same run. */
export interface Peer {
  readonly name: string;
  /** What guiche must reach, as a multiple of its requests per second; undefined where it is told for information. */
  readonly atLeast: number | undefined;
  /** Resolves once it answers; throws {@link PeerAbsent} where it is not installed. */
  start(bytes: ServedBytes): Promise<RunningPeer>;
}

export interface RunningPeer {
  readonly pid: number;
  readonly url: string;
  /** Version and whatever has to be known to read its figure. */
  readonly remark: string;
  stop(): Promise<void>;
}

/** Why a peer takes no part in the run. */
export class PeerAbsent extends Error {}
