/** How serious a finding is: an `error` keeps what it names from being served. */
export type Severity = 'error' | 'warning' | 'info';

/**
 * One finding about a file that guiche read: configuration, contract or data.
 *
 * `line` and `column` start at 1 and are 0 where the finding concerns the file as a whole. `pointer` is a JSON
 * pointer (RFC 6901) into the document, empty for its root. `code` is stable and listed in `docs/diagnostics.md`.
 */
export interface Diagnostic {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly severity: Severity;
  readonly code: DiagnosticCode;
  readonly pointer: string;
  readonly message: string;
}

/** Every diagnostic code with its one-line meaning; `docs/diagnostics.md` is held to this table by a test. */
export const DIAGNOSTIC_CODES = {
  'config-syntax': 'The configuration file is not valid YAML.',
  'config-unknown-key': 'The configuration has a key that guiche does not know.',
  'config-value': 'A configuration value is not of the kind expected there.',
  'config-missing-file': 'The configuration file named with --config cannot be read.',
  'config-development-default': 'A default that suits a laptop is in use; production refuses it.',
  'config-institution': 'What an institution needs to hold consents is missing, or contradicts itself.',
  'contract-empty': 'A contract file has no bytes.',
  'contract-not-utf8': 'A contract file is not UTF-8 text.',
  'contract-syntax': 'A contract file is neither YAML nor JSON.',
  'contract-duplicate-key': 'A mapping in a contract has the same key twice; the last one is read.',
  'contract-not-openapi': 'A file in a contracts folder is not an OpenAPI 3 document.',
  'contract-unreadable': 'A contract file or folder cannot be read.',
  'contract-link-loop': 'A symbolic link in a contracts folder leads in a circle.',
  'contract-too-large': 'A contract file is larger than any contract.',
  'contract-too-complex': 'A contract expands without bound, as documents made to exhaust memory do.',
  'contract-ref-dangling': 'A reference in a contract leads nowhere.',
  'contract-ref-outside': 'A reference in a contract leaves its folder; refused.',
  'contract-ref-network': 'A reference in a contract leads to the network; refused.',
  'contract-ref-cycle': 'References in a contract lead to each other and never to a value.',
  'contract-version': 'The version of a contract is not of the form 1.0.0.',
  'contract-no-server': 'A contract names no server, so nothing says which path it is served under.',
  'contract-no-operations': 'A contract declares no operation.',
  'contract-operation': 'An operation of a contract cannot be compiled.',
  'contract-required-undeclared': 'A contract requires a name that it does not declare; not demanded.',
  'contract-enum-repeated': 'An enum lists a value twice; read as once.',
  'contract-enum-too-long': 'An enum value is longer than the length limit beside it; the enum wins.',
  'contract-zero-width': 'A format holds invisible characters; read without them.',
  'contract-pattern-repaired': 'A pattern escapes NUL where it means zero; read as zero.',
  'contract-pattern-dropped': 'A pattern is not a regular expression that can be run; not checked.',
  'contract-response-headers': 'Request headers that describe the response; never demanded of a caller.',
  'contract-body-on-204': 'A 204 answer declares a body; sent without one.',
  'contract-route-replaced': "An operator's contract answers a route in place of the catalog's.",
  'contract-route-twice': "Two of the operator's contracts have one route; the higher version answers.",
  'contract-version-not-found': 'The configuration pins a route to a version that no contract has.',
  'data-unreadable': 'A data file or folder cannot be read.',
  'data-link-loop': 'A symbolic link in a data folder leads in a circle.',
  'data-empty': 'A data file has no bytes, or a folder of parts has no part.',
  'data-too-large': 'A data file is larger than maxDatasetMegabytes.',
  'data-not-utf8': 'A data file is not UTF-8 text.',
  'data-bom': 'A data file begins with a byte-order mark; read without it.',
  'data-syntax': 'A data file is not valid JSON.',
  'data-too-deep': 'Values in a data file are nested deeper than any contract.',
  'data-duplicate-key': 'An object in a data file has the same key twice.',
  'data-changing': 'A data file kept changing while it was read.',
  'data-parts-differ': 'The parts of a dataset differ in what surrounds their records.',
  'data-folder-twice': 'Two files or folders offer the same dataset.',
  'data-no-endpoint': 'A file in a data folder belongs to no endpoint.',
  'data-not-served': 'A data file belongs to an endpoint that is not served from files.',
  'data-type': 'A value is of another type than the contract says.',
  'data-required': 'A field that the contract requires is missing.',
  'data-unknown-field': 'An object has a field that the contract does not allow.',
  'data-enum': "A value is not one of the contract's.",
  'data-pattern': 'A text does not have the form that the contract gives by a pattern.',
  'data-format': 'A text does not have the format that the contract names, such as a date.',
  'data-length': 'A text is shorter or longer than the contract allows.',
  'data-range': 'A number is outside what the contract allows.',
  'data-count': 'A list has fewer or more elements than the contract allows.',
  'data-shape': 'A value breaks another rule of the contract.',
  'data-more-faults': 'A dataset has more faults than are listed.',
} as const satisfies Record<string, string>;

export type DiagnosticCode = keyof typeof DIAGNOSTIC_CODES;

/** Renders a diagnostic as its one line: `file:line:column severity code json-pointer message`. */
export function formatDiagnostic(diagnostic: Diagnostic): string {
  const { file, line, column, severity, code, pointer, message } = diagnostic;
  return `${file}:${line}:${column} ${severity} ${code} ${pointer === '' ? '/' : pointer} ${message}`;
}
