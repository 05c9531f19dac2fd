import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createHealth, type Impairment } from './health.ts';

const impairment: Impairment = { endpoints: ['GET /a'], reason: 'Falha.', since: 1 };

describe('health', () => {
  it('joins what its sources know', () => {
    const health = createHealth([() => [impairment], () => []]);
    assert.deepEqual(health.impairments(), [impairment]);
    health.add(() => [{ ...impairment, since: 2 }]);
    assert.deepEqual(
      health.impairments().map(({ since }) => since),
      [1, 2],
    );
  });

  it('hears the others when one fails, and tells of it once until it works again', () => {
    const told: unknown[] = [];
    let isBroken = true;
    const source = () => {
      if (isBroken) throw new Error('broken');
      return [];
    };
    const health = createHealth([source, () => [impairment]], (error) => told.push(error));
    assert.deepEqual(health.impairments(), [impairment]);
    health.impairments();
    assert.equal(told.length, 1);
    isBroken = false;
    health.impairments();
    isBroken = true;
    health.impairments();
    assert.equal(told.length, 2);
  });

  it('has another revision after every change', () => {
    const health = createHealth();
    const before = health.revision;
    health.changed();
    assert.notEqual(health.revision, before);
  });
});
