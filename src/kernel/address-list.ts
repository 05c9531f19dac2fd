import { BlockList, isIP } from 'node:net';

/**
 * Creates the test whether an address is one of a list of addresses and CIDR ranges, IPv4 or IPv6. IPv4 addresses
 * written as IPv6 (`::ffff:10.0.0.1`) are what they stand for.
 *
 * @throws Error for an entry that is neither
 */
export function createAddressList(entries: readonly string[]): (address: string) => boolean {
  const list = new BlockList();
  for (const entry of entries) {
    const [address = '', bits] = entry.split('/');
    if (bits === undefined) list.addAddress(address, familyOf(address));
    else list.addSubnet(address, Number(bits), familyOf(address));
  }
  return (given) => {
    const address =
      given.startsWith('::ffff:') && given.includes('.') ? given.slice('::ffff:'.length) : given;
    return isIP(address) !== 0 && list.check(address, familyOf(address));
  };
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIP(address) === 6 ? 'ipv6' : 'ipv4';
}
