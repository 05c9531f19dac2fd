import { encodeDer, encodeDerOid } from './encode-der.ts';
import { Extension, type JsonNameParams, Name } from './x509.ts';

const OID = {
  commonName: '2.5.4.3',
  serialNumber: '2.5.4.5',
  country: '2.5.4.6',
  locality: '2.5.4.7',
  state: '2.5.4.8',
  organisation: '2.5.4.10',
  unit: '2.5.4.11',
  businessCategory: '2.5.4.15',
  organisationIdentifier: '2.5.4.97',
  userId: '0.9.2342.19200300.100.1.1',
  jurisdictionCountry: '1.3.6.1.4.1.311.60.2.1.3',
  /** CNPJ of the holder, in certificates of ICP-Brasil. */
  holderCnpj: '2.16.76.1.3.3',
} as const;

/** The kinds of legal person that a client certificate may name. */
export type BusinessCategory =
  | 'Private Organization'
  | 'Government Entity'
  | 'Business Entity'
  | 'Non-Commercial Entity';

/** Whom a client certificate names. */
export interface ClientSubject {
  /** What stands before the organisation's id, such as `OFBBR-`. */
  readonly prefix: string;
  /** Prefixes of further ecosystems in which the same software takes part, for a sandbox that certifies for several. */
  readonly furtherPrefixes?: readonly string[];
  readonly organisationId: string;
  readonly softwareId: string;
  readonly organisationName: string;
  /** Digits, or letters and digits, without punctuation. */
  readonly cnpj: string;
  readonly state: string;
  readonly city: string;
  /** Host name, or a wildcard of one. */
  readonly commonName: string;
  /** `Private Organization` when absent. */
  readonly businessCategory?: BusinessCategory;
}

/** Whom a signing certificate names. */
export interface SigningSubject {
  readonly organisationId: string;
  readonly organisationName: string;
  readonly cnpj: string;
}

/**
 * The subject of a client certificate. Its text form, which RFC 4514 writes from the last attribute to the first, reads
 * CN, UID, organizationIdentifier, L, ST, O, C, serialNumber, jurisdictionCountryName, businessCategory; three
 * attributes are PrintableString, the others UTF8String (Open Finance Brasil certificate standard, §5.2.2).
 */
export function clientSubject(subject: ClientSubject): Name {
  return new Name([
    utf8(OID.businessCategory, subject.businessCategory ?? 'Private Organization'),
    printable(OID.jurisdictionCountry, 'BR'),
    printable(OID.serialNumber, subject.cnpj),
    printable(OID.country, 'BR'),
    utf8(OID.organisation, subject.organisationName),
    utf8(OID.state, subject.state),
    utf8(OID.locality, subject.city),
    ...[subject.prefix, ...(subject.furtherPrefixes ?? [])].map((prefix) =>
      utf8(OID.organisationIdentifier, `${prefix}${subject.organisationId}`),
    ),
    utf8(OID.userId, subject.softwareId),
    utf8(OID.commonName, subject.commonName),
  ]);
}

/** The subject of a server certificate: its first name. The names that count are in the extension. */
export function serverSubject(organisationName: string, commonName: string): Name {
  return new Name([
    printable(OID.country, 'BR'),
    utf8(OID.organisation, organisationName),
    utf8(OID.commonName, commonName),
  ]);
}

/** The subject of a signing certificate: participant code as UID, three units, legal name (same standard, §5.2.3). */
export function signingSubject(authorityName: string, subject: SigningSubject): Name {
  return new Name([
    printable(OID.country, 'BR'),
    utf8(OID.organisation, 'ICP-Brasil'),
    utf8(OID.unit, authorityName),
    utf8(OID.unit, subject.cnpj),
    utf8(OID.unit, 'Certificado Digital de Sandbox'),
    utf8(OID.userId, subject.organisationId),
    utf8(OID.commonName, subject.organisationName),
  ]);
}

/** The subject of the authority itself. */
export function authoritySubject(authorityName: string, commonName: string): Name {
  return new Name([
    printable(OID.country, 'BR'),
    utf8(OID.organisation, authorityName),
    utf8(OID.commonName, commonName),
  ]);
}

/**
 * The alternative name of a signing certificate that ICP-Brasil prescribes for legal persons: the CNPJ as another-name.
 * Those about the responsible natural person are left out: a sandbox has none, and they would be personal data.
 */
export function holderCnpjExtension(cnpj: string): Extension {
  const value = encodeDer(0xa0, encodeDer(0x04, Buffer.from(cnpj, 'ascii')));
  const otherName = encodeDer(0xa0, encodeDerOid(OID.holderCnpj), value);
  return new Extension('2.5.29.17', false, encodeDer(0x30, otherName));
}

function utf8(type: string, value: string): JsonNameParams[number] {
  return { [type]: [{ utf8String: value }] };
}

function printable(type: string, value: string): JsonNameParams[number] {
  return { [type]: [{ printableString: value }] };
}
