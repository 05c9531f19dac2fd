import type { Clock } from '../kernel/clock.ts';
import type { ArtifactStore } from './artifact-store.ts';

const MODEL = 'Registration';
/** A node that stops in the middle of a registration holds it up for so long. */
const CLAIM_MS = 30_000;

/** Sees to it that a software is registered once at an issuer, whatever arrives at once at whichever node. */
export interface Registrations {
  /** True when this caller alone may register the software now. */
  claim(softwareId: string): Promise<boolean>;
  /** The claimed software has become a client. */
  complete(softwareId: string, clientId: string): Promise<void>;
  /** The software may be registered again: what was claimed has come to nothing, or the client is gone. */
  release(softwareId: string): Promise<void>;
}

/** Creates the registrations of one issuer, kept among its artifacts. */
export function createRegistrations(artifacts: ArtifactStore, clock: Pick<Clock, 'now'>): Registrations {
  const turnOf = async (softwareId: string) => {
    const record = await artifacts.find(MODEL, softwareId);
    return { turn: Number(record?.turn ?? 0), clientId: record?.clientOfSoftware };
  };
  return {
    async claim(softwareId) {
      const { turn, clientId } = await turnOf(softwareId);
      if (typeof clientId === 'string' && (await artifacts.find('Client', clientId))) return false;
      // Who comes first with this turn's key has it; giving up a turn opens the next one.
      return artifacts.remember(`registration ${softwareId} ${turn}`, clock.now() + CLAIM_MS);
    },
    async complete(softwareId, clientId) {
      const { turn } = await turnOf(softwareId);
      await artifacts.upsert(MODEL, softwareId, { turn, clientOfSoftware: clientId }, undefined);
    },
    async release(softwareId) {
      const { turn } = await turnOf(softwareId);
      await artifacts.upsert(MODEL, softwareId, { turn: turn + 1 }, undefined);
    },
  };
}
