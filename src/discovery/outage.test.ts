import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Outage, outagePhase } from './outage.ts';
import { outageConcerns } from './outage-concerns.ts';

const outage: Outage = {
  id: 'one',
  ecosystem: undefined,
  startsAt: 1000,
  durationMs: 500,
  duration: 'PT0.5S',
  isPartial: false,
  explanation: 'Atualização.',
  endpoints: [],
  announcedAt: 0,
  cancelledAt: undefined,
};

describe('the phase of an outage', () => {
  const cases: [number, number | undefined, string][] = [
    [999, undefined, 'scheduled'],
    [1000, undefined, 'running'],
    [1499, undefined, 'running'],
    [1500, undefined, 'past'],
    [999, 500, 'cancelled'],
    [499, 500, 'scheduled'],
    [1200, 1200, 'cancelled'],
    [1199, 1200, 'running'],
    [9000, 1200, 'cancelled'],
  ];
  for (const [now, cancelledAt, phase] of cases) {
    it(`at ${now}, cancelled at ${cancelledAt ?? 'no time'}, is ${phase}`, () =>
      assert.equal(outagePhase({ ...outage, cancelledAt }, now), phase));
  }
});

describe('whom an outage concerns', () => {
  const keys = new Set(['GET /a']);
  const cases: [string, Partial<Outage>, boolean][] = [
    ['its own ecosystem', { ecosystem: 'mine' }, true],
    ['no other', { ecosystem: 'other' }, false],
    ['all, when total without an ecosystem', {}, true],
    ['those whose endpoints it names', { isPartial: true, endpoints: ['GET /b', 'GET /a'] }, true],
    ['no one else', { isPartial: true, endpoints: ['GET /b'] }, false],
    [
      'its ecosystem, endpoints that are gone included',
      { ecosystem: 'mine', isPartial: true, endpoints: ['GET /b'] },
      true,
    ],
  ];
  for (const [name, members, expected] of cases) {
    it(name, () => assert.equal(outageConcerns({ ...outage, ...members }, 'mine', keys), expected));
  }
});
