import type { Consent, ConsentExtension } from '../../src/consents/consent.ts';
import type { ConsentAct, ConsentStore } from '../../src/consents/consent-store.ts';

/** A consent store without a database, which keeps every promise of the port but to outlive the process. */
export interface MemoryConsentStore extends ConsentStore {
  /** What the ledger would hold: every change that took place, in order. */
  readonly acts: readonly (ConsentAct & { readonly consent: string; readonly revision: number })[];
  /** Awaited before each change is judged: a test decides here who comes first. */
  beforeChange: () => Promise<void> | void;
}

export function createMemoryConsentStore(): MemoryConsentStore {
  const consents = new Map<string, Consent>();
  const extensions = new Map<string, ConsentExtension[]>();
  const fingerprints = new Map<string, { fingerprint: string; id: string }>();
  const acts: (ConsentAct & { consent: string; revision: number })[] = [];

  function keep(consent: Consent, act: ConsentAct): Consent {
    const kept = structuredClone(consent);
    consents.set(kept.id, kept);
    acts.push({ ...act, consent: kept.id, revision: kept.revision });
    return kept;
  }

  function newestFirst(): Consent[] {
    // Of consents of one second the last one kept is the newest.
    return [...consents.values()].reverse().sort((a, b) => b.createdAt - a.createdAt);
  }

  return {
    acts,
    beforeChange: () => {},

    async create(consent, act, idempotency) {
      await this.beforeChange();
      const key = JSON.stringify([consent.ecosystem, consent.clientId, idempotency?.key]);
      const earlier = idempotency && fingerprints.get(key);
      if (earlier && earlier.fingerprint !== idempotency.fingerprint) return { outcome: 'conflict' };
      if (earlier) return { outcome: 'repeated', consent: consents.get(earlier.id) as Consent };
      if (consents.has(consent.id)) throw new Error('a consent with this id is there already');
      if (idempotency) fingerprints.set(key, { fingerprint: idempotency.fingerprint, id: consent.id });
      const blank = { rejection: undefined, selection: undefined, subject: undefined, grantId: undefined };
      return {
        outcome: 'created',
        consent: keep({ ...consent, ...blank, revision: 1, resourcesRevision: 0 }, act),
      };
    },

    async find(id) {
      await null;
      return consents.get(id);
    },

    async change(id, revision, { extension, ...members }, act) {
      await this.beforeChange();
      const known = consents.get(id);
      if (!known || known.revision !== revision) return undefined;
      if (extension) extensions.set(id, [structuredClone(extension), ...(extensions.get(id) ?? [])]);
      return keep({ ...known, ...members, revision: revision + 1 }, act);
    },

    async extensions(id, { offset, limit }) {
      await null;
      const all = extensions.get(id) ?? [];
      return { items: all.slice(offset, offset + limit), total: all.length };
    },

    async due(awaitingSince, now, limit) {
      await null;
      const isDue = ({ status, createdAt, expiresAt }: Consent) =>
        status === 'AWAITING_AUTHORISATION'
          ? createdAt <= awaitingSince
          : status === 'AUTHORISED' && expiresAt !== undefined && expiresAt <= now;
      return [...consents.values()].filter(isDue).slice(0, limit);
    },

    async ofPerson(ecosystem, cpf) {
      await null;
      const concerns = ({ loggedUser, selection }: Consent) =>
        loggedUser?.identification === cpf || selection?.approvals.some(({ approver }) => approver === cpf);
      return newestFirst()
        .filter((consent) => consent.ecosystem === ecosystem && concerns(consent))
        .slice(0, 200);
    },

    async erasePerson(cpf, act) {
      await this.beforeChange();
      const theirs = [...consents.values()].filter(({ loggedUser }) => loggedUser?.identification === cpf);
      for (const consent of theirs) {
        const blank = { loggedUser: undefined, businessEntity: undefined, details: undefined };
        keep({ ...consent, ...blank, selection: undefined, revision: consent.revision + 1 }, act);
        const blankOf = (extension: ConsentExtension) => ({
          ...extension,
          loggedUser: undefined,
          customerIpAddress: '',
          customerUserAgent: '',
        });
        extensions.set(consent.id, (extensions.get(consent.id) ?? []).map(blankOf));
      }
      return theirs.length > 0;
    },
  };
}
