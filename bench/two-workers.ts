import { availableParallelism } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import { CONNECTIONS, chooseLoadGenerator, INSTALL_ADVICE } from './generate-load.ts';
import type { Figure, Measure } from './measure.ts';
import { choosePairs, describePairs, drivePairs, judgePairs } from './paired-rounds.ts';
import { EXAMPLES, startGuiche } from './start-guiche.ts';

const PATH = '/open-insurance/channels/v2/branches';
const SETTLED_MS = 5_000;

/** The same page as callers may ask for it. */
const REQUESTS = [
  { name: 'compressed page', headers: { 'accept-encoding': 'gzip' }, target: { atLeast: 1.5 } },
  { name: 'uncompressed page', headers: {} },
] as const;

/** What a second worker brings where two processors are all there is, for the load generator too. */
export const measureTwoWorkers: Measure = async ({ quick, tell }) => {
  const generator = chooseLoadGenerator({ isPinned: false });
  const expected = REQUESTS.map(({ name, ...rest }) => ({
    name: `requests/s of two workers against one, ${name}`,
    unit: '× one worker',
    ...('target' in rest ? { target: rest.target } : {}),
  }));
  if (!generator || availableParallelism() < 2) {
    const remark = generator
      ? 'a single processor'
      : `no load generator: neither wrk nor autocannon, ${INSTALL_ADVICE}`;
    return { figures: expected.map((figure) => ({ ...figure, value: undefined, remark })), details: {} };
  }
  const rounds = quick ? 3 : 7;
  const seconds = quick ? 2 : 4;
  const figures: Figure[] = [];
  const details: Record<string, unknown> = {};
  const two = await startGuiche([...EXAMPLES, '--workers', '2']);
  try {
    const one = await startGuiche([...EXAMPLES, '--workers', '1']);
    try {
      await pause(SETTLED_MS);
      for (const [index, { name, headers }] of REQUESTS.entries()) {
        tell(`workers: ${rounds} rounds of ${seconds} s, ${name}`);
        const own = { url: two.origin + PATH, pid: two.pid, headers };
        const other = { url: one.origin + PATH, pid: one.pid, headers };
        for (const { url, pid } of [own, other]) await generator.drive(url, seconds, pid, headers);
        const pairs = await drivePairs(generator, own, other, rounds, seconds);
        const [ratio, perProcessorSecond] = judgePairs(expected[index] as Omit<Figure, 'value'>, pairs);
        const summary = describePairs(choosePairs(pairs));
        const { generatorShare } = summary.peer;
        figures.push(
          {
            ...(ratio as Figure),
            remark: `${ratio?.remark}; with one worker the generator used ${generatorShare} of a processor, of which there are ${availableParallelism()}`,
          },
          perProcessorSecond as Figure,
        );
        details[name] = { ...summary, rounds: pairs };
      }
    } finally {
      await one.stop();
    }
  } finally {
    await two.stop();
  }
  return {
    figures,
    details: {
      request: `GET ${PATH}`,
      connections: CONNECTIONS,
      loadGenerator: generator.name,
      secondsPerRound: seconds,
      processors: 'nothing is kept on one processor; in the rounds, guiche is the one with two workers',
      ...details,
    },
  };
};
