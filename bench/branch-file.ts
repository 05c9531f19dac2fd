import { once } from 'node:events';
import { createWriteStream, statSync } from 'node:fs';

/** A generated dataset of insurance branches. */
export interface BranchFile {
  readonly file: string;
  readonly records: number;
  readonly bytes: number;
}

/** The mark that every record of a version carries in its name. */
export function markOf(version: number): string {
  return `edição ${version}`;
}

const TOWNS = [
  ['São Paulo', 'SP', '3550308', '11'],
  ['Rio de Janeiro', 'RJ', '3304557', '21'],
  ['Belo Horizonte', 'MG', '3106200', '31'],
  ['Curitiba', 'PR', '4106902', '41'],
  ['Florianópolis', 'SC', '4205407', '48'],
  ['Porto Alegre', 'RS', '4314902', '51'],
  ['Brasília', 'DF', '5300108', '61'],
  ['Goiânia', 'GO', '5208707', '62'],
  ['Salvador', 'BA', '2927408', '71'],
  ['Recife', 'PE', '2611606', '81'],
  ['Fortaleza', 'CE', '2304400', '85'],
  ['Belém', 'PA', '1501402', '91'],
] as const;
const STREETS = [
  'Avenida Brasil',
  'Rua Sete de Setembro',
  'Rua das Acácias',
  'Praça da República',
  'Avenida Beira-Rio',
];
const DISTRICTS = ['Centro', 'Boa Vista', 'Jardim América', 'Vila Nova', 'Santo Antônio'];
const WEEKDAYS = ['SEGUNDA_FEIRA', 'TERCA_FEIRA', 'QUARTA_FEIRA', 'QUINTA_FEIRA', 'SEXTA_FEIRA'];
const SERVICES = [
  ['ALTERACOES_FORMA_PAGAMENTO', '01'],
  ['AVISO_SINISTRO', '02'],
  ['ENDOSSO', '05'],
  ['RECLAMACAO', '16'],
] as const;
const RECORDS_PER_WRITE = 1000;

/**
 * Writes branches of one company that keep to version 2 of the channels contract, about 540 bytes each. The same
 * version and number of records give the same bytes.
 *
 * @param version sets every value apart from those of another version, and marks every record
 */
export async function writeBranchFile(file: string, records: number, version: number): Promise<BranchFile> {
  const random = createRandom(version);
  const stream = createWriteStream(file);
  stream.write(
    '{"data":{"brand":{"name":"Seguradora de Medição","companies":[{"name":"Seguradora de Medição S.A.","cnpjNumber":"12345678000195","branches":[\n',
  );
  for (let first = 0; first < records; first += RECORDS_PER_WRITE) {
    const count = Math.min(RECORDS_PER_WRITE, records - first);
    const texts = Array.from({ length: count }, (_, index) =>
      JSON.stringify(branch(first + index, version, random)),
    );
    const separator = first + count < records ? ',\n' : '\n';
    if (!stream.write(texts.join(',\n') + separator)) await once(stream, 'drain');
  }
  stream.end(']}]}}}\n');
  await once(stream, 'close');
  return { file, records, bytes: statSync(file).size };
}

function branch(index: number, version: number, random: () => number) {
  const pick = <T>(list: readonly T[]) => list[Math.floor(random() * list.length)] as T;
  const digits = (count: number) => String(Math.floor(random() * 10 ** count)).padStart(count, '0');
  const [townName, countrySubDivision, ibgeCode, areaCode] = pick(TOWNS);
  const [name, code] = pick(SERVICES);
  const hours = { openingTime: `1${digits(1)}:00:00Z`, closingTime: '20:00:00Z' };
  return {
    identification: {
      type: 'FILIAL',
      code: String(index % 10_000).padStart(4, '0'),
      checkDigit: digits(1),
      name: `Agência ${index + 1} ${markOf(version)}`,
    },
    postalAddress: {
      address: `${pick(STREETS)}, ${1 + Math.floor(random() * 4000)}`,
      districtName: pick(DISTRICTS),
      townName,
      ibgeCode,
      countrySubDivision,
      postCode: `${digits(5)}-${digits(3)}`,
    },
    availability: {
      standards: [{ weekday: pick(WEEKDAYS), ...hours }],
      isPublicAccessAllowed: random() < 0.9,
    },
    phones: [{ type: 'FIXO', countryCallingCode: '55', areaCode, number: `3${digits(7)}` }],
    services: [{ name, code }],
  };
}

/** Numbers from 0 to 1, always the same for the same seed (mulberry32). */
export function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
