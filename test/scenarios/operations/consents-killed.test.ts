import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, describe, it } from 'node:test';
import { Agent, request } from 'undici';
import type { SandboxDescription, SandboxInstitution } from '../../../src/app/sandbox/sandbox-description.ts';
import { connectHolder, ownToken } from '../../../src/receiver/connect-holder.ts';
import { findHolder } from '../../../src/receiver/find-holder.ts';
import { createReceiver } from '../../../src/receiver/receiver.ts';
import type { ReceiverKeys } from '../../../src/receiver/receiver-keys.ts';
import { madeUpCpf } from '../../support/made-up-consent.ts';
import { type PreparedSandbox, prepareSandbox } from '../../support/prepared-sandbox.ts';
import type { Json } from '../../support/send-request.ts';

const PROGRAM = join(import.meta.dirname, '../../support/serve-sandbox-until-killed.ts');
const KEEPING_CODE = join(import.meta.dirname, '../../support/keep-compiled-code.js');
const ACKNOWLEDGED = 600;
const CONNECTIONS = 32;
const PERMISSIONS: Readonly<Record<string, readonly string[]>> = {
  'open-finance': ['ACCOUNTS_READ', 'ACCOUNTS_BALANCES_READ', 'RESOURCES_READ'],
  'open-insurance': ['DAMAGES_AND_PEOPLE_AUTO_READ', 'RESOURCES_READ'],
};

/** A sandbox in a process of its own. */
interface Service {
  readonly process: ChildProcess;
  readonly description: SandboxDescription;
  /** The next line that it writes, parsed. */
  next(): Promise<Json>;
}

const children: ChildProcess[] = [];
after(() => {
  for (const child of children) child.kill('SIGKILL');
});

async function start({ stateFolder, ports }: PreparedSandbox): Promise<Service> {
  const numbers = [ports.public, ports.mtls, ports.directory, ports.directoryMtls].map(String);
  const child = spawn(process.execPath, ['--import', KEEPING_CODE, PROGRAM, stateFolder, ...numbers], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async () => JSON.parse((await lines.next()).value ?? 'null');
  const description = await next();
  assert.ok(description?.ready, 'the service started');
  return { process: child, description, next };
}

/** A receiver that goes on with the same keys and tokens, whatever becomes of the service. */
interface Writer {
  readonly institution: SandboxInstitution;
  send(method: string, path: string, body?: unknown, key?: string): Promise<{ status: number; body: Json }>;
  close(): Promise<void>;
}

async function openWriter({ description }: Service, ecosystem: string): Promise<Writer> {
  const [receiver] = description.receivers;
  const institution = description.institutions.find((one) => one.ecosystem === ecosystem);
  if (!receiver || !institution) throw new Error(`the sandbox has nothing of ${ecosystem}`);
  const read = (file: string) => readFileSync(file, 'utf8');
  const [signing, encryption] = JSON.parse(read(receiver.jwksFile)).keys;
  const keys: ReceiverKeys = {
    signing,
    encryption,
    certificate: read(receiver.certFile),
    certificateKey: read(receiver.keyFile),
    authorities: read(receiver.caFile),
  };
  const clientId = receiver.clientIds[ecosystem] as string;
  const reader = createReceiver({ keys });
  const { name } = institution;
  const holder = await findHolder(reader, String(description.directory.participantsUrl), { name });
  const token = await ownToken(await connectHolder(reader, { holder, clientId })).finally(reader.close);
  const dispatcher = new Agent({
    connections: CONNECTIONS / 2,
    connect: { ca: keys.authorities, cert: keys.certificate, key: keys.certificateKey },
  });
  return {
    institution,
    close: () => dispatcher.destroy(),
    async send(method, path, body, key = randomUUID()) {
      const answer = await request(`${institution.consentsUrl}${path}`, {
        dispatcher,
        method: method as 'GET',
        headers: {
          authorization: `Bearer ${token}`,
          'x-fapi-interaction-id': randomUUID(),
          ...(body ? { 'content-type': 'application/json', 'x-idempotency-key': key } : {}),
        },
        ...(body ? { body: JSON.stringify(body) } : {}),
      });
      const text = await answer.body.text();
      return { status: answer.statusCode, body: text === '' ? undefined : JSON.parse(text) };
    },
  };
}

function asking(ecosystem: string): Json {
  return {
    data: {
      permissions: PERMISSIONS[ecosystem],
      loggedUser: { document: { identification: madeUpCpf(), rel: 'CPF' } },
      expirationDateTime: new Date(Date.now() + 86_400_000).toISOString().replace(/\.\d+/, ''),
    },
  };
}

/** What was acknowledged, and what was under way when the service died. */
interface Written {
  /** Answers to creations, by consent. */
  readonly created: Map<string, Json>;
  readonly ended: Set<string>;
  readonly unanswered: { readonly body: Json; readonly key: string }[];
}

/** Writes until the service dies; it is killed in the midst of it. */
async function writeUntilKilled(writers: readonly Writer[], kill: () => void): Promise<Map<Writer, Written>> {
  const written = new Map(
    writers.map((writer): [Writer, Written] => [
      writer,
      { created: new Map(), ended: new Set(), unanswered: [] },
    ]),
  );
  let count = 0;
  const acknowledge = () => {
    count += 1;
    if (count === ACKNOWLEDGED) kill();
  };

  async function writeOn(writer: Writer): Promise<void> {
    const { created, ended, unanswered } = written.get(writer) as Written;
    for (let turn = 0; ; turn += 1) {
      const [body, key] = [asking(writer.institution.ecosystem), randomUUID()];
      const answer = await writer.send('POST', '', body, key).catch(() => undefined);
      // The database dies a moment before the service, which may still say so.
      if (!answer || answer.status === 503) {
        unanswered.push({ body, key });
        return;
      }
      assert.equal(answer.status, 201, JSON.stringify(answer.body));
      const { consentId } = answer.body.data;
      created.set(consentId, answer.body.data);
      acknowledge();
      if (turn % 3) continue;
      const deletion = await writer.send('DELETE', `/${consentId}`).catch(() => undefined);
      if (!deletion || deletion.status === 503) return;
      assert.equal(deletion.status, 204);
      ended.add(consentId);
      acknowledge();
    }
  }

  const workers = writers.flatMap((writer) => Array(CONNECTIONS / writers.length).fill(writer));
  await Promise.all(workers.map(writeOn));
  assert.ok(count >= ACKNOWLEDGED, 'it was killed, it did not end by itself');
  return written;
}

function postmasterOf(stateFolder: string): number {
  return Number(readFileSync(join(stateFolder, 'postgres', 'postmaster.pid'), 'utf8').split('\n')[0]);
}

/** Every acknowledged consent reads as it was created, but for its end where that was acknowledged. */
async function assertKept(writer: Writer, { created, ended }: Written): Promise<void> {
  const ids = [...created.keys()];
  async function check(): Promise<void> {
    for (let id = ids.pop(); id !== undefined; id = ids.pop()) {
      const { status, body } = await writer.send('GET', `/${id}`);
      assert.equal(status, 200, `${id} is there`);
      const { status: state, statusUpdateDateTime: _, rejection: __, ...kept } = body.data;
      const { status: ___, statusUpdateDateTime: ____, ...made } = created.get(id);
      assert.deepEqual(kept, made);
      if (ended.has(id)) assert.equal(state, 'REJECTED', `${id} stays ended`);
    }
  }
  await Promise.all(Array.from({ length: CONNECTIONS / 2 }, check));
}

describe('given a service that is killed while receivers write consents over HTTP', () => {
  // The store's own tests kill the writer and leave the database.
  for (const [what, isDatabaseKilled] of [['its database server is killed too', true]] as const)
    it(`when ${what}, then after a new start all that was acknowledged is there, and the ledger verifies`, async () => {
      const prepared = await prepareSandbox();
      const service = await start(prepared);
      const ended = once(service.process, 'close');
      const writers = await Promise.all(
        Object.keys(PERMISSIONS).map((ecosystem) => openWriter(service, ecosystem)),
      );
      try {
        const written = await writeUntilKilled(writers, () => {
          if (isDatabaseKilled) process.kill(postmasterOf(prepared.stateFolder), 'SIGKILL');
          service.process.kill('SIGKILL');
        });
        assert.deepEqual(await ended, [null, 'SIGKILL']);

        const again = await start(prepared);
        for (const [writer, kept] of written) await assertKept(writer, kept);
        const [, insurance] = writers as [Writer, Writer];
        await assertRepeatable(insurance, written.get(insurance) as Written);

        const stopped = once(again.process, 'close');
        again.process.kill('SIGTERM');
        const ledger = await again.next();
        assert.ok('entries' in ledger, JSON.stringify(ledger));
        const acknowledged = [...written.values()].map((one) => one.created.size + one.ended.size);
        assert.ok(ledger.entries >= acknowledged.reduce((sum, one) => sum + one, 0));
        assert.deepEqual(await stopped, [0, null]);
      } finally {
        await Promise.all(writers.map((writer) => writer.close()));
        prepared.release();
      }
    });
});

/** Who has no answer asks again with the same key, and has one consent, whether or not it was made the first time. */
async function assertRepeatable(writer: Writer, { unanswered, created }: Written): Promise<void> {
  assert.ok(unanswered.length > 0, 'some were under way');
  for (const { body, key } of unanswered) {
    const [first, second] = [
      await writer.send('POST', '', body, key),
      await writer.send('POST', '', body, key),
    ];
    assert.deepEqual([first.status, second.status], [201, 201]);
    assert.equal(second.body.data.consentId, first.body.data.consentId);
    assert.ok(!created.has(first.body.data.consentId));
  }
}
