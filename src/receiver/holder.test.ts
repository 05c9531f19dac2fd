import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { MADE_UP_HOLDER, madeUpUrl } from '../../test/support/made-up-holder.ts';
import { endpointUrl, type Holder, isSameApi, targetUrl } from './holder.ts';

const ACCOUNTS = '/open-banking/accounts/v2/accounts';

describe('given a holder with its APIs', () => {
  it('when an endpoint is named, then its URL has the values in their places', () => {
    const target = {
      family: 'accounts',
      path: '/accounts/{accountId}/transactions',
      params: { accountId: 'a/b c' },
    };
    const url = targetUrl(MADE_UP_HOLDER, target, {
      page: 2,
      'page-size': 100,
      kind: ['A', 'B'],
      none: undefined,
    });
    assert.equal(
      url.href,
      madeUpUrl(`${ACCOUNTS}/a%2Fb%20c/transactions?page=2&page-size=100&kind=A&kind=B`),
    );
  });

  it('when the path is the end of several endpoints, then the shortest one is meant', () => {
    const holder = withApi('1.0.0', ['/v1/accounts/{accountId}/accounts', '/v1/accounts']);
    assert.equal(endpointUrl(holder, { family: 'many', path: '/accounts' })?.pathname, '/v1/accounts');
  });

  it('when there are several versions, then the newest one is meant unless one is named', () => {
    const holder = {
      ...MADE_UP_HOLDER,
      apis: ['2.0.0', '10.1.0', '9.3.2'].map((version) =>
        apiOf(version, [`/v${version.split('.')[0]}/things`]),
      ),
    };
    const path = (version?: string) =>
      endpointUrl(holder, { family: 'many', path: '/things', ...(version && { version }) })?.pathname;
    assert.equal(path(), '/v10/things');
    assert.equal(path('9'), '/v9/things');
    assert.equal(path('2.0.0'), '/v2/things');
    assert.equal(path('1'), undefined);
  });

  it('when a value is missing, or is no name of anything, then no URL is made', () => {
    for (const accountId of [undefined, '', '.', '..'])
      assert.throws(
        () =>
          targetUrl(MADE_UP_HOLDER, {
            family: 'accounts',
            path: '/accounts/{accountId}',
            params: accountId === undefined ? {} : { accountId },
          }),
        { name: 'TypeError', message: 'the path needs a value for accountId' },
      );
  });

  it('when a path is given, then it is one of the holder’s own origin', () => {
    assert.equal(targetUrl(MADE_UP_HOLDER, `${ACCOUNTS}?page=3`).href, madeUpUrl(`${ACCOUNTS}?page=3`));
  });

  for (const target of [
    'https://elsewhere.example/open-banking/accounts/v2/accounts',
    'http://api.holder.example/open-banking/accounts/v2/accounts',
    'https://api.holder.example:8443/open-banking/accounts/v2/accounts',
    'https://api.holder.example/open-banking/accounts/v2/../../admin/v2/metrics',
    'https://api.holder.example/open-banking/accounts/v2/%2e%2e/v3/accounts',
    'https://user@api.holder.example/open-banking/accounts/v2/accounts',
    'https://api.holder.example/open-banking/accounts/v20/accounts',
    '//elsewhere.example/open-banking/accounts/v2/accounts',
    '/open-banking/loans/v2/contracts',
    { family: 'loans', path: '/contracts' },
  ])
    it(`when ${JSON.stringify(target)} is asked for, then it is not the holder’s`, () => {
      assert.throws(() => targetUrl(MADE_UP_HOLDER, target), { name: 'UnusableAnswer', fault: 'elsewhere' });
    });

  it('when any text is a target, then what comes of it is below an API of the holder, or nothing does', () => {
    const piece = fc.constantFrom(
      '/',
      '..',
      '\\',
      '@',
      'api.holder.example',
      'open-banking',
      'accounts',
      'v2',
      '%2e',
      'x',
      ':',
      'https://',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        let url: URL;
        try {
          url = targetUrl(MADE_UP_HOLDER, pieces.join(''));
        } catch {
          return;
        }
        assert.equal(url.origin, 'https://api.holder.example');
        assert.match(
          url.pathname,
          /^\/open-banking\/(consents\/v3|resources\/v3|discovery\/v2|accounts\/v2)\//,
        );
        assert.equal(url.username, '');
      }),
    );
  });

  it('when two URLs are of two APIs, then they are not of the same', () => {
    const [one, other, third] = [
      new URL(madeUpUrl(ACCOUNTS)),
      new URL(madeUpUrl('/open-banking/resources/v3/resources')),
      new URL(madeUpUrl(`${ACCOUNTS}/1/transactions?page=2`)),
    ];
    assert.ok(isSameApi(MADE_UP_HOLDER, one, third));
    assert.ok(!isSameApi(MADE_UP_HOLDER, one, other));
  });
});

function withApi(version: string, paths: readonly string[]): Holder {
  return { ...MADE_UP_HOLDER, apis: [apiOf(version, paths)] };
}

function apiOf(version: string, paths: readonly string[]): Holder['apis'][number] {
  return { family: 'many', version, endpoints: paths.map((path) => `https://api.holder.example${path}`) };
}
