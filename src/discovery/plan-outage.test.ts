import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Operation } from '../contract/operation.ts';
import type { Outage } from './outage.ts';
import { type OutageRequest, planOutage } from './plan-outage.ts';

const NOW = Date.UTC(2026, 6, 1, 12);
const DAY = 86_400_000;
const operations = [
  { key: 'GET /a/x/v1/one', path: '/a/x/v1/one', ecosystem: 'a' },
  { key: 'GET /a/x/v1/two', path: '/a/x/v1/two', ecosystem: 'a' },
  { key: 'DELETE /a/x/v1/two', path: '/a/x/v1/two', ecosystem: 'a' },
  { key: 'GET /b/y/v1/one', path: '/b/y/v1/one', ecosystem: 'b' },
] as Operation[];

const request: OutageRequest = {
  startsAt: '2026-07-20T01:00:00-03:00',
  duration: 'PT2H30M',
  isPartial: false,
  explanation: 'Atualização do sistema de cadastro.',
};

function plan(members: Partial<OutageRequest> = {}, outages: readonly Outage[] = []) {
  return planOutage({ ...request, ...members }, { operations, outages, now: NOW, newId: () => 'new' });
}

function outageOf(members: Partial<OutageRequest> = {}, outages: readonly Outage[] = []) {
  const planned = plan(members, outages);
  if ('faults' in planned) throw new Error(JSON.stringify(planned.faults));
  return planned;
}

describe('planning an outage', () => {
  it('makes the outage that was asked for', () => {
    assert.deepEqual(outageOf(), {
      outage: {
        id: 'new',
        ecosystem: undefined,
        startsAt: Date.UTC(2026, 6, 20, 4),
        durationMs: 9_000_000,
        duration: 'PT2H30M',
        isPartial: false,
        explanation: request.explanation,
        endpoints: [],
        announcedAt: NOW,
        cancelledAt: undefined,
      },
      warnings: [],
    });
  });

  it('gives it an id of its own', () => {
    const surroundings = { operations, outages: [], now: NOW };
    const ids = [1, 2].map(() => {
      const planned = planOutage(request, surroundings);
      return 'outage' in planned && planned.outage.id;
    });
    assert.notEqual(ids[0], ids[1]);
    assert.match(String(ids[0]), /^[0-9a-f-]{36}$/);
  });

  const starts: [string, number][] = [
    ['now', NOW],
    ['2026-07-01T12:00:00Z', NOW],
    ['2026-07-01T11:59:30Z', NOW],
    ['2026-07-01T09:00-03:00', NOW],
    ['2027-07-01T12:00:00.500Z', NOW + 365 * DAY + 500],
  ];
  for (const [text, at] of starts) {
    it(`starts at ${text}`, () => assert.equal(outageOf({ startsAt: text }).outage.startsAt, at));
  }

  it('takes keys and paths, a path for all its methods, each once', () => {
    const endpoints = ['/a/x/v1/two/', 'GET /a/x/v1/one', 'GET /a/x/v1/two'];
    const { outage } = outageOf({ isPartial: true, endpoints });
    assert.deepEqual(outage.endpoints, ['GET /a/x/v1/two', 'DELETE /a/x/v1/two', 'GET /a/x/v1/one']);
  });

  it('belongs to the ecosystem of its endpoints, or to none when they are of several', () => {
    assert.equal(outageOf({ isPartial: true, endpoints: ['/a/x/v1/one'] }).outage.ecosystem, 'a');
    const both = outageOf({ isPartial: true, endpoints: ['/a/x/v1/one', '/b/y/v1/one'] });
    assert.equal(both.outage.ecosystem, undefined);
    assert.equal(outageOf({ ecosystem: 'b' }).outage.ecosystem, 'b');
  });

  it('takes an explanation of 2000 characters, however they are stored', () => {
    assert.equal(outageOf({ explanation: '𝄞'.repeat(2000) }).outage.explanation.length, 4000);
  });

  const faults: [string, Partial<OutageRequest>, string, RegExp][] = [
    ['a start in the past', { startsAt: '2026-07-01T11:58:59Z' }, 'startsAt', /in the past/],
    ['a start far away', { startsAt: '2062-07-20T01:00:00Z' }, 'startsAt', /more than a year/],
    ['a start without an offset', { startsAt: '2026-07-20T01:00:00' }, 'startsAt', /offset/],
    ['a start that is a day', { startsAt: '2026-07-20' }, 'startsAt', /offset/],
    ['a start that the calendar lacks', { startsAt: '2027-02-30T00:00:00Z' }, 'startsAt', /offset/],
    ['a start that the clock lacks', { startsAt: '2026-07-20T25:00:00Z' }, 'startsAt', /offset/],
    ['a start in words', { startsAt: 'tomorrow' }, 'startsAt', /offset/],
    ['a duration of months', { duration: 'P1M' }, 'duration', /years and months/],
    ['no duration', { duration: '' }, 'duration', /empty/],
    ['an empty explanation', { explanation: ' \n' }, 'explanation', /empty/],
    ['an explanation that begins with a blank', { explanation: ' Texto' }, 'explanation', /blank/],
    ['an explanation that ends with a blank', { explanation: 'Texto\n' }, 'explanation', /blank/],
    ['an explanation too long', { explanation: 'x'.repeat(2001) }, 'explanation', /2000/],
    ['an unknown ecosystem', { ecosystem: 'c' }, 'ecosystem', /there is a, b/],
    [
      'an unknown ecosystem, without judging its endpoints by it',
      { ecosystem: 'c', isPartial: true, endpoints: ['/a/x/v1/one'] },
      'ecosystem',
      /no ecosystem "c"/,
    ],
    ['a partial outage of nothing', { isPartial: true }, 'endpoints', /names the endpoints/],
    ['a total outage of something', { endpoints: ['/a/x/v1/one'] }, 'endpoints', /make it partial/],
    [
      'an unknown endpoint',
      { isPartial: true, endpoints: ['/a/x/v1/onee'] },
      'endpoints',
      /did you mean \/a\/x\/v1\/one\?/,
    ],
    ['an unlike endpoint', { isPartial: true, endpoints: ['?'] }, 'endpoints', /guiche routes/],
    ['an empty endpoint', { isPartial: true, endpoints: [''] }, 'endpoints', /no endpoint/],
    [
      'an endpoint of another ecosystem',
      { isPartial: true, ecosystem: 'b', endpoints: ['/a/x/v1/one'] },
      'endpoints',
      /does not belong to b/,
    ],
  ];
  for (const [name, members, field, message] of faults) {
    it(`refuses ${name}`, () => {
      const planned = plan(members);
      assert.ok('faults' in planned);
      assert.deepEqual(
        planned.faults.map((fault) => fault.field),
        [field],
      );
      assert.match(planned.faults[0]?.message ?? '', message);
    });
  }

  it('names all faults at once', () => {
    const planned = plan({ startsAt: '', duration: '', explanation: '', ecosystem: 'c', isPartial: true });
    assert.ok('faults' in planned);
    const fields = planned.faults.map(({ field }) => field);
    assert.deepEqual(fields, ['ecosystem', 'startsAt', 'duration', 'explanation', 'endpoints']);
  });

  it('warns of less than seven days of notice', () => {
    const codes = (startsAt: string) => outageOf({ startsAt }).warnings.map(({ code }) => code);
    assert.deepEqual(codes('2026-07-08T12:00:00Z'), []);
    assert.deepEqual(codes('2026-07-08T11:59:59Z'), ['short-notice']);
    assert.deepEqual(codes('now'), ['short-notice']);
  });

  const overlaps: [string, Partial<OutageRequest>, Partial<OutageRequest>, boolean][] = [
    ['the same time', {}, {}, true],
    ['its last minute', {}, { startsAt: '2026-07-20T06:29:00Z' }, true],
    ['its end', {}, { startsAt: '2026-07-20T06:30:00Z' }, false],
    ['another ecosystem', { ecosystem: 'a' }, { ecosystem: 'b' }, false],
    ['one ecosystem and all', { ecosystem: 'a' }, {}, true],
    ['a part and the whole', { isPartial: true, endpoints: ['/a/x/v1/one'] }, { ecosystem: 'a' }, true],
    [
      'other endpoints',
      { isPartial: true, endpoints: ['/a/x/v1/one'] },
      { isPartial: true, endpoints: ['/a/x/v1/two'] },
      false,
    ],
  ];
  for (const [name, first, second, isWarned] of overlaps) {
    it(`${isWarned ? 'warns of' : 'lets pass'} an overlap with ${name}`, () => {
      const { outage } = outageOf(first);
      assert.deepEqual(
        outageOf(second, [outage]).warnings.map(({ code }) => code),
        isWarned ? ['overlap'] : [],
      );
      assert.deepEqual(outageOf(second, [{ ...outage, cancelledAt: NOW }]).warnings, []);
    });
  }
});
