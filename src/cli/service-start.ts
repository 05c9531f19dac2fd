import type { Configuration } from '../app/configuration/settings.ts';
import type { Service } from '../app/load-service.ts';
import type { DatasetLoader } from '../open-data/dataset-loader.ts';
import type { Logger } from './service-log.ts';

/** What every way of serving begins with. */
export interface ServiceStart {
  readonly configuration: Configuration;
  readonly service: Service;
  readonly logger: Logger;
  /** Started while the contracts are read: the two take their time side by side. */
  readonly loader: DatasetLoader;
  readonly isLenient: boolean;
  /** By which the service knows its own probes, in all its processes. */
  readonly probeToken: string;
}

/** Variable by which the primary process tells its workers the probe token. */
export const PROBE_TOKEN_VARIABLE = '_GUICHE_PROBE_TOKEN';
