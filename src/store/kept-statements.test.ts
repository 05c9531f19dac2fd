import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { PoolClient } from 'pg';
import { KEPT, keepStatements } from './kept-statements.ts';

interface Asked {
  readonly name?: string;
  readonly text: string;
}

function connection() {
  const asked: Asked[] = [];
  const client = {
    query: (given: string | Asked) => asked.push(typeof given === 'string' ? { text: given } : given),
  };
  keepStatements(client as unknown as PoolClient);
  assert.match(asked.shift()?.text ?? '', /^set plan_cache_mode/);
  return { client: client as unknown as PoolClient, asked };
}

describe('given a connection that keeps statements', () => {
  it('when a statement is marked, then it has one name whenever it is sent', () => {
    const { client, asked } = connection();
    void client.query(`${KEPT} select $1`, [1]);
    void client.query(`${KEPT} select $1`, [2]);
    assert.match(asked[0]?.name ?? '', /^[\w-]{32}$/);
    assert.equal(asked[1]?.name, asked[0]?.name);
  });

  it('when a statement is not marked, then it is sent as it is', () => {
    const { client, asked } = connection();
    void client.query('select 1');
    assert.deepEqual(asked, [{ text: 'select 1' }]);
  });

  it('when statements never end, then only so many are kept', () => {
    const { client, asked } = connection();
    for (let index = 0; index < 300; index += 1) void client.query(`${KEPT} select ${index}`, []);
    assert.equal(asked.filter(({ name }) => name !== undefined).length, 100);
    void client.query(`${KEPT} select 0`, []);
    assert.equal(asked.at(-1)?.name, asked[0]?.name);
  });
});
