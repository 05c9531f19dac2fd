import type { LoadGenerator, LoadRound } from './generate-load.ts';
import type { Figure } from './measure.ts';
import { median, rounded } from './statistics.ts';

/** When other programs use more than this share of a processor, a pair of rounds tells about them and is repeated. */
const DISTURBED = 0.1;

/** Rounds are repeated until there are at most this many times as many as wanted. */
const MOST_REPEATS = 3;

/** Beyond this share of its processor a program may be what limits a round. */
const BUSY = 0.9;

/** Two rounds, one right after the other, so that whatever else the machine does falls on both. */
export interface Pair {
  readonly guiche: LoadRound;
  readonly peer: LoadRound;
}

/** What one side of a pair asks, and the process whose processor time counts, with those below it. */
export interface Target {
  readonly pid: number;
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Drives both in turn until there are as many quiet pairs as wanted, or too many were disturbed. */
export async function drivePairs(
  generator: LoadGenerator,
  own: Target,
  other: Target,
  rounds: number,
  seconds: number,
): Promise<Pair[]> {
  const drive = ({ url, pid, headers }: Target) => generator.drive(url, seconds, pid, headers);
  const pairs: Pair[] = [];
  const limit = rounds * MOST_REPEATS;
  for (let round = 0; round < limit && pairs.filter(isQuiet).length < rounds; round += 1) {
    // Who goes first alternates, so that a machine that slows down favours neither.
    if (round % 2 === 0) {
      const guiche = await drive(own);
      pairs.push({ guiche, peer: await drive(other) });
    } else {
      const peer = await drive(other);
      pairs.push({ guiche: await drive(own), peer });
    }
  }
  return pairs;
}

function isQuiet({ guiche, peer }: Pair): boolean {
  return guiche.otherShare <= DISTURBED && peer.otherShare <= DISTURBED;
}

/** Pairs are chosen by what else went on, never by what they found; where hardly any was quiet, all of them count. */
export function choosePairs(pairs: readonly Pair[]): readonly Pair[] {
  const quiet = pairs.filter(isQuiet);
  return quiet.length * MOST_REPEATS >= pairs.length ? quiet : pairs;
}

/** The median of the pairs' ratios, by requests per second and by what a second of processor time achieves. */
export function judgePairs(expected: Omit<Figure, 'value'>, measured: readonly Pair[]): Figure[] {
  const pairs = choosePairs(measured);
  const ratio = median(pairs.map(({ guiche, peer }) => guiche.requestsPerSecond / peer.requestsPerSecond));
  const perProcessorSecond = median(pairs.map(({ guiche, peer }) => efficiency(guiche) / efficiency(peer)));
  const found = describePairs(pairs);
  const remarks = [
    `${found.guiche.requestsPerSecond} against ${found.peer.requestsPerSecond} requests/s in ${pairs.length} pairs of rounds`,
  ];
  if (pairs.some((pair) => !isQuiet(pair))) remarks.push('other programs were running');
  if (found.peer.generatorShare >= BUSY && found.peer.generatorShare > found.peer.serverShare)
    remarks.push('the load generator was the limit of the peer, whose own is higher');
  if (found.failures > 0) remarks.push(`${found.failures} failed requests`);
  return [
    { ...expected, value: rounded(ratio), remark: remarks.join('; ') },
    {
      name: `${expected.name}, per second of processor time`,
      unit: expected.unit,
      value: rounded(perProcessorSecond),
    },
  ];
}

/** The rounds of both sides in short. */
export function describePairs(pairs: readonly Pair[]) {
  return {
    guiche: summarizeRounds(pairs.map(({ guiche }) => guiche)),
    peer: summarizeRounds(pairs.map(({ peer }) => peer)),
    failures: pairs.reduce((sum, { guiche, peer }) => sum + guiche.failures + peer.failures, 0),
  };
}

function summarizeRounds(rounds: readonly LoadRound[]) {
  const middle = (value: (round: LoadRound) => number) => rounded(median(rounds.map(value)));
  return {
    requestsPerSecond: middle((round) => round.requestsPerSecond),
    requestsPerProcessorSecond: middle(efficiency),
    p50: middle((round) => round.p50),
    p99: middle((round) => round.p99),
    serverShare: middle((round) => round.serverShare),
    generatorShare: middle((round) => round.generatorShare),
    otherShare: middle((round) => round.otherShare),
  };
}

/** Other work on the machine takes time from a server, but hardly makes its requests cost more. */
function efficiency({ requestsPerSecond, serverShare }: LoadRound): number {
  return requestsPerSecond / serverShare;
}
