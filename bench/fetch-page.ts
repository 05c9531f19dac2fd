import { type Agent, get } from 'node:http';

/** A page as a caller gets it. */
export interface FetchedPage {
  readonly body: string;
  /** From asking to the last byte. */
  readonly milliseconds: number;
}

/** Asks for one page; rejects when the connection breaks or the status is not 200. */
export function fetchPage(agent: Agent, url: string): Promise<FetchedPage> {
  return new Promise((resolve, reject) => {
    const asked = performance.now();
    get(url, { agent }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const milliseconds = performance.now() - asked;
        const body = Buffer.concat(chunks).toString();
        if (response.statusCode === 200) resolve({ body, milliseconds });
        else reject(new Error(`${url} answered ${response.statusCode}: ${body.slice(0, 200)}`));
      });
    }).on('error', reject);
  });
}
