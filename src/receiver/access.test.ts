import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  accessMadeUpHolder,
  errors,
  madeUpUrl,
  page,
  tokenAnswer,
} from '../../test/support/made-up-holder.ts';
import { type AccessTokens, refreshAccess, restoreAccess, tokensOf } from './access.ts';
import { read } from './read.ts';

const ACCOUNTS = { family: 'accounts', path: '/accounts' } as const;
const ENDED = [400, { error: 'invalid_grant' }] as const;
const empty = () => [200, page([])] as const;

describe('given an access whose token lasts an hour', () => {
  it('when it is used within the hour, then with that token and no other', async () => {
    const { access, requests, grants } = await accessMadeUpHolder({ answer: empty });
    await read(access, ACCOUNTS);
    await read(access, ACCOUNTS);
    assert.deepEqual(
      requests.map(({ headers }) => headers.get('authorization')),
      ['Bearer token-0', 'Bearer token-0'],
    );
    assert.equal(grants.length, 0);
  });

  it('when the hour is nearly over, then it is refreshed before it is used', async () => {
    const { access, requests, grants, pass } = await accessMadeUpHolder({ answer: empty });
    pass(3_600_000 - 20_000);
    await read(access, ACCOUNTS);
    assert.equal(requests[0]?.headers.get('authorization'), 'Bearer token-1');
    assert.equal(new URLSearchParams(grants[0]?.body).get('refresh_token'), 'refresh-0');
  });

  it('when many need a new token at once, then it is asked for once', async () => {
    const { access, requests, grants, pass } = await accessMadeUpHolder({ answer: empty });
    pass(3_600_000);
    await Promise.all(Array.from({ length: 20 }, () => read(access, ACCOUNTS)));
    assert.equal(grants.length, 1);
    assert.equal(requests.length, 20);
  });

  it('when the holder does not take the token, then it is refreshed once and the read goes on', async () => {
    const { access, requests } = await accessMadeUpHolder({
      answer: ({ headers }) =>
        headers.get('authorization') === 'Bearer token-0' ? [401, errors('NAO_INFORMADO')] : [200, page([])],
    });
    assert.equal((await read(access, ACCOUNTS)).status, 200);
    assert.equal(requests.length, 2);
  });

  it('when many are refused at once, then one new token serves them all', async () => {
    const { access, grants } = await accessMadeUpHolder({
      answer: ({ headers }) =>
        headers.get('authorization') === 'Bearer token-0' ? [401, errors('NAO_INFORMADO')] : [200, page([])],
    });
    await Promise.all(Array.from({ length: 20 }, () => read(access, ACCOUNTS)));
    assert.equal(grants.length, 1);
  });

  it('when the holder does not take the new token either, then it is not asked again', async () => {
    const { access, requests, grants } = await accessMadeUpHolder({
      answer: () => [401, errors('NAO_INFORMADO')],
    });
    await assert.rejects(read(access, ACCOUNTS), { status: 401, reason: { kind: 'unauthorised' } });
    assert.equal(requests.length, 2);
    assert.equal(grants.length, 1);
  });

  it('when the consent is over, then the access says so', async () => {
    const { access } = await accessMadeUpHolder({ answer: () => [401], token: () => ENDED });
    await assert.rejects(read(access, ACCOUNTS), { name: 'AccessEnded', consentId: 'urn:araucaria:1' });
  });

  it('when the holder gives no token for another reason, then that is a refusal', async () => {
    const { access } = await accessMadeUpHolder({
      answer: () => [401],
      token: () => [400, { error: 'unauthorized_client' }],
    });
    await assert.rejects(read(access, ACCOUNTS), {
      name: 'HolderRefusal',
      status: 400,
      code: 'unauthorized_client',
    });
  });

  it('when the token endpoint answers with something else, then that is no answer', async () => {
    const { access } = await accessMadeUpHolder({ answer: () => [401], token: () => [503, 'busy'] });
    await assert.rejects(read(access, ACCOUNTS), { name: 'NoAnswer' });
  });

  it('when the token endpoint does not answer, then the next read tries again', async () => {
    let isAway = true;
    const { access, pass } = await accessMadeUpHolder({
      answer: empty,
      token: () => {
        if (isAway) throw new Error('connection refused');
        return [200, tokenAnswer('token-9')];
      },
    });
    pass(3_600_000);
    await assert.rejects(read(access, ACCOUNTS), { name: 'NoAnswer' });
    isAway = false;
    assert.equal((await read(access, ACCOUNTS)).status, 200);
  });

  it('when one of those who wait for a token gives up, then the others get it', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const { access, pass } = await accessMadeUpHolder({
      answer: empty,
      token: async () => {
        await promise;
        return [200, tokenAnswer('token-9')];
      },
    });
    pass(3_600_000);
    const controller = new AbortController();
    const given = read(access, ACCOUNTS, { signal: controller.signal });
    const other = read(access, ACCOUNTS);
    controller.abort(new Error('changed my mind'));
    await assert.rejects(given, { message: 'changed my mind' });
    resolve();
    assert.equal((await other).status, 200);
  });
});

describe('given tokens that are kept', () => {
  it('when they change, then whoever keeps them is told before they are used', async () => {
    const events: string[] = [];
    const kept: AccessTokens[] = [];
    const { connection } = await accessMadeUpHolder({
      answer: () => {
        events.push('read');
        return [200, page([])];
      },
      token: () => [200, { ...tokenAnswer('token-1'), refresh_token: 'refresh-1' }],
    });
    const access = restoreAccess(
      connection,
      { consentId: 'urn:araucaria:2', accessToken: 'old', refreshToken: 'refresh-0', expiresAt: 0 },
      {
        onTokens: async (tokens) => {
          events.push('kept');
          kept.push(tokens);
        },
      },
    );
    await read(access, ACCOUNTS);
    assert.deepEqual(events, ['kept', 'read']);
    assert.deepEqual(kept, [tokensOf(access)]);
    assert.deepEqual(
      {
        accessToken: kept[0]?.accessToken,
        refreshToken: kept[0]?.refreshToken,
        consentId: kept[0]?.consentId,
      },
      { accessToken: 'token-1', refreshToken: 'refresh-1', consentId: 'urn:araucaria:2' },
    );
  });

  it('when they cannot be kept, then nothing is read with them', async () => {
    const { connection, requests } = await accessMadeUpHolder({ answer: empty });
    const tokens = { consentId: 'c', accessToken: 'old', refreshToken: 'refresh-0', expiresAt: 0 };
    const access = restoreAccess(connection, tokens, {
      onTokens: () => Promise.reject(new Error('disk full')),
    });
    await assert.rejects(read(access, ACCOUNTS), { message: 'disk full' });
    assert.equal(requests.length, 0);
  });

  it('when there is no refresh token, then the access ends with its access token', async () => {
    const { connection } = await accessMadeUpHolder({ answer: empty });
    const tokens = { consentId: 'c', accessToken: 'old', refreshToken: undefined, expiresAt: 0 };
    await assert.rejects(read(restoreAccess(connection, tokens), ACCOUNTS), { name: 'AccessEnded' });
  });

  it('when a new one is wanted at once, then there is one', async () => {
    const { access } = await accessMadeUpHolder({ answer: empty });
    await refreshAccess(access);
    assert.equal(tokensOf(access).accessToken, 'token-1');
  });
});

it('given any error, when it is printed, then neither tokens nor what the holder wrote are in it', async () => {
  const { access } = await accessMadeUpHolder({
    answer: () => [
      403,
      { errors: [{ code: 'CPF 41726305961', title: 'x', detail: 'Ana Souza 41726305961' }] },
    ],
  });
  const error: unknown = await read(access, madeUpUrl('/open-banking/accounts/v2/accounts/secret-id')).catch(
    (caught: unknown) => caught,
  );
  const { inspect } = await import('node:util');
  const printed = inspect(error, { depth: 10, showHidden: false }).replace(/code: '.*'/, '');
  for (const secret of ['token-0', 'refresh-0', 'Ana Souza', 'secret-id', '41726305961'])
    assert.ok(!printed.includes(secret), `${secret} is printed: ${printed}`);
});
