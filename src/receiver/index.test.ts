import assert from 'node:assert/strict';
import { it } from 'node:test';
import * as exported from './index.ts';

it('given the package, when guiche/receiver is imported, then it has what the sources export, and nothing else', async () => {
  // By the package's own name, as others import it.
  const imported = await import('guiche/receiver');
  assert.deepEqual(Object.keys(imported).toSorted(), Object.keys(exported).toSorted());
  for (const [name, value] of Object.entries(exported))
    assert.equal((imported as Readonly<Record<string, unknown>>)[name], value, name);
});

it('given a receiver without a certificate, when nothing else presents one, then it is not created', () => {
  assert.throws(() => exported.createReceiver({ keys: { signing: {}, encryption: {} } }), TypeError);
});
