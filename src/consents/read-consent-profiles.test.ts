import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { parse } from 'yaml';
import { catalogOperations } from '../../test/support/catalog-operations.ts';
import { consentProfiles, openFinance, openInsurance } from '../../test/support/consent-profiles.ts';
import { catalogFolder } from '../../test/support/contract-folder.ts';
import { referenceContracts } from '../../test/support/reference-contracts.ts';
import type { ConsentProfile } from './consent-profile.ts';
import { parseConsentProfile } from './read-consent-profiles.ts';
import { createSpelling } from './version-spelling.ts';

const REFERENCES: readonly [file: string, profile: ConsentProfile][] = [
  ['ofb/consents-3.3.1.yml', openFinance],
  ['opin/consents_v2.yaml', openInsurance],
  ['opin/consents_v3.yaml', openInsurance],
];

/** Every list of permissions in a document, wherever it stands. */
function permissionEnums(node: unknown): string[][] {
  if (typeof node !== 'object' || node === null) return [];
  const own = (node as { enum?: unknown }).enum;
  const found = Array.isArray(own) && own.includes('RESOURCES_READ') ? [own as string[]] : [];
  return [...found, ...Object.values(node).flatMap(permissionEnums)];
}

/** The enum at a name's schema in a document, such as that of rejection reasons. */
function enumWith(node: unknown, value: string): string[] | undefined {
  if (typeof node !== 'object' || node === null) return undefined;
  const own = (node as { enum?: unknown }).enum;
  if (Array.isArray(own) && own.includes(value)) return own as string[];
  for (const inner of Object.values(node)) {
    const found = enumWith(inner, value);
    if (found) return found;
  }
  return undefined;
}

/** The permissions of each row of the table of groups that a document's description draws with dashes and bars. */
function tableRows(description: string): string[][] {
  const rows: string[][] = [[]];
  for (const line of description.split('\n').filter((text) => text.trim().startsWith('|'))) {
    const cells = line
      .trim()
      .split('|')
      .map((cell) => cell.trim());
    const place = cells.findIndex((cell) => /^[A-Z]+_[A-Z_]+$/.test(cell));
    const permission = place < 0 ? undefined : cells[place];
    // Between two permissions of one row there is at most a line below the last columns.
    const isBorder = permission === undefined && cells.filter((cell) => /^-+$/.test(cell)).length >= 2;
    const isSingle = permission === undefined && cells.some((cell) => /^-{100,}$/.test(cell));
    if (isBorder || isSingle) rows.push([]);
    if (permission) rows.at(-1)?.push(permission);
  }
  return rows.filter((row) => row.length > 0);
}

function writtenPermissions(profile: ConsentProfile, version: string): string[] {
  const spelling = createSpelling(profile, version);
  return [...profile.permissions.keys()].map(spelling.writePermission).sort();
}

describe('given the regulators’ own contracts of consents', () => {
  const skip = referenceContracts === undefined ? 'no reference contracts beside the checkout' : false;
  for (const [file, profile] of REFERENCES) {
    const read = () => parse(readFileSync(join(referenceContracts as string, file), 'utf8'));

    it(`when ${file} lists permissions, then the profile has these and no others`, { skip }, () => {
      const document = read();
      const enums = permissionEnums(document);
      assert.ok(enums.length >= 2, 'the document lists permissions in requests and answers');
      const longest = enums.toSorted((a, b) => b.length - a.length)[0] as string[];
      assert.deepEqual(writtenPermissions(profile, document.info.version), longest.toSorted());
    });

    it(`when ${file} lists reasons of rejection, then the profile tells exactly these`, { skip }, () => {
      const document = read();
      const spelling = createSpelling(profile, document.info.version);
      const told = new Set(profile.rejectionReasons.map(({ code }) => spelling.writeReason(code)));
      assert.deepEqual([...told].sort(), enumWith(document, 'CONSENT_EXPIRED')?.toSorted());
    });

    it(`when ${file} prints its table of groups, then its rows are the groups of the profile`, {
      skip,
    }, () => {
      const document = read();
      const spelling = createSpelling(profile, document.info.version);
      const groups = profile.groups.map(({ rule, permissions }) => {
        const accompanied = rule === 'whole' ? [...permissions, profile.companion] : permissions;
        return accompanied.map(spelling.writePermission).sort().join(' ');
      });
      const rows = tableRows(document.info.description).map((row) => row.sort().join(' '));
      // Insurance has the companion in a row of its own beside each group that is asked for in parts.
      const printed = rows.filter((row) => row !== profile.companion);
      assert.deepEqual(groups.toSorted(), printed.toSorted());
    });
  }
});

describe('given the profiles of the catalog', () => {
  it('when they are read, then there is one for each ecosystem that has consents', () => {
    assert.deepEqual(consentProfiles.map(({ ecosystem }) => ecosystem).sort(), [
      'open-finance',
      'open-insurance',
    ]);
  });

  it('when permissions are counted, then there are 36 in finance and 125 in insurance', () => {
    assert.deepEqual([openFinance.permissions.size, openInsurance.permissions.size], [36, 125]);
  });

  it('when groups are counted, then there are 13 in finance, 15 and 31 in insurance', () => {
    const count = ({ groups }: ConsentProfile, isExclusive: boolean) =>
      groups.filter(({ rule }) => (rule === 'exclusive') === isExclusive).length;
    assert.deepEqual([count(openFinance, false), count(openFinance, true)], [13, 0]);
    assert.deepEqual([count(openInsurance, false), count(openInsurance, true)], [15, 31]);
  });

  for (const profile of consentProfiles) {
    it(`when a customer of ${profile.ecosystem} reads a group, then nothing in it is left unsaid`, () => {
      for (const { id, category, label, description, permissions, selection } of profile.groups) {
        for (const text of [category, label, description])
          assert.match(text, /^\p{Lu}.{2,}/u, `${id} is described`);
        assert.ok(permissions.length > 0 && selection.length > 0);
        for (const name of permissions)
          assert.match(profile.permissions.get(name)?.label ?? '', /^\p{Lu}.{5,}/u, `${name} is described`);
      }
    });

    it(`when the scopes of ${profile.ecosystem} are asked for, then only permissions that no API takes have none`, () => {
      const without = [...profile.permissions.values()].filter(({ scope }) => scope === undefined);
      assert.deepEqual(
        without.map(({ name }) => name),
        profile === openFinance
          ? []
          : [
              'CONTRACT_PENSION_PLAN_LEAD_CREATE',
              'CONTRACT_PENSION_PLAN_LEAD_UPDATE',
              'CONTRACT_PENSION_PLAN_LEAD_PORTABILITY_CREATE',
              'CONTRACT_PENSION_PLAN_LEAD_PORTABILITY_UPDATE',
              'CONTRACT_LIFE_PENSION_LEAD_PORTABILITY_CREATE',
              'CONTRACT_LIFE_PENSION_LEAD_PORTABILITY_UPDATE',
              'PERSON_WITHDRAWAL_CREATE',
            ],
      );
    });
  }

  it('when the customer picks, then by the three modes of the guidance', () => {
    const modeOf = (id: string) => openFinance.groups.find((group) => group.id === id)?.selection;
    assert.deepEqual(
      ['account-balances', 'credit-card-bills', 'credit-operations', 'investments', 'exchanges'].map(modeOf),
      ['individual', 'individual', 'grouped-products', 'grouped-products', 'grouped-resources'],
    );
  });

  it('when resource types are listed, then they are those of the Resources APIs', () => {
    for (const [ecosystem, count] of [
      ['open-finance', 12],
      ['open-insurance', 19],
    ] as const) {
      const profile = ecosystem === 'open-finance' ? openFinance : openInsurance;
      const types = new Set(profile.groups.flatMap(({ resourceTypes }) => resourceTypes));
      assert.equal(types.size, count, ecosystem);
      const operations = catalogOperations.filter(
        ({ path, kind }) =>
          kind === 'resources' &&
          path.startsWith(ecosystem === 'open-finance' ? '/open-banking' : '/open-insurance'),
      );
      assert.ok(operations.length > 0, 'the catalog has the Resources API');
      for (const operation of operations) {
        const known = enumWith(operation.answer.schema(), [...types][0] as string);
        assert.deepEqual([...types].sort(), known?.toSorted(), `${operation.key} ${operation.version}`);
      }
    }
  });

  it('when a member of the request describes a service, then every version of the contract declares it', () => {
    for (const version of ['2.7.0', '3.0.0']) {
      const operation = catalogOperations.find(
        (candidate) =>
          candidate.version === version &&
          /^POST \/open-insurance\/consents\/.*consents$/.test(candidate.key),
      );
      const schema = JSON.stringify(operation?.answer.schema());
      const spelling = createSpelling(openInsurance, version);
      const all = Object.fromEntries(openInsurance.details.map(({ member }) => [member, {}]));
      for (const member of Object.keys(spelling.writeDetails(all)))
        assert.ok(schema.includes(`"${member}"`), `${member} in ${version}`);
    }
  });
});

describe('given a profile that contradicts itself', () => {
  const sound = readFileSync(join(catalogFolder, 'open-finance', 'consents.yaml'), 'utf8');
  const contradictions: readonly [string, (text: string) => string, RegExp][] = [
    [
      'a permission is in no group',
      (text) => text.replace('permissions: [EXCHANGES_READ]', 'permissions: [ACCOUNTS_READ]'),
      /in no group: EXCHANGES_READ/,
    ],
    [
      'a group names an unknown permission',
      (text) => text.replace('permissions: [EXCHANGES_READ]', 'permissions: [EXCHANGES_READ, FOO_READ]'),
      /not declared: FOO_READ/,
    ],
    [
      'a permission is declared twice',
      (text) => text.replace('      EXCHANGES_READ:', '      FUNDS_READ: Outra vez\n      EXCHANGES_READ:'),
      /declared twice: FUNDS_READ/,
    ],
    ['a rule is unknown', (text) => text.replace('- end-date', '- no-such-rule'), /unknown: no-such-rule/],
    [
      'a refusal is unknown',
      (text) => text.replace('DOCUMENTO_INVALIDO:', 'DOCUMENTO_ESTRANHO:'),
      /unknown: DOCUMENTO_ESTRANHO/,
    ],
    [
      'a group lists the companion',
      (text) => text.replace('[EXCHANGES_READ]', '[EXCHANGES_READ, RESOURCES_READ]'),
      /lists the companion: RESOURCES_READ/,
    ],
    [
      'two groups share an id',
      (text) => text.replace('id: exchanges', 'id: investments'),
      /twice: investments/,
    ],
    [
      'a selection mode is unknown',
      (text) => text.replace('selection: grouped-resources', 'selection: guessed'),
      /mode is unknown: guessed/,
    ],
    [
      'a type that may return does not exist',
      (text) => text.replace('returningTypes: [FUND,', 'returningTypes: [FUNDS,'),
      /type is unknown: FUNDS/,
    ],
  ];
  for (const [name, spoil, message] of contradictions) {
    it(`when ${name}, then it is refused and the place is named`, () => {
      const spoilt = spoil(sound);
      assert.notEqual(spoilt, sound, 'the text was there to be spoilt');
      assert.throws(() => parseConsentProfile(spoilt, 'consents.yaml'), message);
    });
  }
});
