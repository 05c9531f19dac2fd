import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { measureAnswerValidation } from './answer-validation.ts';
import { measureBigDataset } from './big-dataset.ts';
import { measureConsentJourney } from './consent-journey.ts';
import { measureConsentWrites } from './consent-writes.ts';
import { measureConsentedReads } from './consented-reads.ts';
import { measureConsentsKilled } from './consents-killed.ts';
import { measureDatabaseStopped } from './database-stopped.ts';
import { INSTALL_ADVICE } from './generate-load.ts';
import { measureHotReload } from './hot-reload.ts';
import { measureKilledNode } from './killed-node.ts';
import { measureLateConnector } from './late-connector.ts';
import { describeMachine } from './machine.ts';
import { type Figure, type Findings, type Measure, type Target, verdictOf } from './measure.ts';
import { measureMetricsHistory } from './metrics-history.ts';
import { measureObservedThroughput } from './observed-throughput.ts';
import { resultsFolder, scratchFolder } from './places.ts';
import { measureReceiverIteration } from './receiver-iteration.ts';
import { measureRedisStopped } from './redis-stopped.ts';
import { measureSandboxStart } from './sandbox-start.ts';
import { measureStart } from './start.ts';
import { measureStatusLatency } from './status-latency.ts';
import { measureThroughput } from './throughput.ts';
import { measureTokenGrants } from './token-grants.ts';
import { measureTwoNodes } from './two-nodes.ts';
import { measureTwoWorkers } from './two-workers.ts';

/** By the word that selects it: the measure, and the name of its results file. */
const MEASURES: Readonly<Record<string, { measure: Measure; file: string }>> = {
  throughput: { measure: measureThroughput, file: 'open-data-throughput' },
  start: { measure: measureStart, file: 'start' },
  big: { measure: measureBigDataset, file: 'big-dataset' },
  reload: { measure: measureHotReload, file: 'hot-reload' },
  observed: { measure: measureObservedThroughput, file: 'observed-throughput' },
  workers: { measure: measureTwoWorkers, file: 'two-workers' },
  nodes: { measure: measureTwoNodes, file: 'two-nodes' },
  killed: { measure: measureKilledNode, file: 'killed-node' },
  database: { measure: measureDatabaseStopped, file: 'database-stopped' },
  redis: { measure: measureRedisStopped, file: 'redis-stopped' },
  status: { measure: measureStatusLatency, file: 'status-latency' },
  journey: { measure: measureConsentJourney, file: 'consent-journey' },
  consents: { measure: measureConsentWrites, file: 'consent-writes' },
  'customer-data': { measure: measureConsentedReads, file: 'consented-reads' },
  validation: { measure: measureAnswerValidation, file: 'answer-validation' },
  late: { measure: measureLateConnector, file: 'late-connector' },
  tokens: { measure: measureTokenGrants, file: 'token-grants' },
  'consents-killed': { measure: measureConsentsKilled, file: 'consents-killed' },
  iteration: { measure: measureReceiverIteration, file: 'receiver-iteration' },
  sandbox: { measure: measureSandboxStart, file: 'sandbox-start' },
  history: { measure: measureMetricsHistory, file: 'metrics-history' },
};

const USAGE = `usage: node bench/run.ts [${Object.keys(MEASURES).join('|')} ...] [--quick]
  --quick  short rounds and small data, to see that everything works; figures go to bench/tmp/results`;

const { selected, quick } = readCommandLine();
const folder = quick ? join(scratchFolder, 'results') : resultsFolder;
const tell = (line: string) => process.stderr.write(`${line}\n`);

if (!existsSync(join(import.meta.dirname, 'node_modules'))) tell(`bench/node_modules is ${INSTALL_ADVICE}`);
mkdirSync(folder, { recursive: true });
const found: Figure[] = [];
for (const name of selected) {
  const { measure, file } = MEASURES[name] as { measure: Measure; file: string };
  const machine = describeMachine();
  const date = new Date().toISOString();
  try {
    const findings = await measure({ quick, tell });
    keep(join(folder, `${file}.json`), { measure: file, date, quick, machine, ...withVerdicts(findings) });
    found.push(...findings.figures);
  } catch (error) {
    // The other measures are still worth having; a missed target, unlike this, is no failure.
    tell(`${name} could not be measured: ${(error as Error).message}`);
    process.exitCode = 1;
  }
}
printTable(found);

function readCommandLine() {
  try {
    const { positionals, values } = parseArgs({
      allowPositionals: true,
      options: { quick: { type: 'boolean', default: false }, help: { type: 'boolean', default: false } },
    });
    const unknown = positionals.find((name) => !(name in MEASURES));
    if (unknown !== undefined) throw new Error(`no measure is called ${unknown}`);
    if (values.help) {
      console.log(USAGE);
      process.exit(0);
    }
    return { selected: positionals.length > 0 ? positionals : Object.keys(MEASURES), quick: values.quick };
  } catch (error) {
    console.error(`${(error as Error).message}\n${USAGE}`);
    process.exit(2);
  }
}

function withVerdicts({ figures, ...rest }: Findings) {
  return { figures: figures.map((figure) => ({ ...figure, verdict: verdictOf(figure) })), ...rest };
}

function keep(file: string, result: unknown): void {
  writeFileSync(file, `${JSON.stringify(result, null, 2)}\n`);
}

function printTable(figures: readonly Figure[]): void {
  const rows = figures.map((figure) => [
    figure.name,
    figure.value === undefined ? '' : `${figure.value} ${figure.unit}`,
    figure.target ? describeTarget(figure.target) : '',
    verdictOf(figure),
    figure.remark ?? '',
  ]);
  const header = ['measure', 'figure', 'target', 'verdict', 'remark'];
  const widths = header.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => (row[column] as string).length)),
  );
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, column) => cell.padEnd(widths[column] as number))
      .join('  ')
      .trimEnd();
  const rule = widths.slice(0, -1).map((width) => '-'.repeat(width));
  console.log([line(header), line([...rule, '------']), ...rows.map(line)].join('\n'));
}

function describeTarget(target: Target): string {
  return 'atLeast' in target ? `≥ ${target.atLeast}` : `≤ ${target.atMost}`;
}
