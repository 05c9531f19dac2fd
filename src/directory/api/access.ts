/** Who acts: a person by what they are in the directory, or a software by its own certificate. */
export const ROLES = [
  'super-user',
  'organisation-administrator',
  'technical-contact',
  'business-contact',
  'software',
] as const;
export type Role = (typeof ROLES)[number];

export const VERBS = ['read', 'create', 'update', 'remove'] as const;
export type Verb = (typeof VERBS)[number];

/** What records are about, which decides who may do what with them. */
export const AREAS = [
  'reference',
  'terms',
  'organisation',
  'claim',
  'authorisation-server',
  'contact',
  'domain-user',
  'organisation-administrator',
  'software',
  'software-claim',
  'assertion',
  'certificate',
  'signing',
  'user',
  'super-user',
] as const;
export type Area = (typeof AREAS)[number];

/** `any`: everybody's records; `own`: those of the caller's own organisation, software or person. */
type Reach = 'any' | 'own';
type Grants = Partial<Record<Verb, Reach>>;

const READ: Grants = { read: 'any' };
const READ_OWN: Grants = { read: 'own' };
const KEEP_OWN: Grants = { read: 'own', create: 'own', update: 'own', remove: 'own' };
const KEEP_OWN_READ_ANY: Grants = { ...KEEP_OWN, read: 'any' };
const ALL: Grants = { read: 'any', create: 'any', update: 'any', remove: 'any' };

/** What everybody may know of everybody: nothing about persons, nothing of use to pose as somebody. */
const PUBLISHED: Partial<Record<Area, Grants>> = {
  reference: READ,
  terms: READ,
  organisation: READ,
  claim: READ,
  'authorisation-server': READ,
};

/**
 * Who may do what; what is not here nobody may. The public contract gives roles but no rights, so the rule is ours: the
 * directory's operator (super user) decides who takes part and as what, an organisation keeps its own records, its
 * technical contacts those about machines, its other contacts those about people, and a software what is its own.
 */
const GRANTS: Readonly<Record<Role, Partial<Record<Area, Grants>>>> = {
  'super-user': Object.fromEntries(AREAS.map((area) => [area, ALL])),
  'organisation-administrator': {
    ...PUBLISHED,
    organisation: { read: 'any', update: 'own' },
    'authorisation-server': KEEP_OWN_READ_ANY,
    contact: KEEP_OWN,
    'domain-user': KEEP_OWN,
    'organisation-administrator': READ_OWN,
    software: KEEP_OWN,
    'software-claim': KEEP_OWN,
    assertion: READ_OWN,
    certificate: KEEP_OWN,
    signing: KEEP_OWN,
    user: READ_OWN,
  },
  'technical-contact': {
    ...PUBLISHED,
    'authorisation-server': KEEP_OWN_READ_ANY,
    contact: READ_OWN,
    'domain-user': READ_OWN,
    software: { read: 'own', create: 'own', update: 'own' },
    'software-claim': READ_OWN,
    assertion: READ_OWN,
    certificate: KEEP_OWN,
    user: READ_OWN,
  },
  'business-contact': {
    ...PUBLISHED,
    contact: KEEP_OWN,
    'domain-user': READ_OWN,
    software: READ_OWN,
    'software-claim': READ_OWN,
    certificate: READ_OWN,
    signing: READ_OWN,
    user: READ_OWN,
  },
  software: {
    ...PUBLISHED,
    software: READ_OWN,
    'software-claim': READ_OWN,
    assertion: READ_OWN,
    certificate: { read: 'own', create: 'own', update: 'own' },
  },
};

/** Whether a role may do something with records of an area, which are its own or not. */
export function may(role: Role, verb: Verb, area: Area, isOwn: boolean): boolean {
  const reach = GRANTS[role][area]?.[verb];
  return reach === 'any' || (reach === 'own' && isOwn);
}
