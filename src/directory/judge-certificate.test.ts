import assert from 'node:assert/strict';
import type { X509Certificate } from 'node:crypto';
import { before, describe, it } from 'node:test';
import {
  type ForgedAuthority,
  type ForgedCertificate,
  forgeAuthority,
  forgeCertificate,
  forgeKeys,
  type KeyPair,
  present,
} from '../../test/support/forge-certificate.ts';
import type { ClientCertificate } from '../kernel/client-certificate.ts';
import { createVirtualClock } from '../kernel/clock.ts';
import type { CertificateFault } from './directory-trust.ts';
import { createCertificateJudge, type RevocationPolicy } from './judge-certificate.ts';
import type { RevocationState } from './revocation-lists.ts';
import { Extension, KeyUsageFlags } from './x509.ts';

const DAY = 86_400_000;
const ORGANISATION = '9c6f2d35-3f3b-4c5e-9a70-0d2f4c1b8e11';
const SOFTWARE = '0c1f6a52-7d5e-4b1a-8f7c-5d6e7f809102';
const SERVER_AUTH = '1.3.6.1.5.5.7.3.1';

let rootKeys: KeyPair;
let issuingKeys: KeyPair;
let clientKeys: KeyPair;
let root: ForgedAuthority;
let issuing: ForgedAuthority;

before(async () => {
  [rootKeys, issuingKeys, clientKeys] = await Promise.all([forgeKeys(), forgeKeys(), forgeKeys()]);
  root = await forgeAuthority('Root', { keys: rootKeys });
  issuing = await forgeAuthority('Issuing', { keys: issuingKeys, issuer: root });
});

function subject(changes: Record<string, string | undefined> = {}) {
  const attributes = {
    '2.5.4.97': `OFBBR-${ORGANISATION}`,
    '0.9.2342.19200300.100.1.1': SOFTWARE,
    '2.5.4.3': 'client.example.com',
    ...changes,
  };
  return Object.entries(attributes)
    .filter((entry): entry is [string, string] => entry[1] !== undefined)
    .map(([type, value]) => ({ [type]: [{ utf8String: value }] }));
}

function forgeClient(changes: Partial<ForgedCertificate> = {}): Promise<X509Certificate> {
  return forgeCertificate({ keys: clientKeys, issuer: issuing, subject: subject(), ...changes });
}

function createJudge(
  settings: { revocation?: RevocationPolicy; state?: () => RevocationState; prefix?: string } = {},
) {
  const { revocation = 'hard', state = () => 'good', prefix = 'OFBBR-' } = settings;
  const clock = createVirtualClock(Date.now());
  let asked = 0;
  const judge = createCertificateJudge({
    anchors: root.certificate.toString(),
    prefix,
    revocation,
    clock,
    lists: {
      async state() {
        asked += 1;
        return state();
      },
    },
  });
  return { judge, clock, asked: () => asked };
}

async function faultOf(
  leaf: X509Certificate,
  intermediates: X509Certificate[] = [issuing.certificate],
): Promise<string> {
  const verdict = await createJudge().judge.judge(present(leaf, ...intermediates));
  return verdict.isTrusted ? 'none' : verdict.fault;
}

describe('given a client certificate', () => {
  it('when it is good, then it says whose it is', async () => {
    const { judge } = createJudge();
    assert.deepEqual(await judge.judge(present(await forgeClient(), issuing.certificate)), {
      isTrusted: true,
      software: { organisationId: ORGANISATION, softwareId: SOFTWARE },
    });
  });

  it('when there is none, then it is missing', async () => {
    assert.deepEqual(await createJudge().judge.judge(undefined), { isTrusted: false, fault: 'missing' });
  });

  describe('when its chain does not lead to a trusted authority', () => {
    it('because the intermediate was not sent', async () => {
      assert.equal(await faultOf(await forgeClient(), []), 'untrusted-issuer');
    });

    it('because it signed itself', async () => {
      const leaf = await forgeCertificate({ keys: clientKeys, subject: subject() });
      assert.equal(await faultOf(leaf, [leaf, issuing.certificate]), 'untrusted-issuer');
    });

    it('because an authority of the same names but other keys issued it', async () => {
      const falseRoot = await forgeAuthority('Root', { keys: clientKeys });
      const falseIssuing = await forgeAuthority('Issuing', { keys: clientKeys, issuer: falseRoot });
      const leaf = await forgeClient({ issuer: falseIssuing });
      const all = [falseIssuing.certificate, falseRoot.certificate, issuing.certificate];
      assert.equal(await faultOf(leaf, all), 'untrusted-issuer');
    });

    it('because another client issued it with a good certificate of its own', async () => {
      const client = await forgeClient();
      const { keys } = issuing;
      const asAuthority = { certificate: client, keys: clientKeys, name: issuing.name };
      const leaf = await forgeClient({ keys, issuer: asAuthority });
      assert.equal(await faultOf(leaf, [client, issuing.certificate]), 'untrusted-issuer');
    });

    it('because its content was changed after it was signed', async () => {
      const leaf = await forgeClient();
      const der = Buffer.from(leaf.raw);
      const place = der.indexOf(SOFTWARE);
      der.write('f', place);
      const { X509Certificate: Parsed } = await import('node:crypto');
      assert.equal(await faultOf(new Parsed(der)), 'untrusted-issuer');
    });

    for (const [what, settings] of [
      ['has expired', { from: Date.now() - 3 * DAY, to: Date.now() - DAY }],
      ['is not valid yet', { from: Date.now() + DAY }],
      ['may not sign certificates', { keyUsage: KeyUsageFlags.cRLSign }],
      ['is for servers only', { extendedKeyUsage: [SERVER_AUTH] }],
      [
        'has a critical extension that nobody knows',
        { further: [new Extension('1.2.3.4', true, new Uint8Array([5, 0]))] },
      ],
      ['was signed over SHA-1', { hash: 'SHA-1' }],
    ] as const)
      it(`because the intermediate ${what}`, async () => {
        const other = await forgeAuthority('Issuing', { keys: issuingKeys, issuer: root, ...settings });
        assert.equal(await faultOf(await forgeClient(), [other.certificate]), 'untrusted-issuer');
      });

    it('because the path is longer than an authority allows', async () => {
      const short = await forgeAuthority('Issuing', {
        keys: issuingKeys,
        issuer: root,
        authority: { pathLength: 0 },
      });
      const below = await forgeAuthority('Below', { keys: clientKeys, issuer: short });
      const leaf = await forgeClient({ issuer: below });
      assert.equal(await faultOf(leaf, [below.certificate, short.certificate]), 'untrusted-issuer');
      const long = await forgeAuthority('Issuing', {
        keys: issuingKeys,
        issuer: root,
        authority: { pathLength: 1 },
      });
      assert.equal(await faultOf(leaf, [below.certificate, long.certificate]), 'none');
    });
  });

  it('when intermediates come in any order and with strangers among them, then the path is found', async () => {
    const below = await forgeAuthority('Below', { keys: clientKeys, issuer: issuing });
    const stranger = await forgeAuthority('Stranger', { keys: clientKeys });
    const leaf = await forgeClient({ issuer: below });
    assert.equal(await faultOf(leaf, [stranger.certificate, issuing.certificate, below.certificate]), 'none');
  });

  it('when many intermediates issue one another, then judging ends', async () => {
    const circle: X509Certificate[] = [];
    for (let count = 0; count < 30; count += 1)
      circle.push((await forgeAuthority('Issuing', { keys: issuingKeys, issuer: issuing })).certificate);
    const begun = performance.now();
    assert.equal(await faultOf(await forgeClient(), circle), 'untrusted-issuer');
    assert.ok(performance.now() - begun < 500);
  });

  const FAULTY: readonly (readonly [string, CertificateFault, Partial<ForgedCertificate>])[] = [
    ['has expired', 'expired', { from: Date.now() - 3 * DAY, to: Date.now() - DAY }],
    ['is not valid yet', 'not-yet-valid', { from: Date.now() + DAY, to: Date.now() + 2 * DAY }],
    ['is for servers', 'wrong-use', { extendedKeyUsage: [SERVER_AUTH] }],
    ['names no purpose', 'wrong-use', { extendedKeyUsage: [] }],
    ['may not sign', 'wrong-use', { keyUsage: KeyUsageFlags.keyEncipherment }],
    ['is an authority itself', 'wrong-use', { authority: {}, extendedKeyUsage: ['1.3.6.1.5.5.7.3.2'] }],
    ['was signed over SHA-1', 'untrusted-issuer', { hash: 'SHA-1' }],
    ['has no UID', 'no-participant', { subject: subject({ '0.9.2342.19200300.100.1.1': undefined }) }],
    ['has no organisation', 'no-participant', { subject: subject({ '2.5.4.97': undefined }) }],
    [
      'is of another ecosystem',
      'no-participant',
      { subject: subject({ '2.5.4.97': `OPIBR-${ORGANISATION}` }) },
    ],
    ['has two UIDs', 'no-participant', { subject: [...subject(), ...subject({ '2.5.4.97': undefined })] }],
    [
      'has a UID that is no id',
      'no-participant',
      { subject: subject({ '0.9.2342.19200300.100.1.1': '../x' }) },
    ],
    [
      'names the organisation as OU today',
      'no-participant',
      { subject: subject({ '2.5.4.97': undefined, '2.5.4.11': ORGANISATION }) },
    ],
  ];
  for (const [what, fault, settings] of FAULTY)
    it(`when it ${what}, then the fault is ${fault}`, async () => {
      assert.equal(await faultOf(await forgeClient(settings)), fault);
    });

  it('when it is of the old form and from the time of the old form, then OU names the organisation', async () => {
    const from = Date.UTC(2022, 5, 1);
    const old = await forgeAuthority('Old', { keys: issuingKeys, issuer: root, from });
    const leaf = await forgeClient({
      issuer: old,
      from,
      subject: subject({ '2.5.4.97': undefined, '2.5.4.11': ORGANISATION }),
    });
    const { judge } = createJudge();
    assert.deepEqual(await judge.judge(present(leaf, old.certificate)), {
      isTrusted: true,
      software: { organisationId: ORGANISATION, softwareId: SOFTWARE },
    });
  });

  it('when its ids are UUIDs in capitals, then they are the same ids', async () => {
    const leaf = await forgeClient({
      subject: subject({
        '2.5.4.97': `OFBBR-${ORGANISATION.toUpperCase()}`,
        '0.9.2342.19200300.100.1.1': SOFTWARE.toUpperCase(),
      }),
    });
    const verdict = await createJudge().judge.judge(present(leaf, issuing.certificate));
    assert.ok(verdict.isTrusted);
    assert.deepEqual(verdict.software, { organisationId: ORGANISATION, softwareId: SOFTWARE });
  });

  describe('when revocation lists', () => {
    for (const [state, revocation, fault] of [
      ['revoked', 'hard', 'revoked'],
      ['revoked', 'soft', 'revoked'],
      ['unknown', 'hard', 'unknown-revocation'],
      ['unknown', 'soft', undefined],
    ] as const)
      it(`say ${state} under the policy ${revocation}, then it is ${fault ?? 'trusted'}`, async () => {
        const { judge } = createJudge({ revocation, state: () => state });
        const verdict = await judge.judge(present(await forgeClient(), issuing.certificate));
        assert.equal(verdict.isTrusted ? undefined : verdict.fault, fault);
      });
  });

  describe('when it was judged before', () => {
    let presented: ClientCertificate;
    before(async () => {
      presented = present(await forgeClient(), issuing.certificate);
    });

    it('then the verdict stands for a minute', async () => {
      const { judge, clock, asked } = createJudge();
      await judge.judge(presented);
      const first = asked();
      await clock.advance(59_000);
      await judge.judge(presented);
      assert.equal(asked(), first);
      await clock.advance(2_000);
      await judge.judge(presented);
      assert.ok(asked() > first);
    });

    it('then the verdict falls with the next revocation list, also one that comes while judging', async () => {
      let state: RevocationState = 'good';
      let arrive = () => {};
      const { judge } = createJudge({
        state: () => {
          const before = state;
          arrive();
          return before;
        },
      });
      assert.ok((await judge.judge(presented)).isTrusted);
      state = 'revoked';
      judge.forget();
      assert.equal((await judge.judge(presented)).isTrusted, false);

      state = 'good';
      judge.forget();
      arrive = () => {
        arrive = () => {};
        state = 'revoked';
        judge.forget();
      };
      await judge.judge(presented);
      assert.equal((await judge.judge(presented)).isTrusted, false);
    });

    it('then the verdict does not outlive the certificate', async () => {
      const { judge, clock } = createJudge();
      const brief = present(await forgeClient({ to: Date.now() + 10_000 }), issuing.certificate);
      assert.ok((await judge.judge(brief)).isTrusted);
      await clock.advance(11_000);
      const verdict = await judge.judge(brief);
      assert.equal(verdict.isTrusted ? undefined : verdict.fault, 'expired');
    });

    it('without its intermediate, then it is trusted as soon as that comes along', async () => {
      const { judge } = createJudge();
      assert.equal((await judge.judge(present(presented.leaf))).isTrusted, false);
      assert.equal((await judge.judge(presented)).isTrusted, true);
    });

    it('by many requests at the same time, then it is judged once', async () => {
      const { judge, asked } = createJudge();
      await Promise.all(Array.from({ length: 50 }, () => judge.judge(presented)));
      assert.equal(asked(), 2, 'once for each certificate of the path');
    });

    it('then asking again takes microseconds', async (test) => {
      const { judge } = createJudge();
      await judge.judge(presented);
      const rounds = 20_000;
      const runs: number[] = [];
      for (let run = 0; run < 5; run += 1) {
        const begun = performance.now();
        for (let round = 0; round < rounds; round += 1) await judge.judge(presented);
        runs.push(((performance.now() - begun) * 1000) / rounds);
      }
      const micros = Math.min(...runs);
      test.diagnostic(`a remembered verdict takes ${micros.toFixed(2)} µs`);
      assert.ok(micros < 5, `${micros.toFixed(2)} µs`);
    });
  });

  it('when nothing is trusted, then there is no judge', () => {
    assert.throws(
      () =>
        createCertificateJudge({
          anchors: 'nothing',
          prefix: 'OFBBR-',
          revocation: 'hard',
          lists: { state: async () => 'good' },
          clock: createVirtualClock(0),
        }),
      /no certificate to trust/,
    );
  });
});
