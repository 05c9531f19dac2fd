import assert from 'node:assert/strict';
import type { IncomingMessage } from 'node:http';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { createClientAddress } from './client-address.ts';

function addressOf(trusted: readonly string[], socket: string | undefined, forwarded?: string | string[]) {
  const headers = forwarded === undefined ? {} : { 'x-forwarded-for': forwarded };
  const request = { socket: { remoteAddress: socket }, headers } as unknown as IncomingMessage;
  return createClientAddress(trusted)(request);
}

const PROXIES = ['10.0.0.0/8', '2001:db8:a::/48'];

describe('given no trusted proxies', () => {
  it('whatever X-Forwarded-For says, then the address is that of the socket', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.ipV4(), fc.ipV6()), (forged) => {
        assert.equal(addressOf([], '203.0.113.5', forged), '203.0.113.5');
      }),
    );
  });

  it('when an IPv4 address is on an IPv6 socket, then it is written as IPv4', () => {
    assert.equal(addressOf([], '::ffff:203.0.113.5'), '203.0.113.5');
    assert.equal(addressOf([], '2001:db8::1'), '2001:db8::1');
  });

  it('when the socket is gone, then there is no address', () => {
    assert.equal(addressOf([], undefined, '203.0.113.5'), '');
  });
});

describe('given trusted proxies', () => {
  for (const { when, socket, forwarded, client } of [
    {
      when: 'the socket is nobody trusted',
      socket: '203.0.113.5',
      forwarded: '192.0.2.1',
      client: '203.0.113.5',
    },
    { when: 'a proxy adds its client', socket: '10.1.1.1', forwarded: '192.0.2.1', client: '192.0.2.1' },
    {
      when: 'a client forged a hop',
      socket: '10.1.1.1',
      forwarded: '198.51.100.9, 192.0.2.1',
      client: '192.0.2.1',
    },
    {
      when: 'a chain of proxies',
      socket: '10.1.1.1',
      forwarded: '192.0.2.1, 10.2.2.2,10.3.3.3',
      client: '192.0.2.1',
    },
    {
      when: 'a forged trusted address before the client',
      socket: '10.1.1.1',
      forwarded: '10.9.9.9, 192.0.2.1',
      client: '192.0.2.1',
    },
    { when: 'only proxies', socket: '10.1.1.1', forwarded: '10.2.2.2', client: '10.1.1.1' },
    { when: 'no header', socket: '10.1.1.1', forwarded: undefined, client: '10.1.1.1' },
    { when: 'an empty header', socket: '10.1.1.1', forwarded: '', client: '10.1.1.1' },
    { when: 'no address at all', socket: '10.1.1.1', forwarded: 'unknown', client: '10.1.1.1' },
    {
      when: 'an obscured hop next to the proxy',
      socket: '10.1.1.1',
      forwarded: '192.0.2.1, _hidden',
      client: '10.1.1.1',
    },
    {
      when: 'the header several times',
      socket: '10.1.1.1',
      forwarded: ['198.51.100.9', '192.0.2.1'],
      client: '192.0.2.1',
    },
    { when: 'IPv6', socket: '2001:db8:a::1', forwarded: '2001:db8:b::7', client: '2001:db8:b::7' },
    {
      when: 'a proxy on an IPv6 socket',
      socket: '::ffff:10.1.1.1',
      forwarded: '::FFFF:192.0.2.1',
      client: '192.0.2.1',
    },
    {
      when: 'a port beside the address',
      socket: '10.1.1.1',
      forwarded: '192.0.2.1:51234',
      client: '192.0.2.1',
    },
    {
      when: 'a port beside IPv6',
      socket: '10.1.1.1',
      forwarded: '[2001:db8:b::7]:51234',
      client: '2001:db8:b::7',
    },
  ])
    it(`when there is ${when}, then the client is ${client}`, () => {
      assert.equal(addressOf(PROXIES, socket, forwarded), client);
    });

  it('when the header is endless, then it is followed no further than any real chain', () => {
    const forwarded = ['192.0.2.1', ...Array(1_000).fill('10.2.2.2')].join(',');
    assert.equal(addressOf(PROXIES, '10.1.1.1', forwarded), '10.1.1.1');
  });

  it('whatever the header holds, then the address is the socket’s or one of the header’s', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.ipV4(), fc.ipV6(), fc.string())), (hops) => {
        const found = addressOf(PROXIES, '10.1.1.1', hops.join(','));
        assert.ok(found === '10.1.1.1' || hops.join(',').includes(found), found);
      }),
    );
  });
});
