import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { checkInstitutions } from './check-institutions.ts';
import type { Configuration } from './settings.ts';

const BANK = {
  name: 'Banco',
  organisationId: '7d1a4b1e-0f77-4c57-9b3f-1e1a2a1c9d55',
  namespace: 'banco',
  issuer: 'https://auth.banco.example/of',
  mtlsBase: 'https://mtls.banco.example/of',
  customers: '/customers',
  apis: {},
  directory: { keystore: 'https://keys.example', anchors: '/anchors.pem', revocation: 'hard' },
};
const INSURER = {
  ...BANK,
  issuer: 'https://auth.banco.example/oi',
  mtlsBase: 'https://mtls.banco.example/oi',
};
const SOUND = {
  tls: {},
  mtls: { certificate: '/mtls.pem', key: '/mtls.key' },
  masterKeys: ['k:…'],
  connectors: {},
  institutions: { 'open-finance': BANK, 'open-insurance': INSURER },
};

function check(change: object, surroundings = {}): string[] {
  const configuration = { ...SOUND, ...change } as unknown as Configuration;
  return checkInstitutions(configuration, { isProduction: true, canRead: () => true, ...surroundings }).map(
    ({ file, severity }) => `${severity} ${file}`,
  );
}

describe('given institutions in a configuration', () => {
  it('when everything fits, then nothing is found', () => {
    assert.deepEqual(check({}), []);
  });

  it('when there are none, then none of what they need is missing', () => {
    assert.deepEqual(check({ institutions: {}, mtls: {}, masterKeys: undefined }), []);
  });

  it('when a listener has a certificate without its key, then the key is asked for', () => {
    assert.deepEqual(check({ tls: { certificate: '/a.pem' } }), ['error tls.key']);
    assert.deepEqual(check({ mtls: { key: '/a.key' } }), [
      'error mtls.certificate',
      'error mtls.certificate',
    ]);
  });

  it('when nobody could show a certificate, then the start is stopped', () => {
    assert.deepEqual(check({ mtls: {} }), ['error mtls.certificate']);
  });

  it('when a proxy could be anybody, then the start is stopped', () => {
    const proxy = { header: 'client-cert', thumbprints: [], addresses: ['10.0.0.1'] };
    assert.deepEqual(check({ mtls: { proxy } }), ['error mtls.proxy']);
    assert.deepEqual(check({ mtls: { proxy: { ...proxy, secret: 'x'.repeat(32) } } }), []);
    assert.deepEqual(check({ mtls: { proxy: { ...proxy, thumbprints: ['t'] } } }), []);
  });

  it('when master keys are left to chance, then production refuses and several nodes are warned', () => {
    const chance = { masterKeys: undefined };
    assert.deepEqual(check(chance), ['error masterKeys']);
    assert.deepEqual(check(chance, { isProduction: false }), []);
    assert.deepEqual(check({ ...chance, databaseUrl: 'postgres://db' }, { isProduction: false }), [
      'warning masterKeys',
    ]);
  });

  it('when a file is not there, then its member is named', () => {
    const canRead = (path: string) => path !== '/anchors.pem';
    assert.deepEqual(check({ institutions: { 'open-finance': BANK } }, { canRead }), [
      'error institutions.open-finance.directory.anchors',
    ]);
  });

  it('when a connector is named that is not there, then its name is asked for', () => {
    const institution = {
      ...BANK,
      customers: undefined,
      connector: 'core',
      login: 'idp',
      apis: { funds: 'x' },
    };
    const connectors = { core: { kind: 'folder', customers: '/customers' } };
    assert.deepEqual(check({ institutions: { 'open-finance': institution }, connectors }), [
      'error institutions.open-finance.login',
      'error institutions.open-finance.apis.funds',
    ]);
  });

  it('when an institution has neither connector nor customers, or both, then it is told to have one', () => {
    const connectors = { core: { kind: 'folder', customers: '/customers' } };
    for (const change of [{ customers: undefined }, { connector: 'core' }])
      assert.deepEqual(check({ institutions: { 'open-finance': { ...BANK, ...change } }, connectors }), [
        'error institutions.open-finance',
      ]);
  });

  it('when a connector over HTTP is unprotected, then that is told', () => {
    const http = { kind: 'http', url: 'https://core.example', certificate: '/c.pem', key: '/c.key' };
    const found = (change: object) => check({ connectors: { core: { ...http, ...change } } });
    assert.deepEqual(found({}), []);
    assert.deepEqual(found({ key: undefined }), ['error connectors.core']);
    assert.deepEqual(found({ certificate: undefined, key: undefined }), ['warning connectors.core']);
    assert.deepEqual(found({ url: 'http://core.example' }), ['error connectors.core.url']);
    assert.deepEqual(found({ url: 'http://127.0.0.1:9000' }), []);
  });

  it('when a file of a connector is not there, then its member is named', () => {
    const canRead = (path: string) => !path.startsWith('/gone');
    const connectors = {
      a: { kind: 'sql', mapping: '/gone.yaml' },
      b: { kind: 'module', module: '/gone.ts' },
      c: { kind: 'folder', customers: '/gone' },
      d: { kind: 'http', url: 'https://c.example', signing: { key: '/gone.pem' } },
    };
    assert.deepEqual(check({ connectors }, { canRead }), [
      'error connectors.a.mapping',
      'error connectors.b.module',
      'error connectors.c.customers',
      'error connectors.d.signing.key',
    ]);
  });

  it('when the two bases of an issuer have different paths, then that is told', () => {
    const wrong = { ...BANK, mtlsBase: 'https://mtls.banco.example' };
    assert.deepEqual(check({ institutions: { 'open-finance': wrong } }), [
      'error institutions.open-finance.mtlsBase',
    ]);
  });

  it('when two issuers share a path, then the second is told', () => {
    const institutions = { 'open-finance': BANK, 'open-insurance': BANK };
    assert.deepEqual(check({ institutions }), ['error institutions.open-insurance.issuer']);
  });
});
