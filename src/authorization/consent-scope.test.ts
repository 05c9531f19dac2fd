import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { consentIdOf, consentIdsOf, consentScope, standsForConsent } from './consent-scope.ts';

const ID = 'urn:bancoexemplo:7d1a4b1e-0f77-4c57-9b3f-1e1a2a1c9d55';

describe('given the scope of a request', () => {
  it('when it names one consent, then that is its consent', () => {
    assert.equal(consentIdOf(`openid ${consentScope(ID)} resources`), ID);
  });

  it('when it names none or several, then it has no consent of its own', () => {
    assert.equal(consentIdOf('openid consents resources'), undefined);
    assert.equal(consentIdOf(`${consentScope(ID)} ${consentScope('urn:other:1')}`), undefined);
    assert.deepEqual(consentIdsOf(`${consentScope(ID)} ${consentScope('urn:other:1')}`), [ID, 'urn:other:1']);
  });

  it('when what it names is no consent id, then it is passed over', () => {
    for (const token of [
      'consent:',
      'consent:consentId',
      'consent:urn:',
      'consent:urn::id',
      'consent:urn:-bad:id',
      `consent:urn:${'n'.repeat(33)}:id`,
      `consent:urn:ns:${'i'.repeat(260)}`,
      'consent:urn:ns:with"quote',
      `recurring-consent:${ID}`,
      `CONSENT:${ID}`,
    ])
      assert.equal(consentIdOf(`openid ${token}`), undefined, token);
  });

  it('when it is no text, then it names nothing', () => {
    for (const scope of [undefined, null, 7, ['consent:urn:a:b'], {}])
      assert.equal(consentIdOf(scope), undefined);
  });

  it('when a contract writes a placeholder, then it stands for any consent', () => {
    assert.ok(standsForConsent('consent:consentId'));
    assert.ok(!standsForConsent('consents'));
  });
});
