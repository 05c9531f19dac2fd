import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Answer, Call } from '../contract/call.ts';
import { createCheckRegulator } from './check-regulator.ts';

const check = createCheckRegulator({ allow: ['203.0.113.7', '10.20.0.0/16', '2001:db8:1::/48'] });
const answerTo = (client?: string) =>
  check((client === undefined ? {} : { client }) as Call) as Answer | undefined;

describe('who may read the regulatory metrics', () => {
  for (const client of ['203.0.113.7', '::ffff:203.0.113.7', '10.20.255.1', '2001:db8:1::9'])
    it(`${client} may`, () => assert.equal(answerTo(client), undefined));

  for (const client of [
    '203.0.113.8',
    '10.21.0.1',
    '2001:db8:2::9',
    '::ffff:1.2.3.4',
    'nonsense',
    '',
    undefined,
  ])
    it(`${JSON.stringify(client)} may not`, () => {
      const answer = answerTo(client);
      assert.ok(answer?.kind === 'problem');
      assert.equal(answer.problem.code, 'ACESSO_RESTRITO');
      assert.equal(answer.problem.status, 403);
    });

  it('does not accept a list with anything else', () => {
    assert.throws(() => createCheckRegulator({ allow: ['localhost'] }));
    assert.throws(() => createCheckRegulator({ allow: ['10.0.0.0/99'] }));
  });
});
