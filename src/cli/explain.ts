import { type Explanation, isExplainable } from '../explain/create-explain.ts';
import { describeExplanation } from '../explain/describe-explanation.ts';
import { formatDiagnostic } from '../kernel/diagnostic.ts';
import { askAdmin } from './ask-admin.ts';
import { presentDiagnostics } from './present-diagnostics.ts';
import { type ConfigurationFlags, readConfiguration } from './read-configuration.ts';

export interface ExplainOptions extends ConfigurationFlags {
  readonly format: 'text' | 'json';
}

/**
 * Asks a running service why a call was answered as it was, or how a resource came to its state.
 *
 * @param id an interaction id or the public id of a resource
 * @returns the exit status: 0 when something is known, 1 when nothing is or nothing answers, 2 for a wrong flag or id
 */
export async function explain(options: ExplainOptions, id: string): Promise<0 | 1 | 2> {
  if (!isExplainable(id)) return fail('an id has letters, digits and hyphens, 100 at the most', 2);
  const { configuration, diagnostics, failure } = await readConfiguration(options);
  if (!configuration) {
    process.stderr.write(`${presentDiagnostics(diagnostics).map(formatDiagnostic).join('\n')}\n`);
    return failure;
  }
  try {
    const { status, body } = await askAdmin(configuration, 'GET', `/explain/${id}`);
    if (status !== 200)
      return fail((body as { error?: string }).error ?? `the service answered ${status}`, 1);
    const found = body as Explanation;
    process.stdout.write(
      options.format === 'json' ? `${JSON.stringify(found, null, 2)}\n` : describeExplanation(found),
    );
    return 0;
  } catch (error) {
    return fail((error as Error).message, 1);
  }
}

function fail<Status extends 1 | 2>(message: string, status: Status): Status {
  process.stderr.write(`guiche: ${message}\n`);
  return status;
}
