import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { isRegistrableRedirectUri } from './redirect-uri.ts';

const GOOD = [
  'https://receiver.test/callback',
  'https://receiver.test',
  'https://receiver.test/',
  'https://receiver.test:8443/a/b?dummy1=lorem&dummy2=ipsum',
  'https://127.0.0.1/callback',
  'https://receiver.test/%C3%A7',
  'https://receiver.test/@callback',
];

const BAD = {
  'plain http': 'http://receiver.test/callback',
  'a scheme of an app': 'com.receiver:/callback',
  'a fragment': 'https://receiver.test/callback#part',
  'an empty fragment': 'https://receiver.test/callback#',
  credentials: 'https://user:secret@receiver.test/callback',
  'a user only': 'https://receiver.test@evil.test/callback',
  'no user before the at sign': 'https://@receiver.test/callback',
  'upper case in the host': 'https://Receiver.test/callback',
  'upper case in the scheme': 'HTTPS://receiver.test/callback',
  'a trailing dot in the host': 'https://receiver.test./callback',
  'letters of another alphabet': 'https://rеceiver.test/callback',
  'letters of another alphabet, encoded': 'https://xn--rceiver-6of.test/callback',
  'full-width letters': 'https://ｒeceiver.test/callback',
  'a backslash': 'https://receiver.test\\callback',
  'dot segments': 'https://receiver.test/a/../callback',
  'encoded dot segments': 'https://receiver.test/a/%2e%2e/callback',
  'the default port': 'https://receiver.test:443/callback',
  'an address in another notation': 'https://0x7f.1/callback',
  'a space': 'https://receiver.test/call back',
  'a line break': 'https://receiver.test/call\nback',
  'no host': 'https:///callback',
  nothing: '',
  'a relative address': '/callback',
  'two thousand letters and more': `https://receiver.test/${'a'.repeat(2048)}`,
};

describe('given redirect URIs', () => {
  for (const uri of GOOD)
    it(`when it is ${uri}, then it can be registered`, () => assert.ok(isRegistrableRedirectUri(uri)));

  for (const [what, uri] of Object.entries(BAD))
    it(`when it has ${what}, then it cannot be registered`, () =>
      assert.equal(isRegistrableRedirectUri(uri), false));

  it('when one can be registered, then a browser goes exactly there', () => {
    const words = fc.stringMatching(/^[\x20-\x7eé\u0435\u2024@#\\.:/?%]{0,12}$/);
    fc.assert(
      fc.property(words, words, (host, rest) => {
        const uri = `https://${host}/${rest}`;
        if (!isRegistrableRedirectUri(uri)) return;
        const url = new URL(uri);
        assert.equal(url.href, uri);
        assert.equal(url.host, host);
        assert.equal(url.hash, '');
      }),
    );
  });
});
