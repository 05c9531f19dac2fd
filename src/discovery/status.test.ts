import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { StatusRule } from '../contract/ecosystem-profile.ts';
import type { Operation, OperationKind } from '../contract/operation.ts';
import type { Impairment } from './health.ts';
import type { Outage } from './outage.ts';
import { computeStatus, type StatusEntry, type StatusFacts } from './status.ts';

const NOW = Date.UTC(2026, 6, 1, 12);
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const BASE = 'https://api.example.com';

function operation(path: string, kind: OperationKind = 'open-data', method = 'GET'): Operation {
  return { key: `${method} ${path}`, path, kind, api: path.split('/')[2], ecosystem: 'e' } as Operation;
}

const STATUS = operation('/e/discovery/v1/status', 'status');
const OUTAGES = operation('/e/discovery/v1/outages', 'outages');
const METRICS = operation('/e/admin/v1/metrics', 'metrics');
const BRANCHES = operation('/e/channels/v1/branches');
const PHONES = operation('/e/channels/v1/phones');
const PHONES_2 = operation('/e/channels/v2/phones');
const LOANS = operation('/e/loans/v1/loans');
const operations = [STATUS, OUTAGES, METRICS, BRANCHES, PHONES, LOANS];
const REST = [METRICS, BRANCHES, PHONES, LOANS];

function impaired(...of: Operation[]): Impairment {
  return { endpoints: of.map(({ key }) => key), reason: 'Falha.', since: NOW - MINUTE };
}

function outage(members: Partial<Outage> = {}): Outage {
  return {
    id: 'one',
    ecosystem: undefined,
    startsAt: NOW - 10 * MINUTE,
    durationMs: HOUR,
    duration: 'PT1H',
    isPartial: false,
    explanation: 'Atualização.',
    endpoints: [],
    announcedAt: 0,
    cancelledAt: undefined,
    ...members,
  };
}

function compute(facts: Partial<StatusFacts> = {}): readonly StatusEntry[] {
  return computeStatus({
    ecosystem: 'e',
    rule: { unavailableWhen: 'everything' },
    operations,
    isOffered: () => true,
    impairments: [],
    outages: [],
    now: NOW,
    baseUrl: BASE,
    ...facts,
  });
}

/** `CODE last-segment last-segment` of each entry. */
function brief(entries: readonly StatusEntry[]): string[] {
  return entries.map(({ code, unavailableEndpoints = [] }) =>
    [code, ...unavailableEndpoints.map((url) => url.split('/').at(-1))].join(' '),
  );
}

describe('status in either ecosystem', () => {
  const ALL = 'UNAVAILABLE metrics branches phones loans';
  const table: [string, Partial<StatusFacts>, string[], string[]][] = [
    ['nothing wrong', {}, ['OK'], ['OK']],
    [
      'one endpoint of an API down',
      { impairments: [impaired(PHONES)] },
      ['PARTIAL_FAILURE phones'],
      ['PARTIAL_FAILURE phones'],
    ],
    [
      'endpoints of two APIs down, one of them whole',
      { impairments: [impaired(PHONES), impaired(LOANS)] },
      ['PARTIAL_FAILURE phones loans'],
      ['UNAVAILABLE loans', 'PARTIAL_FAILURE phones'],
    ],
    [
      'an API of several endpoints down',
      { impairments: [impaired(PHONES, BRANCHES)] },
      ['PARTIAL_FAILURE branches phones'],
      ['UNAVAILABLE branches phones'],
    ],
    ['everything down', { impairments: [impaired(...REST)] }, [ALL], [ALL]],
    [
      'everything down, as one impairment',
      { impairments: [{ endpoints: 'all', reason: 'Falha.', since: NOW }] },
      [ALL],
      [ALL],
    ],
    [
      'everything and outages down',
      { impairments: [impaired(...REST, OUTAGES)] },
      ['UNAVAILABLE metrics branches phones outages loans'],
      [ALL, 'PARTIAL_FAILURE outages'],
    ],
    [
      'only outages down',
      { impairments: [impaired(OUTAGES)] },
      ['PARTIAL_FAILURE outages'],
      ['PARTIAL_FAILURE outages'],
    ],
    ['status said to be down', { impairments: [impaired(STATUS)] }, ['OK'], ['OK']],
    ['an impairment of an unknown endpoint', { impairments: [impaired(PHONES_2)] }, ['OK'], ['OK']],
    [
      'an impairment of all in another ecosystem',
      { impairments: [{ endpoints: 'all', ecosystem: 'other', reason: 'Falha.', since: NOW }] },
      ['OK'],
      ['OK'],
    ],
    [
      'one version of an API down',
      { operations: [...operations, PHONES_2], impairments: [impaired(PHONES_2)] },
      ['PARTIAL_FAILURE phones'],
      ['UNAVAILABLE phones'],
    ],
    [
      'all that is offered down',
      { impairments: [impaired(PHONES)], isOffered: (candidate) => candidate === PHONES },
      ['UNAVAILABLE phones'],
      ['UNAVAILABLE phones'],
    ],
    [
      'what is not offered down: then it would be',
      { impairments: [impaired(PHONES)], isOffered: (candidate) => candidate === LOANS },
      ['PARTIAL_FAILURE phones'],
      ['UNAVAILABLE phones'],
    ],
    [
      'all down where nothing is offered',
      { impairments: [{ endpoints: 'all', reason: 'Falha.', since: NOW }], isOffered: () => false },
      ['UNAVAILABLE'],
      ['UNAVAILABLE'],
    ],
    [
      'a total outage',
      { outages: [outage()] },
      ['SCHEDULED_OUTAGE metrics branches phones loans'],
      ['SCHEDULED_OUTAGE metrics branches phones loans'],
    ],
    [
      'a partial outage',
      { outages: [outage({ isPartial: true, endpoints: [LOANS.key] })] },
      ['SCHEDULED_OUTAGE loans'],
      ['SCHEDULED_OUTAGE loans'],
    ],
    ['an outage of another ecosystem', { outages: [outage({ ecosystem: 'other' })] }, ['OK'], ['OK']],
    [
      'a partial outage of endpoints elsewhere',
      { outages: [outage({ isPartial: true, endpoints: ['GET /other/v1/x'] })] },
      ['OK'],
      ['OK'],
    ],
    [
      'failures that an outage covers, since it began',
      { outages: [outage()], impairments: [impaired(...REST)] },
      ['SCHEDULED_OUTAGE metrics branches phones loans'],
      ['SCHEDULED_OUTAGE metrics branches phones loans'],
    ],
    [
      'a failure from before the outage that covers it',
      { outages: [outage()], impairments: [{ ...impaired(PHONES), since: NOW - HOUR }] },
      ['PARTIAL_FAILURE phones', 'SCHEDULED_OUTAGE metrics branches phones loans'],
      ['PARTIAL_FAILURE phones', 'SCHEDULED_OUTAGE metrics branches phones loans'],
    ],
    [
      'a failure beside an outage',
      {
        outages: [outage({ isPartial: true, endpoints: [LOANS.key] })],
        impairments: [impaired(PHONES, LOANS)],
      },
      ['PARTIAL_FAILURE phones', 'SCHEDULED_OUTAGE loans'],
      ['PARTIAL_FAILURE phones', 'SCHEDULED_OUTAGE loans'],
    ],
    [
      'a failure from the moment the outage began',
      { outages: [outage()], impairments: [{ ...impaired(PHONES), since: NOW - 10 * MINUTE }] },
      ['SCHEDULED_OUTAGE metrics branches phones loans'],
      ['SCHEDULED_OUTAGE metrics branches phones loans'],
    ],
    [
      'all down, a part of it explained by an outage',
      {
        outages: [outage({ isPartial: true, endpoints: [PHONES.key] })],
        impairments: [{ endpoints: 'all', reason: 'Falha.', since: NOW }],
      },
      ['UNAVAILABLE metrics branches loans', 'SCHEDULED_OUTAGE phones'],
      ['UNAVAILABLE metrics branches loans', 'SCHEDULED_OUTAGE phones'],
    ],
    [
      'all down, explained by a total outage',
      { outages: [outage()], impairments: [{ endpoints: 'all', reason: 'Falha.', since: NOW }] },
      ['SCHEDULED_OUTAGE metrics branches phones loans'],
      ['SCHEDULED_OUTAGE metrics branches phones loans'],
    ],
    [
      'two outages, by start',
      {
        outages: [
          outage({ isPartial: true, endpoints: [LOANS.key], startsAt: NOW - MINUTE }),
          outage({ isPartial: true, endpoints: [PHONES.key], startsAt: NOW - 2 * MINUTE }),
        ],
      },
      ['SCHEDULED_OUTAGE phones', 'SCHEDULED_OUTAGE loans'],
      ['SCHEDULED_OUTAGE phones', 'SCHEDULED_OUTAGE loans'],
    ],
    [
      'a whole API, an endpoint and an outage',
      {
        outages: [outage({ isPartial: true, endpoints: [METRICS.key] })],
        impairments: [impaired(LOANS, PHONES)],
      },
      ['PARTIAL_FAILURE phones loans', 'SCHEDULED_OUTAGE metrics'],
      ['UNAVAILABLE loans', 'PARTIAL_FAILURE phones', 'SCHEDULED_OUTAGE metrics'],
    ],
  ];
  const rules: [string, StatusRule, 2 | 3][] = [
    ['where everything must be down', { unavailableWhen: 'everything' }, 2],
    ['where one API must be down', { unavailableWhen: 'api' }, 3],
  ];
  for (const [title, rule, column] of rules) {
    describe(title, () => {
      for (const row of table) {
        const [name, facts] = row;
        it(`${name}: ${row[column].join(', ')}`, () =>
          assert.deepEqual(brief(compute({ ...facts, rule })).map(sorted), row[column].map(sorted)));
      }
    });
  }
});

function sorted(line: string): string {
  const [code, ...endpoints] = line.split(' ');
  return [code, ...endpoints.sort()].join(' ');
}

describe('an entry of status', () => {
  it('says nothing more than it must when all is well', () => {
    assert.deepEqual(compute(), [
      { code: 'OK', explanation: 'Todas as APIs operam normalmente.', updateTime: '2026-07-01T12:00:00Z' },
    ]);
  });

  it('joins the reasons of a failure, from its first detection to its last expected end', () => {
    const impairments = [
      { ...impaired(PHONES), reason: 'Primeira.', since: NOW - 5 * MINUTE, expectedBy: NOW + HOUR / 2 },
      { ...impaired(LOANS), reason: 'Segunda.', since: NOW - 10 * MINUTE, expectedBy: NOW + HOUR / 4 },
      { ...impaired(LOANS), reason: ' Segunda.\n', expectedBy: NOW + 1 },
    ];
    assert.deepEqual(compute({ impairments }), [
      {
        code: 'PARTIAL_FAILURE',
        explanation: 'Há endpoints que não estão atendendo no momento. Primeira. Segunda.',
        detectionTime: '2026-07-01T11:50:00Z',
        expectedResolutionTime: '2026-07-01T12:30:00Z',
        updateTime: '2026-07-01T12:00:00Z',
        unavailableEndpoints: [`${BASE}/e/channels/v1/phones`, `${BASE}/e/loans/v1/loans`],
      },
    ]);
  });

  it('lasts as long as its outage', () => {
    assert.deepEqual(compute({ outages: [outage({ isPartial: true, endpoints: [LOANS.key] })] }), [
      {
        code: 'SCHEDULED_OUTAGE',
        explanation: 'Atualização.',
        detectionTime: '2026-07-01T11:50:00Z',
        expectedResolutionTime: '2026-07-01T12:50:00Z',
        updateTime: '2026-07-01T12:00:00Z',
        unavailableEndpoints: [`${BASE}/e/loans/v1/loans`],
      },
    ]);
  });

  it('names an endpoint of several methods once', () => {
    const change = operation(LOANS.path, 'customer-data', 'POST');
    const [entry] = compute({ operations: [...operations, change], impairments: [impaired(LOANS, change)] });
    assert.deepEqual(entry?.unavailableEndpoints, [`${BASE}${LOANS.path}`]);
  });

  const estimates: [string, Partial<Impairment>, number][] = [
    ['an hour after detection', { since: NOW }, NOW + HOUR],
    ['an hour after detection, while it is to come', { since: NOW - 59 * MINUTE }, NOW + MINUTE],
    ['an hour more when the hour is over', { since: NOW - HOUR }, NOW + HOUR],
    ['the next full hour after detection', { since: NOW - 5.5 * HOUR }, NOW + HOUR / 2],
    ['when somebody expects it', { expectedBy: NOW + 3 * HOUR }, NOW + 3 * HOUR],
    [
      'the estimate when what was expected is over',
      { since: NOW - MINUTE, expectedBy: NOW },
      NOW + 59 * MINUTE,
    ],
    ['the estimate from now when detection is said to be to come', { since: NOW + HOUR }, NOW + HOUR],
    ['the estimate when what is expected is no time', { since: NOW, expectedBy: Number.NaN }, NOW + HOUR],
    ['the estimate from now when detection is no time', { since: Number.NaN }, NOW + HOUR],
  ];
  for (const [name, members, at] of estimates) {
    it(`is expected to be over ${name}`, () => {
      const [entry] = compute({ impairments: [{ ...impaired(PHONES), ...members }] });
      assert.equal(Date.parse(entry?.expectedResolutionTime ?? ''), at);
      assert.ok(Date.parse(entry?.detectionTime ?? '') <= NOW);
    });
  }
});

describe('status, whatever happens', () => {
  const INSTANT = /^\d{4}-(1[0-2]|0[1-9])-(3[01]|[12]\d|0[1-9])T([01]\d|2[0-3]):[0-5]\d:[0-5]\dZ$/;
  const ORDER = ['OK', 'UNAVAILABLE', 'PARTIAL_FAILURE', 'SCHEDULED_OUTAGE'];
  const many = [
    ...operations,
    ...Array.from({ length: 1100 }, (_, index) => operation(`/e/many/v1/${index}`)),
  ];
  const key = fc.oneof(fc.constantFrom(...many.map((candidate) => candidate.key)), fc.string());
  const keys = fc.array(key, { maxLength: 8 });
  const instant = fc.oneof(
    fc.integer({ min: NOW - 90 * 24 * HOUR, max: NOW + 90 * 24 * HOUR }),
    fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -1, 0, Number.MAX_VALUE),
  );
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constantFrom('', ' ', 'é '.repeat(1500), '𝄞'.repeat(3000)),
  );
  const impairment = fc
    .record({
      endpoints: fc.oneof(
        keys,
        fc.constant('all' as const),
        fc.constant(many.map((candidate) => candidate.key)),
      ),
      ecosystem: fc.constantFrom('e', 'other', undefined),
      reason: text,
      since: instant,
      expectedBy: fc.oneof(instant, fc.constant(undefined)),
    })
    .map((members) => members as Impairment);
  const running = fc
    .record({
      ecosystem: fc.constantFrom('e', 'other', undefined),
      isPartial: fc.boolean(),
      endpoints: keys,
      explanation: text,
      startsAt: fc.integer({ min: NOW - HOUR, max: NOW }),
    })
    .map((members) => outage({ ...members, durationMs: 2 * HOUR }));

  it('is a list of whole entries in order', () => {
    fc.assert(
      fc.property(
        fc.array(impairment, { maxLength: 6 }),
        fc.array(running, { maxLength: 3 }),
        fc.constantFrom('everything' as const, 'api' as const),
        fc.boolean(),
        (impairments, outages, unavailableWhen, isOffered) => {
          const facts = { operations: many, impairments, outages, rule: { unavailableWhen } };
          const entries = compute({ ...facts, isOffered: () => isOffered });
          assert.ok(entries.length > 0);
          const places = entries.map(({ code }) => ORDER.indexOf(code));
          assert.deepEqual(places, [...places].sort());
          assert.ok(places[0] !== 0 || entries.length === 1);
          for (const entry of entries) checkEntry(entry);
        },
      ),
      { numRuns: 100 },
    );
  });

  function checkEntry(entry: StatusEntry): void {
    const { code, explanation, unavailableEndpoints } = entry;
    assert.match(explanation, /^(?!\s)[\w\W\s]*[^\s]$/);
    assert.ok([...explanation].length <= 2000);
    assert.match(entry.updateTime, INSTANT);
    if (code === 'OK') {
      assert.deepEqual(Object.keys(entry), ['code', 'explanation', 'updateTime']);
      return;
    }
    assert.match(entry.detectionTime ?? '', INSTANT);
    assert.match(entry.expectedResolutionTime ?? '', INSTANT);
    assert.ok(Date.parse(entry.detectionTime as string) <= NOW);
    assert.ok(Date.parse(entry.expectedResolutionTime as string) > NOW - 1000);
    if (unavailableEndpoints === undefined) return;
    assert.ok(unavailableEndpoints.length > 0 && unavailableEndpoints.length <= 1000);
    assert.equal(new Set(unavailableEndpoints).size, unavailableEndpoints.length);
    for (const url of unavailableEndpoints) assert.ok(url.startsWith(BASE) && url.length <= 2000);
  }
});
