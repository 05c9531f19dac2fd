import type { CertificateStore, IssuedCertificate } from '../../src/directory/certificate-store.ts';
import type { HeldKey, HeldKeyStore } from '../../src/directory/held-key-store.ts';
import type { KeyOwner } from '../../src/directory/key-set-path.ts';
import type { ParticipantKey, ParticipantKeyStore } from '../../src/directory/participant-key-store.ts';
import type { Sealer } from '../../src/kernel/sealer.ts';

/** Issued certificates in memory. */
export function createMemoryCertificateStore(): CertificateStore {
  const kept = new Map<string, IssuedCertificate>();
  const isCurrent = (each: IssuedCertificate | undefined): each is IssuedCertificate =>
    each !== undefined && each.revokedAt === undefined && each.renewedBy === undefined;
  return {
    async add(certificate) {
      kept.set(certificate.serialNumber, certificate);
    },
    async addRenewal(renewed, certificate) {
      const former = kept.get(renewed);
      if (!isCurrent(former)) return false;
      kept.set(renewed, { ...former, renewedBy: certificate.serialNumber });
      kept.set(certificate.serialNumber, certificate);
      return true;
    },
    async find(serialNumber) {
      return kept.get(serialNumber);
    },
    async list(filter) {
      return [...kept.values()]
        .filter(
          (each) =>
            (filter.organisationId === undefined || each.organisationId === filter.organisationId) &&
            (filter.softwareId === undefined || each.softwareId === filter.softwareId) &&
            (filter.use === undefined || each.use === filter.use) &&
            (filter.isCurrent === undefined || isCurrent(each)) &&
            (filter.endsBefore === undefined || each.notAfter < filter.endsBefore) &&
            (filter.endsFrom === undefined || each.notAfter >= filter.endsFrom),
        )
        .slice(0, 1000);
    },
    async revoke(serialNumber, { revokedAt, reason }) {
      const found = kept.get(serialNumber);
      if (!found || found.revokedAt !== undefined) return false;
      kept.set(serialNumber, { ...found, revokedAt, revocationReason: reason });
      return true;
    },
    async revocations(issuer, endsFrom) {
      return [...kept.values()]
        .filter((each) => each.issuer === issuer && each.revokedAt !== undefined && each.notAfter >= endsFrom)
        .map((each) => ({
          serialNumber: each.serialNumber,
          revokedAt: each.revokedAt as number,
          reason: each.revocationReason ?? ('unspecified' as const),
        }))
        .sort((a, b) => a.revokedAt - b.revokedAt || (a.serialNumber < b.serialNumber ? -1 : 1));
    },
  };
}

/** The directory's own keys in memory. */
export function createMemoryHeldKeyStore(): HeldKeyStore {
  const kept: HeldKey[] = [];
  const list = async (purpose: string) => kept.filter((key) => key.purpose === purpose);
  return {
    list,
    async add(key) {
      if (!kept.some(({ purpose, generation }) => purpose === key.purpose && generation === key.generation))
        kept.push(key);
      return list(key.purpose);
    },
  };
}

/** Seals nothing, but minds the context as a real one does. */
export const OPEN_SEALER: Sealer = {
  seal: (content, context) => Buffer.from(JSON.stringify([context, Buffer.from(content).toString('base64')])),
  open(sealed, context) {
    const [sealedFor, content] = JSON.parse(Buffer.from(sealed).toString());
    if (sealedFor !== context) throw new Error('sealed for another place');
    return Buffer.from(content, 'base64');
  },
  derive: (purpose) => Buffer.from(purpose.padEnd(32, '.')),
};

/** Public keys of participants in memory. */
export function createMemoryParticipantKeyStore(): ParticipantKeyStore {
  const kept: ParticipantKey[] = [];
  const isOf = (owner: KeyOwner) => (key: ParticipantKey) =>
    key.owner.organisationId === owner.organisationId && key.owner.softwareId === owner.softwareId;
  return {
    async add(key) {
      if (kept.filter(isOf(key.owner)).some(({ kid }) => kid === key.kid)) return false;
      kept.push(key);
      return true;
    },
    async deactivate(owner, kid, at) {
      const place = kept.findIndex((key) => isOf(owner)(key) && key.kid === kid);
      const found = kept[place];
      if (!found || found.deactivatedAt !== undefined) return false;
      kept[place] = { ...found, deactivatedAt: at };
      return true;
    },
    async list(owner) {
      return kept.filter(isOf(owner));
    },
  };
}
