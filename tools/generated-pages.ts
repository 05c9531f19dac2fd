import { renderConfigurationPage } from '../src/app/configuration/configuration-page.ts';
import { DIAGNOSTIC_CODES } from '../src/kernel/diagnostic.ts';
import { PROBLEMS } from '../src/kernel/problem.ts';
import { renderConformancePage } from './conformance-page.ts';

/** The generated pages of `docs/`: file name to what renders it. `npm run docs` writes them and a test compares them. */
export const GENERATED_PAGES: Readonly<Record<string, () => string>> = {
  'configuration.md': renderConfigurationPage,
  'errors.md': renderErrorsPage,
  'diagnostics.md': renderDiagnosticsPage,
  'conformance.md': renderConformancePage,
};

function renderErrorsPage(): string {
  const rows = Object.entries(PROBLEMS).map(
    ([code, { status, title, when }]) => `| ${status} | \`${code}\` | ${title} | ${when} |`,
  );
  return `<!-- Generated from src/kernel/problem.ts; regenerate with: npm run docs -->

# Errors

Every error that guiche answers with. The \`code\` is stable. The body has the shape that the operation's own contract
gives its errors: members that the contract does not declare are left out, texts are cut to its lengths. Where no contract
has the path, the body has \`errors[]\` with \`code\`, \`title\`, \`detail\` and \`requestDateTime\`, and \`meta\`.

Where the regulation of an ecosystem has one word for many faults, such as \`NAO_INFORMADO\` in Open Insurance consents, the
body shows that word; what it is comes from \`catalog/<ecosystem>/consents.yaml\`.

Texts are in Portuguese, because receivers read them. No error repeats what the caller sent, and an unexpected one says
nothing but its interaction id, under which the log has the cause.

| status | code | title | when |
| --- | --- | --- | --- |
${rows.join('\n')}
`;
}

function renderDiagnosticsPage(): string {
  const rows = Object.entries(DIAGNOSTIC_CODES).map(([code, meaning]) => `| \`${code}\` | ${meaning} |`);
  return `<!-- Generated from src/kernel/diagnostic.ts; regenerate with: npm run docs -->

# Diagnostics

What \`guiche check\` prints, and \`guiche serve\` at its start, about configuration, contracts and data. One line each:

\`\`\`text
file:line:column severity code json-pointer message
\`\`\`

Line and column start at 1 and are 0 for a finding about a whole file. The pointer is a JSON pointer into the file as it is
written; \`/\` stands for its root. With \`--format json\` each is \`{file,line,column,severity,code,pointer,message}\`, where
the root's pointer is empty.

An \`error\` keeps what it names from being served, a \`warning\` deserves a look, an \`info\` says how something unusual
was read. Codes are stable; messages are not.

| code | meaning |
| --- | --- |
${rows.join('\n')}
`;
}
