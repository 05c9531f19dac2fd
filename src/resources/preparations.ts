import type { Asking, Found } from '../connectors/connector.ts';
import type { Clock } from '../kernel/clock.ts';

/** Questions to the institution that take longer than a receiver may be kept waiting for. */
export interface Preparations {
  /**
   * Asks, and waits no longer than `asking` allows: the answer is `notReady` then, and the question goes on, until
   * `endsAt` at the latest (milliseconds since the epoch), for whoever asks next under the same id. Rejects as the
   * question does.
   */
  ask<Data>(
    id: string,
    asking: Asking,
    endsAt: number,
    question: (asking: Asking) => Promise<Found<Data>>,
  ): Promise<Found<Data>>;
}

export interface PreparationSettings {
  readonly clock: Pick<Clock, 'now'>;
  /** How many questions go on at the same time; further ones end with the asking. */
  readonly most: number;
}

interface Job {
  readonly answer: Promise<Found<unknown>>;
  readonly stop: () => void;
}

/** Creates what keeps slow questions going, on this node. */
export function createPreparations({ clock, most }: PreparationSettings): Preparations {
  const jobs = new Map<string, Job>();

  function start(id: string, asking: Asking, endsAt: number, question: Question): Job {
    const controller = new AbortController();
    const timer = setTimeout(() => forget(id, job), Math.max(0, endsAt - clock.now())).unref();
    const stop = () => {
      clearTimeout(timer);
      controller.abort();
    };
    const answer = (async () => question({ ...asking, deadline: endsAt, signal: controller.signal }))();
    const job = { answer, stop };
    jobs.set(id, job);
    // What has found nothing yet is of no use to whoever asks next: only an answer is kept for them.
    answer.then(
      ({ status }) => status === 'notReady' && forget(id, job),
      () => forget(id, job),
    );
    return job;
  }

  function forget(id: string, job: Job): void {
    if (jobs.get(id) !== job) return;
    jobs.delete(id);
    job.stop();
  }

  return {
    async ask<Data>(id: string, asking: Asking, endsAt: number, question: Question<Data>) {
      const job = jobs.get(id) ?? (jobs.size < most ? start(id, asking, endsAt, question) : undefined);
      if (!job) return untilAborted(question(asking), asking.signal);
      const found = await untilAborted(job.answer as Promise<Found<Data>>, asking.signal);
      if (found.status !== 'notReady') forget(id, job);
      return found;
    },
  };
}

type Question<Data = unknown> = (asking: Asking) => Promise<Found<Data>>;

/** The answer, or `notReady` once the signal is aborted before there is one. */
export function untilAborted<Data>(answer: Promise<Found<Data>>, signal: AbortSignal): Promise<Found<Data>> {
  return new Promise((resolve, reject) => {
    const giveUp = () => resolve({ status: 'notReady' });
    if (signal.aborted) giveUp();
    signal.addEventListener('abort', giveUp, { once: true });
    answer
      .then(resolve, (error) => (signal.aborted ? giveUp() : reject(error)))
      .finally(() => signal.removeEventListener('abort', giveUp));
  });
}
