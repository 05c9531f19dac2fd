import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { sendRequest } from '../../test/support/send-request.ts';
import { answerWith, madeUpOperation, startListener } from '../../test/support/start-listener.ts';
import { answerProblem } from '../contract/call.ts';
import { createProblem } from '../kernel/problem.ts';

const ID = '3f2504e0-4f89-41d3-9a0c-0305e82c3301';

describe('given an operation with a parameter in its path', async () => {
  const { port, logged } = await startListener({
    operations: [
      {
        operation: madeUpOperation({ path: '/consents/{consentId}' }),
        steps: [answerWith(({ path }) => path.consentId)],
      },
      {
        operation: madeUpOperation({ path: '/consents/{consentId}/extensions' }),
        steps: [answerWith(({ path }) => ({ of: path.consentId }))],
      },
    ],
  });
  const seenAt = async (path: string) => (await sendRequest(port, { path })).json().seen;

  it('when the value is a URN, then the call has it, encoded in the URL or not', async () => {
    const urn = "urn:banco.example:C1DD33123-a_b~c!d$e&f'(g)*h+i,j;k=l@m";
    assert.equal(await seenAt(`/consents/${urn}`), urn);
    assert.equal(await seenAt(`/consents/${encodeURIComponent(urn)}`), urn);
    assert.deepEqual(await seenAt(`/consents/${encodeURIComponent(urn)}/extensions`), { of: urn });
    assert.equal(await seenAt(`/consents/${urn}?page=1`), urn);
    assert.equal(await seenAt('/consents/urn%3abanco%3Aa'), 'urn:banco:a');
  });

  it('when the value has what a path is cut at, encoded, then the call has it decoded once', async () => {
    for (const value of [
      'a/b',
      'a?b',
      'a#b',
      'a%b',
      'a%2Fb',
      'a%252Fb',
      '../b',
      '..',
      ' ',
      'é ☃',
      '%00',
      '\0',
      'a\\b',
      '{x}',
      ':p0',
      '*',
    ])
      assert.equal(
        await seenAt(`/consents/${encodeURIComponent(value).replaceAll('.', '%2E')}`),
        value,
        value,
      );
  });

  it('when the value is as long as one may be, each character encoded, then the call has it', async () => {
    const value = '/'.repeat(256);
    assert.equal(await seenAt(`/consents/${encodeURIComponent(value)}`), value);
  });

  it('whatever the value is, then the call has exactly it', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.string({ unit: 'grapheme', minLength: 1, maxLength: 60 }).filter((text) => text.isWellFormed()),
        async (value) => {
          assert.equal(await seenAt(`/consents/${encodeURIComponent(value).replaceAll('.', '%2E')}`), value);
        },
      ),
    );
    assert.deepEqual(logged, []);
  });
});

describe('given what a use-case answers', async () => {
  const problem = { ...createProblem('ACESSO_RESTRITO'), wireCode: 'NAO_INFORMADO' };
  const { port } = await startListener({
    operations: [
      { operation: madeUpOperation({ path: '/none' }), steps: [() => ({ kind: 'empty' })] },
      { operation: madeUpOperation({ path: '/accepted' }), steps: [() => ({ kind: 'empty', status: 202 })] },
      {
        operation: madeUpOperation({ method: 'POST', path: '/made' }),
        steps: [() => ({ kind: 'json', status: 201, body: { a: 1 }, headers: { location: '/made/1' } })],
      },
      {
        operation: madeUpOperation({ path: '/refused' }),
        steps: [() => answerProblem(problem, { 'www-authenticate': 'Bearer error="invalid_token"' })],
      },
      {
        operation: madeUpOperation({ path: '/id' }),
        steps: [answerWith(({ interactionId }) => interactionId)],
      },
    ],
  });

  it('when it is empty, then the status is 204 or what it says, and no body is announced that does not come', async () => {
    const none = await sendRequest(port, { path: '/none' });
    assert.deepEqual([none.status, none.headers['content-length'], none.bytes.length], [204, undefined, 0]);
    const accepted = await sendRequest(port, { path: '/accepted' });
    assert.deepEqual(
      [accepted.status, accepted.headers['content-length'], accepted.bytes.length],
      [202, '0', 0],
    );
    assert.equal(accepted.headers['content-type'], undefined);
  });

  it('when it has headers of its own, then they are there with all the others', async () => {
    const made = await sendRequest(port, { method: 'POST', path: '/made' });
    assert.equal(made.status, 201);
    assert.equal(made.headers.location, '/made/1');
    assert.equal(made.headers['cache-control'], 'no-store');
    assert.deepEqual(made.json(), { a: 1 });
  });

  it('when a problem has another code for the wire, then that is shown; its headers pass through', async () => {
    const refused = await sendRequest(port, { path: '/refused' });
    assert.equal(refused.status, 403);
    assert.equal(refused.json().errors[0].code, 'NAO_INFORMADO');
    assert.equal(refused.headers['www-authenticate'], 'Bearer error="invalid_token"');
  });

  it('when it wants the interaction id, then it is the one of the answer', async () => {
    const given = await sendRequest(port, { path: '/id', headers: { 'x-fapi-interaction-id': ID } });
    assert.equal(given.json().seen, ID);
    const made = await sendRequest(port, { path: '/id' });
    assert.equal(made.json().seen, made.headers['x-fapi-interaction-id']);
  });
});
