import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ANA } from '../../test/support/gadget-reader.ts';
import { createInstitution, InstitutionFailed, NotReadyYet } from './institution.ts';

const soon = () => AbortSignal.timeout(10_000);

/** An institution whose systems do the same whatever they are asked. */
function institutionThat(
  answer: () => Promise<never> | Promise<{ readonly status: 'notReady' | 'refused' }>,
) {
  const connector = { customer: answer, authenticate: answer, discover: answer };
  return createInstitution(connector, { brand: 'Banco', ecosystem: 'open-finance', clock: { now: () => 0 } });
}

/** Every question that there is. */
function ask(institution: ReturnType<typeof institutionThat>, signal = soon()): Promise<unknown>[] {
  return [
    institution.authenticate('ana', 'secret', signal),
    institution.customer('c-1', signal),
    institution.customerWith(ANA, signal),
    institution.discover({ cpf: ANA }, undefined, ['ACCOUNT'], signal),
  ];
}

describe('given systems that cannot answer', () => {
  it('when they fail, then that is told without what they fail with', async () => {
    const failing = institutionThat(async () => {
      throw new TypeError(`no account of ${ANA}`);
    });
    for (const answer of ask(failing))
      await assert.rejects(answer, (error: Error) => {
        assert.ok(error instanceof InstitutionFailed);
        assert.equal(error.message, "the institution's systems failed: TypeError");
        assert.ok(!JSON.stringify([error.stack, error.cause ?? '']).includes(ANA));
        return true;
      });
  });

  it('when they throw before they promise anything, then it is the same', async () => {
    const throwing = institutionThat(() => {
      throw 'nothing that is an error';
    });
    for (const answer of ask(throwing)) await assert.rejects(answer, /failed: no error/);
  });

  it('when nobody waits any more, then the reason of the signal is told', async () => {
    const late = institutionThat(async () => {
      throw new Error('given up');
    });
    for (const answer of ask(late, AbortSignal.abort(new Error('out of patience'))))
      await assert.rejects(answer, /out of patience/);
  });

  it('when they are not ready, then that is told, and what they refuse is nothing', async () => {
    for (const answer of ask(institutionThat(async () => ({ status: 'notReady' }))))
      await assert.rejects(answer, NotReadyYet);
    const refusing = institutionThat(async () => ({ status: 'refused' }));
    assert.deepEqual(await Promise.all(ask(refusing)), [undefined, undefined, undefined, []]);
  });
});

it('given a connector without logins, when somebody logs in, then they are nobody', async () => {
  const { customer, discover } = { customer: never, discover: never };
  const institution = createInstitution(
    { customer, discover },
    { brand: 'Banco', ecosystem: 'open-finance', clock: { now: () => 0 } },
  );
  assert.equal(await institution.authenticate('ana', 'secret', soon()), undefined);
});

async function never(): Promise<never> {
  throw new Error('nobody asked for it');
}
