import type { Selection } from '../../consents/consent.ts';
import type { Sealer } from '../../kernel/sealer.ts';
import type { ArtifactStore } from '../artifact-store.ts';

/** What a customer has decided, on its way to the receiver. */
export type HeldDecision =
  | { readonly kind: 'approved'; readonly selection: Selection }
  | { readonly kind: 'refused' }
  /** The wrong person, or nobody: the request goes on waiting. */
  | { readonly kind: 'left' };

export interface HeldDecisions {
  hold(visitId: string, uid: string, decision: HeldDecision): Promise<void>;
  find(visitId: string, uid: string): Promise<HeldDecision | undefined>;
  drop(visitId: string, uid: string): Promise<void>;
}

const MODEL = 'HeldDecision';
const SECONDS = 300;

/**
 * Keeps a decision between the form that took it and the page that sends the browser to the receiver. Browsers apply
 * `form-action` to every redirect that follows a form, and the receiver is another site. Sealed: approvers are persons.
 */
export function createHeldDecisions(artifacts: ArtifactStore, sealer: Sealer): HeldDecisions {
  return {
    async hold(visitId, uid, decision) {
      const content = sealer.seal(Buffer.from(JSON.stringify(decision)), context(visitId, uid));
      const sealed = Buffer.from(content).toString('base64');
      await artifacts.upsert(MODEL, context(visitId, uid), { sealed }, SECONDS);
    },
    async find(visitId, uid) {
      const kept = await artifacts.find(MODEL, context(visitId, uid));
      if (!kept) return undefined;
      const content = sealer.open(Buffer.from(String(kept.sealed), 'base64'), context(visitId, uid));
      return JSON.parse(Buffer.from(content).toString()) as HeldDecision;
    },
    drop: (visitId, uid) => artifacts.destroy(MODEL, context(visitId, uid)),
  };
}

function context(visitId: string, uid: string): string {
  return `decision ${visitId} ${uid}`;
}
