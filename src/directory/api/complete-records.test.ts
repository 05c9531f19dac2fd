import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { completeApiResource, completeAuthorisationServer, completeTerms } from './complete-records.ts';

describe('given an authorisation server', () => {
  it('when it has a discovery document, then its issuer is where that stands', () => {
    const completed = completeAuthorisationServer({
      OpenIDDiscoveryDocument: 'https://example.com/banco/.well-known/openid-configuration',
      AutoRegistrationSupported: true,
    });
    assert.equal(completed.Issuer, 'https://example.com/banco');
    assert.equal(completed.SupportsDCR, true);
    assert.equal(completed.SupportsCiba, false);
  });

  it('when its document has another name, then it has no issuer', () => {
    const completed = completeAuthorisationServer({ OpenIDDiscoveryDocument: 'https://example.com/other' });
    assert.ok(!('Issuer' in completed));
    assert.equal(completed.SupportsDCR, false);
  });

  it('when its webhook goes, then the status of the webhook goes with it', () => {
    const hooked = completeAuthorisationServer({ NotificationWebhook: 'https://example.com/hook' });
    assert.equal(hooked.NotificationWebhookStatus, 'Pending');
    const { NotificationWebhook: _, ...without } = hooked;
    assert.ok(!('NotificationWebhookStatus' in completeAuthorisationServer(without)));
  });
});

describe('given an API resource', () => {
  it('when its certification begins, then it ends a year later', () => {
    const end = (start: unknown) =>
      completeApiResource({ CertificationStartDate: start }).CertificationExpirationDate;
    assert.equal(end('01/02/2026'), '01/02/2027');
    assert.equal(end('29/02/2028'), '28/02/2029');
    assert.equal(end(undefined), undefined);
  });

  it('when it is no longer certified, then no end is left over', () => {
    assert.deepEqual(completeApiResource({ CertificationExpirationDate: '01/02/2027' }), {});
  });
});

describe('given terms and conditions', () => {
  it('when the request has the signing service outside, then it is kept inside', () => {
    assert.deepEqual(
      completeTerms({
        Name: 'Termos',
        ExternalSigningServiceName: 'DocuSign',
        ExternalSigningService: { ExternalSigningServiceSubject: 'Assunto' },
      }),
      {
        Name: 'Termos',
        ExternalSigningService: {
          ExternalSigningServiceSubject: 'Assunto',
          ExternalSigningServiceName: 'DocuSign',
        },
      },
    );
    assert.deepEqual(completeTerms({ Name: 'Termos' }), { Name: 'Termos' });
  });
});
