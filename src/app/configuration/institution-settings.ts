import { apiConnectors, connectorName } from './connector-settings.ts';
import { type MapOf, mapFrom, mapOf } from './map-kind.ts';
import { file, folder, httpsUrl, oneOf, text, textList, uuid } from './setting-kind.ts';

/** Where an institution finds the directory of its ecosystem, and what it believes there. */
export const DIRECTORY_FIELDS = {
  keystore: {
    kind: httpsUrl(),
    isRequired: true,
    meaning:
      "Base URL of the directory's key store: the one place from which keys of receivers are ever fetched.",
  },
  participants: {
    kind: httpsUrl(),
    meaning: 'URL of the list of participants; by default that of the production directory.',
  },
  anchors: {
    kind: file(),
    isRequired: true,
    meaning: 'PEM file with the certificates of the authorities that client certificates must come from.',
  },
  statementIssuer: {
    kind: text(1, 200),
    meaning: 'The `iss` of software statements; by default that of the production directory.',
  },
  revocation: {
    kind: oneOf(['hard', 'soft']),
    default: 'hard',
    meaning:
      '`hard` refuses certificates while the list of revoked ones cannot be read, `soft` takes them meanwhile.',
  },
  authorities: {
    kind: file(),
    meaning:
      'PEM file with further authorities that the TLS certificate of the directory itself may come from.',
  },
} as const;

const COLOUR = text(7, 7, /^#[0-9a-f]{6}$/i, 'a colour such as #0b5d3b');

/** Colours of the institution. Those in which text could not be read are refused when the pages are made. */
export const ACCENT_FIELDS = {
  light: { kind: COLOUR, isRequired: true, meaning: 'On light pages.' },
  dark: { kind: COLOUR, isRequired: true, meaning: 'On dark pages.' },
} as const;

/** Members of one institution. */
export const INSTITUTION_FIELDS = {
  name: {
    kind: text(1, 100),
    isRequired: true,
    meaning: "The institution's name, as its customers know it.",
  },
  organisationId: {
    kind: uuid(),
    isRequired: true,
    meaning: 'The organisation in the directory.',
  },
  namespace: {
    kind: text(2, 32, /^[a-zA-Z0-9][a-zA-Z0-9-]*$/, 'letters, digits and hyphens, such as bancoexemplo'),
    isRequired: true,
    meaning: 'The namespace of consent ids: `urn:<namespace>:…`.',
  },
  issuer: {
    kind: httpsUrl(),
    isRequired: true,
    meaning:
      'Issuer of the authorization server: the public URL that the discovery document stands below. Its host reaches the public listener.',
  },
  mtlsBase: {
    kind: httpsUrl(),
    isRequired: true,
    meaning:
      'Public URL of the mTLS listener for this institution, with the same path as `issuer`; token, registration and consents are reached there.',
  },
  connector: {
    kind: connectorName(),
    meaning: "The connector to the institution's systems, by its name in `connectors`.",
  },
  apis: {
    kind: apiConnectors(),
    default: {},
    meaning:
      'APIs that another connector serves: a map from the segment of the path that names the API to the name of a connector.',
  },
  login: {
    kind: connectorName(),
    meaning: 'The connector with which customers log in, where it is not `connector`.',
  },
  customers: {
    kind: folder(),
    meaning: 'In place of a `connector`, a folder of customers: `<CPF>/customer.yaml`, and their data below.',
  },
  accent: {
    kind: mapOf(ACCENT_FIELDS),
    meaning:
      'Colours of buttons and links on the pages for customers: `light` and `dark`, for pages of that kind.',
  },
  passwords: {
    kind: file(),
    meaning:
      'File with the scrypt hashes of the passwords of `customers`, by login; without one nobody can log in.',
  },
  offers: {
    kind: textList(),
    meaning:
      'What the institution offers: resource types, and API scopes of what has no resource type, such as `customers`; by default everything of the ecosystem.',
  },
  directory: {
    kind: mapOf(DIRECTORY_FIELDS),
    isRequired: true,
    meaning: 'The directory of the ecosystem, described below.',
  },
} as const;

export type InstitutionSettings = MapOf<typeof INSTITUTION_FIELDS>;
export type DirectorySettings = MapOf<typeof DIRECTORY_FIELDS>;

/** Ecosystems that have consents. */
export const CONSENT_ECOSYSTEMS = ['open-finance', 'open-insurance'] as const;

/** Institutions by ecosystem. */
export function institutions() {
  return mapFrom(CONSENT_ECOSYSTEMS, mapOf(INSTITUTION_FIELDS));
}

/** A proxy that ends TLS in front of the mTLS listener and hands on the client's certificate. */
export const PROXY_FIELDS = {
  header: {
    kind: text(1, 100, /^[a-z0-9-]+$/, 'a header name in lower case'),
    isRequired: true,
    meaning: 'Header in which the proxy hands on the certificate.',
  },
  format: {
    kind: oneOf(['pem-escaped', 'rfc9440']),
    default: 'pem-escaped',
    meaning: '`pem-escaped` is nginx’s `$ssl_client_escaped_cert`, `rfc9440` the standard `Client-Cert`.',
  },
  thumbprints: {
    kind: textList(),
    default: [],
    meaning:
      "SHA-256 thumbprints, base64url, of the proxy's own client certificates, where it speaks TLS to guiche.",
  },
  addresses: {
    kind: textList(),
    default: [],
    meaning: 'Addresses and ranges of the proxy, where it speaks plain HTTP and proves itself by `secret`.',
  },
  secret: {
    kind: text(32, 200),
    meaning: 'What the proxy sends in `x-guiche-proxy-secret`; at least 32 characters.',
  },
} as const;

export type ProxySettings = MapOf<typeof PROXY_FIELDS>;

/** The proxy, or none. */
export function proxy() {
  return mapOf(PROXY_FIELDS);
}
