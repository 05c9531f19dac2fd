import type { Configuration } from '../app/configuration/settings.ts';
import type { CaseResult, TestedConnector, TrialCustomers } from '../app/consent-side/test-connector.ts';
import { systemClock } from '../kernel/clock.ts';
import { formatDiagnostic } from '../kernel/diagnostic.ts';
import { presentDiagnostics } from './present-diagnostics.ts';
import { createQuietLog } from './quiet-log.ts';
import { type ConfigurationFlags, readConfiguration } from './read-configuration.ts';
import { DOCUMENT_NAMES, type DocumentName, type GivenDocuments, readDocuments } from './read-documents.ts';

export interface ConnectorTestOptions extends ConfigurationFlags {
  readonly format: 'text' | 'json';
  readonly ecosystem: string | undefined;
  /** As they were given: a document, `-` for a line of standard input, or nothing. */
  readonly documents: GivenDocuments;
}

/** A CPF of one digit alone is nobody's: the tax authority gives none out. */
const NOBODYS_CPF = '99999999999';

const VARIABLES: Readonly<Record<DocumentName, string>> = {
  cpf: 'CONNECTOR_TEST_CPF',
  cnpj: 'CONNECTOR_TEST_CNPJ',
  otherCpf: 'CONNECTOR_TEST_OTHER_CPF',
  emptyCpf: 'CONNECTOR_TEST_EMPTY_CPF',
  unknownCpf: 'CONNECTOR_TEST_UNKNOWN_CPF',
};

/**
 * Tries a connector of the configuration case by case and prints how each went. Documents are never printed.
 *
 * @param name in the configuration, or of an ecosystem whose institution has a folder of customers
 * @returns the exit status: 0 when no case failed, 1 when one did or it cannot be tested, 2 for bad usage
 */
export async function connectorTest(options: ConnectorTestOptions, name: string): Promise<0 | 1 | 2> {
  const { configuration, diagnostics, failure } = await readConfiguration(options);
  if (!configuration) {
    process.stderr.write(`${presentDiagnostics(diagnostics).map(formatDiagnostic).join('\n')}\n`);
    return failure;
  }
  const { findTestedConnector } = await import('../app/consent-side/test-connector.ts');
  const tested = findTestedConnector(configuration, name, options.ecosystem);
  if (typeof tested === 'string') return fail(tested, 2);
  const customers = await readCustomers(options.documents);
  if (typeof customers === 'string') return fail(customers, 2);
  try {
    return await runCases(tested, configuration, customers, options.format);
  } catch (error) {
    return fail(`the connector cannot be tested: ${(error as Error).message}`, 1);
  }
}

async function readCustomers(given: GivenDocuments): Promise<TrialCustomers | string> {
  const named = Object.fromEntries(
    DOCUMENT_NAMES.map((name) => [name, given[name] ?? (process.env[VARIABLES[name]] || undefined)]),
  ) as GivenDocuments;
  if (named.cpf === undefined) return `name a customer with --cpf, or with the variable ${VARIABLES.cpf}`;
  const documents = await readDocuments(named, process.stdin);
  if (typeof documents === 'string') return documents;
  const { cpf = '', cnpj, otherCpf, emptyCpf, unknownCpf = NOBODYS_CPF } = documents;
  return {
    customer: { cpf, ...(cnpj !== undefined && { cnpj }) },
    ...(otherCpf !== undefined && { other: { cpf: otherCpf } }),
    ...(emptyCpf !== undefined && { empty: { cpf: emptyCpf } }),
    unknownCpf,
  };
}

async function runCases(
  tested: TestedConnector,
  configuration: Configuration,
  customers: TrialCustomers,
  format: 'text' | 'json',
): Promise<0 | 1> {
  const { testConnector } = await import('../app/consent-side/test-connector.ts');
  const logger = createQuietLog();
  const results: CaseResult[] = [];
  const isText = format === 'text';
  if (isText) process.stdout.write(`${tested.name}, ${tested.settings.kind}, for ${tested.ecosystem}\n\n`);
  for await (const result of testConnector(tested, {
    configuration,
    customers,
    clock: systemClock,
    logger,
  })) {
    results.push(result);
    if (isText) process.stdout.write(describe(result));
  }
  const summary = summarise(results);
  if (isText) {
    const { passed, failed, skipped } = summary;
    process.stdout.write(`\n${passed} passed, ${failed} failed, ${skipped} skipped\n`);
  } else {
    const { name: connector, ecosystem } = tested;
    process.stdout.write(`${JSON.stringify({ connector, ecosystem, summary, results }, null, 2)}\n`);
  }
  return summary.failed > 0 ? 1 : 0;
}

function describe({ number, name, why, outcome, reason }: CaseResult): string {
  const lines = [`${String(number).padStart(3)}  ${outcome.padEnd(7)}  ${name}`];
  if (reason !== undefined) lines.push(`${' '.repeat(14)}${reason}`);
  if (outcome === 'failed') lines.push(`${' '.repeat(14)}${why}`);
  return `${lines.join('\n')}\n`;
}

function summarise(results: readonly CaseResult[]): Record<CaseResult['outcome'], number> {
  const count = (wanted: CaseResult['outcome']) => results.filter(({ outcome }) => outcome === wanted).length;
  return { passed: count('passed'), failed: count('failed'), skipped: count('skipped') };
}

function fail<Status extends 1 | 2>(message: string, status: Status): Status {
  process.stderr.write(`guiche: ${message}\n`);
  return status;
}
