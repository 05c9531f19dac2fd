import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { findInternals, messagesOf } from './find-internals.ts';

const CUSTOMERS = [{ cpf: '52998224725', cnpj: '11222333000181' }];

describe('given the message of an error', () => {
  for (const [what, ...messages] of [
    [
      'the document of a customer',
      'no 52998224725',
      'no 529.982.247-25',
      'of 11.222.333/0001-81',
      'q=11222333000181',
    ],
    ['a URL', 'GET https://core/v1', 'postgres://reader@db/core'],
    ['a line of a stack', 'failed\n    at read (core.js:10:5)', 'in reader.ts:12'],
    ['the path of a file', 'open /srv/guiche/customers/x.json', "ENOENT '/home/app/x'", 'C:\\core\\app.ini'],
    [
      'an address',
      'connect 10.0.4.17',
      'ECONNREFUSED 127.0.0.1:5432',
      'to core-db:5432',
      'to fe80:0:0:1:2 failed',
    ],
    [
      'the name of a host',
      'getaddrinfo ENOTFOUND coredb',
      'core.banco.internal did not answer',
      'www.banco.com.br',
    ],
    [
      'SQL',
      'select a, b from accounts where x',
      'INSERT INTO t',
      'update accounts set x = 1',
      'delete from t',
    ],
    ['words of a database', 'relation "accounts" does not exist', 'syntax error at or near "x"'],
  ] as const)
    for (const message of messages)
      it(`when it says ${JSON.stringify(message)}, then ${what} is found`, () => {
        assert.equal(findInternals(message, CUSTOMERS), what);
      });

  for (const message of [
    'This operation was aborted',
    'The operation was aborted due to timeout',
    "a customer's file for /open-banking/accounts/v2/accounts cannot be read",
    'the systems behind the connector did not answer in time (504)',
    'answer larger than 8 MB',
    'two records of /open-insurance/things/v1/{thingId} have the same id',
    'asked at 12:30, gave up at 12:31',
    'version 1.2.3',
    '',
  ])
    it(`when it says ${JSON.stringify(message)}, then nothing is found`, () => {
      assert.equal(findInternals(message, CUSTOMERS), undefined);
    });

  it('when it is very long, then it is read in no time', () => {
    const before = performance.now();
    for (const piece of ['a.', 'select ', '1:', 'x-', ' at '])
      findInternals(piece.repeat(200_000), CUSTOMERS);
    assert.ok(performance.now() - before < 2_000);
  });
});

describe('given an error', () => {
  it('when it has causes, then their messages count too', () => {
    const error = new Error('one', {
      cause: new AggregateError([new Error('three'), 'four'], 'two', { cause: new Error('five') }),
    });
    assert.deepEqual(messagesOf(error), ['one', 'two', 'five', 'three', 'four']);
  });

  it('when it causes itself, then its messages end', () => {
    const error = new Error('round');
    error.cause = error;
    assert.ok(messagesOf(error).length < 20);
  });

  it('when it is no error, then its text counts', () => {
    assert.deepEqual(messagesOf('plain'), ['plain']);
    assert.deepEqual(messagesOf(undefined), []);
  });
});
