import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { describe, it } from 'node:test';
import type { CertificateStore, IssuedCertificate } from '../../src/directory/certificate-store.ts';
import type { HeldKeyStore } from '../../src/directory/held-key-store.ts';
import type { ParticipantKeyStore } from '../../src/directory/participant-key-store.ts';

export interface TrustStores {
  readonly certificates: CertificateStore;
  readonly heldKeys: HeldKeyStore;
  readonly participantKeys: ParticipantKeyStore;
}

/** What every implementation of the directory's stores of keys and certificates does. */
export function describeTrustStores(what: string, open: () => TrustStores): void {
  describe(`${what}: certificates`, () => {
    const issuer = randomUUID();
    const organisationId = randomUUID();
    let count = 0;

    function certificate(changes: Partial<IssuedCertificate> = {}): IssuedCertificate {
      count += 1;
      return {
        serialNumber: `${issuer}-${count}`,
        issuer,
        use: 'client',
        organisationId,
        softwareId: 'software',
        certificate: 'PEM',
        chain: 'PEM PEM',
        thumbprint: randomUUID(),
        notBefore: 1_000,
        notAfter: 2_000,
        revokedAt: undefined,
        revocationReason: undefined,
        renewedBy: undefined,
        ...changes,
      };
    }

    it('when one is added, then it is found as it was', async () => {
      const { certificates } = open();
      const added = certificate({ organisationId: undefined, softwareId: undefined, use: 'server' });
      await certificates.add(added);
      assert.deepEqual(await certificates.find(added.serialNumber), added);
      assert.equal(await certificates.find('unknown'), undefined);
    });

    it('when they are listed, then every member of the filter restricts', async () => {
      const { certificates } = open();
      const owner = { organisationId: randomUUID() };
      const first = certificate({ ...owner, softwareId: 'one', notAfter: 5_000 });
      const second = certificate({ ...owner, softwareId: 'two', use: 'server' });
      const third = certificate({ ...owner, softwareId: 'two', notAfter: 9_000 });
      for (const each of [first, second, third]) await certificates.add(each);
      await certificates.revoke(third.serialNumber, { revokedAt: 1_500, reason: 'superseded' });
      const numbers = async (filter: object) =>
        (await certificates.list({ ...owner, ...filter })).map(({ serialNumber }) => serialNumber);
      const [one, two, three] = [first, second, third].map(({ serialNumber }) => serialNumber);
      assert.deepEqual(await numbers({}), [one, two, three]);
      assert.deepEqual(await numbers({ softwareId: 'two' }), [two, three]);
      assert.deepEqual(await numbers({ use: 'server' }), [two]);
      assert.deepEqual(await numbers({ isCurrent: true }), [one, two]);
      assert.deepEqual(await numbers({ endsBefore: 5_000 }), [two]);
      assert.deepEqual(await numbers({ endsFrom: 5_000 }), [one, three]);
    });

    it('when one is revoked, then only the first time counts', async () => {
      const { certificates } = open();
      const { serialNumber } = certificate();
      await certificates.add(certificate({ serialNumber, notAfter: 50_000 }));
      const revoke = (revokedAt: number) =>
        certificates.revoke(serialNumber, { revokedAt, reason: 'keyCompromise' });
      assert.deepEqual((await Promise.all([revoke(1_100), revoke(1_100)])).sort(), [false, true]);
      assert.equal(await revoke(1_200), false);
      assert.equal((await certificates.find(serialNumber))?.revokedAt, 1_100);
      assert.equal(await certificates.revoke('unknown', { revokedAt: 1, reason: 'unspecified' }), false);
      const named = await certificates.revocations(issuer, 50_000);
      assert.deepEqual(named, [{ serialNumber, revokedAt: 1_100, reason: 'keyCompromise' }]);
      assert.deepEqual(await certificates.revocations(issuer, 50_001), []);
    });

    it('when one is renewed twice at the same time, then one renewal wins and the other leaves nothing', async () => {
      const { certificates } = open();
      const former = certificate();
      await certificates.add(former);
      const successors = [certificate(), certificate()];
      const won = await Promise.all(
        successors.map((successor) => certificates.addRenewal(former.serialNumber, successor)),
      );
      assert.deepEqual([...won].sort(), [false, true]);
      const winner = successors[won.indexOf(true)] as IssuedCertificate;
      const loser = successors[won.indexOf(false)] as IssuedCertificate;
      assert.equal((await certificates.find(former.serialNumber))?.renewedBy, winner.serialNumber);
      assert.deepEqual(await certificates.find(winner.serialNumber), winner);
      assert.equal(await certificates.find(loser.serialNumber), undefined);
    });

    it('when one is revoked, then it is not renewed', async () => {
      const { certificates } = open();
      const former = certificate();
      await certificates.add(former);
      await certificates.revoke(former.serialNumber, { revokedAt: 1_500, reason: 'unspecified' });
      assert.equal(await certificates.addRenewal(former.serialNumber, certificate()), false);
    });
  });

  describe(`${what}: the directory's own keys`, () => {
    it('when two nodes add a generation, then the first one stays, for both', async () => {
      const { heldKeys } = open();
      const purpose = randomUUID();
      const key = (text: string) => ({
        purpose,
        generation: 1,
        sealed: Buffer.from(text),
        published: text,
        signsFrom: 1_900_000_000_000,
      });
      const [first, second] = await Promise.all([heldKeys.add(key('one')), heldKeys.add(key('two'))]);
      assert.equal(first.length, 1);
      assert.deepEqual(first, second);
      assert.deepEqual(Buffer.from(first[0]?.sealed ?? []).toString(), first[0]?.published);
      await heldKeys.add({ ...key('three'), generation: 2 });
      assert.deepEqual(
        (await heldKeys.list(purpose)).map(({ generation }) => generation),
        [1, 2],
      );
      assert.deepEqual(await heldKeys.list('unknown'), []);
    });
  });

  describe(`${what}: keys of participants`, () => {
    const key = (owner: { organisationId: string; softwareId?: string }, kid: string) => ({
      owner,
      name: 'application' as const,
      kid,
      jwk: { kty: 'RSA', kid, use: 'sig', n: 'AQAB', e: 'AQAB' },
      addedAt: 1_000,
      deactivatedAt: undefined,
    });

    it('when keys are added, then each owner has their own, in order', async () => {
      const { participantKeys } = open();
      const organisation = { organisationId: randomUUID() };
      const software = { ...organisation, softwareId: randomUUID() };
      for (const added of [key(software, 'b'), key(software, 'a'), key(organisation, 'a')])
        assert.equal(await participantKeys.add(added), true);
      assert.equal(await participantKeys.add(key(software, 'a')), false);
      assert.deepEqual(await participantKeys.list(software), [key(software, 'b'), key(software, 'a')]);
      assert.deepEqual(await participantKeys.list(organisation), [key(organisation, 'a')]);
    });

    it('when a key is deactivated, then the first time counts', async () => {
      const { participantKeys } = open();
      const owner = { organisationId: randomUUID() };
      await participantKeys.add(key(owner, 'a'));
      assert.equal(await participantKeys.deactivate(owner, 'a', 5_000), true);
      assert.equal(await participantKeys.deactivate(owner, 'a', 6_000), false);
      assert.equal(await participantKeys.deactivate(owner, 'unknown', 6_000), false);
      assert.equal((await participantKeys.list(owner))[0]?.deactivatedAt, 5_000);
    });
  });
}
