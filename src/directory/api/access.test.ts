import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { AREAS, type Area, may, ROLES, type Role, VERBS } from './access.ts';

/**
 * Every right there is, written out a second time: `crud` for read, create, update and remove, with a capital for
 * everybody's records, small for one's own, and a dot for never.
 */
const RIGHTS: Readonly<Record<Area, Readonly<Record<Role, string>>>> = {
  reference: rights('RCUD', 'R...', 'R...', 'R...', 'R...'),
  terms: rights('RCUD', 'R...', 'R...', 'R...', 'R...'),
  organisation: rights('RCUD', 'R.u.', 'R...', 'R...', 'R...'),
  claim: rights('RCUD', 'R...', 'R...', 'R...', 'R...'),
  'authorisation-server': rights('RCUD', 'Rcud', 'Rcud', 'R...', 'R...'),
  contact: rights('RCUD', 'rcud', 'r...', 'rcud', '....'),
  'domain-user': rights('RCUD', 'rcud', 'r...', 'r...', '....'),
  'organisation-administrator': rights('RCUD', 'r...', '....', '....', '....'),
  software: rights('RCUD', 'rcud', 'rcu.', 'r...', 'r...'),
  'software-claim': rights('RCUD', 'rcud', 'r...', 'r...', 'r...'),
  assertion: rights('RCUD', 'r...', 'r...', '....', 'r...'),
  certificate: rights('RCUD', 'rcud', 'rcud', 'r...', 'rcu.'),
  signing: rights('RCUD', 'rcud', '....', 'r...', '....'),
  user: rights('RCUD', 'r...', 'r...', 'r...', '....'),
  'super-user': rights('RCUD', '....', '....', '....', '....'),
};

function rights(...columns: [string, string, string, string, string]): Record<Role, string> {
  return Object.fromEntries(ROLES.map((role, index) => [role, columns[index]])) as Record<Role, string>;
}

function describeRights(role: Role, area: Area): string {
  const letters = ['r', 'c', 'u', 'd'];
  return VERBS.map((verb, index) => {
    const letter = letters[index] as string;
    if (may(role, verb, area, false)) return letter.toUpperCase();
    return may(role, verb, area, true) ? letter : '.';
  }).join('');
}

describe('given the rights of roles', () => {
  for (const area of AREAS)
    for (const role of ROLES)
      it(`when it is a ${role} and ${area}, then it may ${RIGHTS[area][role]}`, () => {
        assert.equal(describeRights(role, area), RIGHTS[area][role]);
      });

  it('when everybody may, then whoever it belongs to may as well', () => {
    for (const area of AREAS)
      for (const role of ROLES)
        for (const verb of VERBS)
          if (may(role, verb, area, false)) assert.ok(may(role, verb, area, true), `${role} ${verb} ${area}`);
  });

  it('when a role, verb or area is not known, then nobody may', () => {
    assert.throws(() => may('stranger' as Role, 'read', 'reference', true));
    assert.equal(may('super-user', 'own' as 'read', 'reference', true), false);
    assert.equal(may('super-user', 'read', 'unheard-of' as Area, true), false);
  });
});
