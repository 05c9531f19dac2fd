import type { AddressInfo } from 'node:net';
import type { DataHolder } from '../create-data-holder.ts';
import { createOperations, type OperationsSettings } from '../create-operations.ts';
import { createServingSide } from '../serving-side.ts';
import type { SandboxGround } from './start-ground.ts';

/**
 * Opens the operational listener of a sandbox's institutions, so that `status`, `outage` and `explain` work as they do
 * beside `serve`. Rejects when its port is taken.
 */
export async function openSandboxOperations(
  { configuration, service, store, closing }: SandboxGround,
  holder: DataHolder,
  { logger, probeToken }: Pick<OperationsSettings, 'logger' | 'probeToken'>,
): Promise<void> {
  let isStopping = false;
  const operations = createOperations({
    configuration,
    service,
    store,
    serving: createServingSide(holder, () => isStopping),
    logger,
    probeToken,
    board: holder.board,
  });
  closing.push(async () => {
    isStopping = true;
    await operations.close();
  });
  await operations.admin.listen({ ...configuration.admin });
  operations.startProbing(holder.server.app.server.address() as AddressInfo);
}
