import { createHash, X509Certificate } from 'node:crypto';
import { accessSync, constants, mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { after } from 'node:test';
import { type Browser, chromium, type Page } from 'playwright-core';

const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
const SCREENSHOTS = join(import.meta.dirname, '..', '..', 'artifacts', 'screenshots');
/** Chromium asks nothing of anybody but the test's own servers. */
const QUIET = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
const LEVELS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];

const executablePath = [process.env.CHROMIUM ?? '', ...PLACES].find(isExecutable);

/** Why browser tests are skipped; false where there is a Chromium. */
export const NO_CHROMIUM: string | false =
  executablePath === undefined && `no Chromium: set CHROMIUM or install one of ${PLACES.join(', ')}`;

const running: Browser[] = [];
after(async () => {
  for (const browser of running) await browser.close();
});

/** What a Chromium believes and knows besides what every other one does. */
export interface ChromiumSurroundings {
  /** PEM certificates whose keys are believed, whoever has signed them; everything else about TLS is checked as ever. */
  readonly trusted?: readonly string[];
  /** Addresses (`127.0.0.1:8443`) of hosts that no name server knows. */
  readonly hosts?: Readonly<Record<string, string>>;
}

/** Starts Chromium until the test file ends. */
export async function startChromium({
  trusted = [],
  hosts = {},
}: ChromiumSurroundings = {}): Promise<Browser> {
  if (executablePath === undefined) throw new Error(String(NO_CHROMIUM));
  const args = [...QUIET];
  if (trusted.length > 0)
    args.push(`--ignore-certificate-errors-spki-list=${trusted.map(hashPublicKey).join(',')}`);
  const rules = Object.entries(hosts).map(([host, address]) => `MAP ${host} ${address}`);
  if (rules.length > 0) args.push(`--host-resolver-rules=${rules.join(',')}`);
  const browser = await chromium.launch({ executablePath, args });
  running.push(browser);
  return browser;
}

/** Keeps what the page looks like, for people to see, who set `KEEP_SCREENSHOTS`: nothing else needs the time that it takes. */
export async function keepScreenshot(page: Page, name: string): Promise<void> {
  if (!process.env.KEEP_SCREENSHOTS) return;
  mkdirSync(SCREENSHOTS, { recursive: true });
  await page.screenshot({ path: join(SCREENSHOTS, `${name}.png`), fullPage: true });
}

/** What of a page breaks WCAG 2.2 AA, as far as axe can tell: rule and place. */
export async function findBarriers(page: Page): Promise<string[]> {
  await page.evaluate(AXE);
  return page.evaluate(async (levels) => {
    const { axe } = globalThis as unknown as { axe: Axe };
    const { violations } = await axe.run({
      runOnly: { type: 'tag', values: levels },
      resultTypes: ['violations'],
    });
    return violations.flatMap(({ id, nodes }) => nodes.map(({ target }) => `${id}: ${target.join(' ')}`));
  }, LEVELS);
}

interface Axe {
  run(options: unknown): Promise<{ violations: { id: string; nodes: { target: string[] }[] }[] }>;
}

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

function hashPublicKey(certificate: string): string {
  const key = new X509Certificate(certificate).publicKey.export({ type: 'spki', format: 'der' });
  return createHash('sha256').update(key).digest('base64');
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return file !== '';
  } catch {
    return false;
  }
}
