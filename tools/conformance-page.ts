import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DCR_MODULES, ONLY_IN, OP_MODULES } from '../test/conformance/modules.ts';

const TESTS = join(import.meta.dirname, '..', 'test', 'conformance');

/** Test files that prove a module: those that describe it by its name. */
export function provingTests(): ReadonlyMap<string, readonly string[]> {
  const files = readdirSync(TESTS).filter((file) => file.endsWith('.test.ts'));
  const texts = files.map((file) => ({ file, text: readFileSync(join(TESTS, file), 'utf8') }));
  return new Map(
    [...OP_MODULES, ...DCR_MODULES].map((module) => [
      module,
      texts.filter(({ text }) => new RegExp(`['\`]${module}['\`]`).test(text)).map(({ file }) => file),
    ]),
  );
}

/** Renders `docs/conformance.md`. */
export function renderConformancePage(): string {
  const tests = provingTests();
  const countOf = (ecosystem: string) =>
    OP_MODULES.filter((module) => (ONLY_IN[module] ?? ecosystem) === ecosystem).length;
  return `<!-- Generated from test/conformance; regenerate with: npm run docs -->

# Conformance

The OpenID Foundation certifies data holders with its conformance suite. The suite needs a host that it can reach and
software statements of the real directory, so it does not run here. What runs here, at every \`npm test\`, is a test of our
own for each module of its plans, named after the module and written from what the module asserts, against the sandbox:
real TLS, real certificates, a real PostgreSQL, and \`openid-client\` as the client. A module that passes here can still
fail there; these tests exist so that it does not fail for a reason that could have been known.

| plan | variant | modules |
| --- | --- | --- |
| \`fapi1-advanced-final-test-plan\` | \`private_key_jwt\`, \`pushed\`, \`plain_response\`, \`openbanking_brazil\` | ${countOf('open-finance')} |
| the same | \`openinsurance_brazil\` | ${countOf('open-insurance')} |
| \`fapi1-advanced-final-brazil-dcr-test-plan\` | both ecosystems | ${DCR_MODULES.length} |

Each module is tested in both ecosystems unless the table says otherwise. What the suite does not test and guiche promises
all the same is in \`test/scenarios/\`: who may use which consent, tokens that die with it, one registration for a
statement, forged certificate headers, replayed assertions.

## Authorization server

${table(OP_MODULES, tests)}

## Registration

${table(DCR_MODULES, tests)}
`;
}

function table(modules: readonly string[], tests: ReadonlyMap<string, readonly string[]>): string {
  const rows = modules.map((module, index) => {
    const files = (tests.get(module) ?? []).map((file) => `[${file}](../test/conformance/${file})`);
    const only = ONLY_IN[module];
    return `| ${index + 1} | \`${module}\`${only === undefined ? '' : ` (${only} only)`} | ${files.join(', ')} |`;
  });
  return ['| # | module | proved by |', '| --- | --- | --- |', ...rows].join('\n');
}
