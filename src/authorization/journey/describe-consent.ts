import type { Consent } from '../../consents/consent.ts';

/** Where a consent stands, as its customer reads it. */
export interface ConsentStanding {
  readonly label: string;
  /** Chooses the colour; never the only thing that tells. */
  readonly tone: 'active' | 'waiting' | 'ended';
}

const REJECTIONS: Readonly<Record<string, string>> = {
  CONSENT_EXPIRED: 'Não confirmado a tempo',
  CUSTOMER_MANUALLY_REJECTED: 'Recusado',
  CUSTOMER_MANUALLY_REVOKED: 'Cancelado',
  CONSENT_MAX_DATE_REACHED: 'Terminou na data combinada',
  CONSENT_TECHNICAL_ISSUE: 'Encerrado por falha técnica',
  INTERNAL_SECURITY_REASON: 'Encerrado por segurança',
};

/** Puts a consent's status in words. */
export function describeStanding(consent: Consent): ConsentStanding {
  if (consent.status === 'AWAITING_AUTHORISATION')
    return { label: 'Aguardando confirmação', tone: 'waiting' };
  if (consent.status === 'CONSUMED') return { label: 'Concluído', tone: 'ended' };
  if (consent.status === 'REJECTED')
    return { label: REJECTIONS[consent.rejection?.code ?? ''] ?? 'Encerrado', tone: 'ended' };
  const isWaiting = consent.selection?.resources.some(
    ({ awaiting, isRefused }) => awaiting.length > 0 && !isRefused,
  );
  return isWaiting
    ? { label: 'Ativo, com aprovação pendente', tone: 'waiting' }
    : { label: 'Ativo', tone: 'active' };
}

const DAY = new Intl.DateTimeFormat('pt-BR', { dateStyle: 'long', timeZone: 'America/Sao_Paulo' });

/** The day of an instant in Brasília, in words. */
export function describeDay(instant: number): string {
  return DAY.format(instant);
}

/** Until when a consent holds, in words. */
export function describeEnd({ expiresAt }: Pick<Consent, 'expiresAt'>): string {
  return expiresAt === undefined ? 'Sem data para terminar' : describeDay(expiresAt);
}

/** A CPF of which only the middle can be read, enough for its owner to know it: `***.456.789-**`. */
export function maskCpf(cpf: string): string {
  return `***.${cpf.slice(3, 6)}.${cpf.slice(6, 9)}-**`;
}

/** A CNPJ as it is written: `12.345.678/0001-95`. */
export function writeCnpj(cnpj: string): string {
  return cnpj.replace(/^(.{2})(.{3})(.{3})(.{4})(.{2})$/, '$1.$2.$3/$4-$5');
}
