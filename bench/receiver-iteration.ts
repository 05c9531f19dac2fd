import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Measure } from './measure.ts';
import type { IterationReport } from './peers/iterate-records.ts';
import { startProcess } from './start-process.ts';
import { median, rounded } from './statistics.ts';

const PROGRAM = join(import.meta.dirname, 'peers', 'iterate-records.ts');
const PAGES = 500;
const MEBIBYTE = 1024 ** 2;
/** Heap that may come and go with the pages under way; a page of 1,000 records alone takes several. */
const MOST_GROWTH_MB = 2;

/** 500 pages read by the iterator of `guiche/receiver`: whether each record comes once, and what stays in memory. */
export const measureReceiverIteration: Measure = async ({ quick, tell }) => {
  const [rounds, size] = quick ? [1, 25] : [3, 1_000];
  const server = servePages(PAGES, size);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    const reports: IterationReport[] = [];
    for (let round = 1; round <= rounds; round += 1) {
      tell(`iteration: ${PAGES} pages of ${size} records, ${round} of ${rounds}`);
      reports.push(await iterate((server.address() as AddressInfo).port, PAGES * size));
    }
    const expected = PAGES * size;
    const wrong = Math.max(...reports.map(({ repeated, distinct }) => repeated + expected - distinct));
    const growth = Math.max(...reports.map(({ heapAtTenth, heapAtEnd }) => heapAtEnd - heapAtTenth));
    return {
      figures: [
        {
          name: `${PAGES} pages by the receiver's iterator, records that come twice or never`,
          value: wrong,
          unit: 'records',
          target: { atMost: 0 },
          remark: `of ${expected}`,
        },
        {
          name: `${PAGES} pages by the receiver's iterator, heap in use after the last page beyond that after the fiftieth`,
          value: rounded(growth / MEBIBYTE),
          unit: 'MB',
          target: { atMost: MOST_GROWTH_MB },
          remark: `the most of ${rounds}; collected before it is looked at; ${size} records a page`,
        },
        {
          name: `${PAGES} pages by the receiver's iterator, records a second`,
          value: Math.round(median(reports.map(({ seconds }) => expected / seconds))),
          unit: '1/s',
          remark: 'the server that makes the pages has the same machine',
        },
      ],
      details: { size, reports },
    };
  } finally {
    server.close();
  }
};

async function iterate(port: number, expected: number): Promise<IterationReport> {
  const reader = startProcess([process.execPath, '--expose-gc', PROGRAM, String(port), String(expected)]);
  try {
    const { line } = await reader.line((candidate) => candidate.startsWith('{'));
    return JSON.parse(line) as IterationReport;
  } finally {
    await reader.stop();
  }
}

/** Discovery and one list, made as it is asked for. */
function servePages(pages: number, size: number): Server {
  return createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'https://holder.example');
    const body = url.pathname.endsWith('/openid-configuration')
      ? { issuer: url.origin, token_endpoint: `${url.origin}/token`, jwks_uri: `${url.origin}/jwks` }
      : composePage(url, pages, size);
    response.setHeader('content-type', 'application/json').end(JSON.stringify(body));
  });
}

function composePage(url: URL, pages: number, size: number) {
  const number = Number(url.searchParams.get('page') ?? 1);
  const next = new URL(url);
  next.searchParams.set('page', String(number + 1));
  return {
    data: Array.from({ length: size }, (_, at) => composeRecord((number - 1) * size + at)),
    links: { self: url.href, ...(number < pages && { next: next.href }) },
    meta: { totalRecords: pages * size, totalPages: pages },
  };
}

/** As large as a movement of an account. */
function composeRecord(id: number) {
  return {
    id,
    name: `Lançamento número ${id}`,
    kind: id % 2 === 0 ? 'CREDITO' : 'DEBITO',
    amount: { amount: (id / 100).toFixed(2), currency: 'BRL' },
    at: '2026-03-02T12:00:00.000Z',
    party: { document: String(id).padStart(14, '0'), branch: '0001', account: String(id).padStart(8, '0') },
  };
}
