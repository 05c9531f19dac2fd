import type { Operation } from '../contract/operation.ts';
import type { OutageBoard } from '../discovery/outage-board.ts';
import type { Clock } from '../kernel/clock.ts';
import { measureDowntime } from '../metrics/availability/downtime.ts';
import { slotAt } from '../metrics/availability/probe-slot.ts';
import { quarterStart, type ServiceLevel, serviceLevels } from '../metrics/availability/service-level.ts';
import { type TierLatency, tierLatencies } from '../metrics/availability/tier-latency.ts';
import { createCalendar } from '../metrics/calendar.ts';
import type { MetricsStore } from '../metrics/metrics-store.ts';
import { announcedOutages } from './announced-outages.ts';
import { REGULATORY_TIME_ZONE } from './regulatory-time-zone.ts';

/** How an ecosystem stands against what the regulator asks. */
export interface Standing {
  readonly levels: readonly ServiceLevel[];
  readonly latency: readonly TierLatency[];
}

export interface AvailabilityReaderSettings {
  readonly store: Pick<MetricsStore, 'readAvailability' | 'readDays'>;
  readonly operations: readonly Operation[];
  readonly board: Pick<OutageBoard, 'list'>;
  readonly clock: Pick<Clock, 'now'>;
}

/** Creates what reads the standing of an ecosystem; undefined while the store is away. */
export function createAvailabilityReader({ store, operations, board, clock }: AvailabilityReaderSettings) {
  const calendar = createCalendar(REGULATORY_TIME_ZONE);

  async function read(ecosystem: string): Promise<Standing | undefined> {
    const now = clock.now();
    const today = calendar.dayOf(now);
    const fromSlot = slotAt(calendar.startOf(quarterStart(today)));
    const untilSlot = slotAt(now);
    try {
      const [histories, counts] = await Promise.all([
        store.readAvailability(fromSlot, untilSlot),
        store.readDays(today, today),
      ]);
      const history = histories.find((candidate) => candidate.ecosystem === ecosystem);
      const outages = announcedOutages(board.list()).filter(
        (outage) => (outage.ecosystem ?? ecosystem) === ecosystem,
      );
      const downtime = measureDowntime({ history, outages, calendar, fromSlot, untilSlot });
      const own = operations.filter((operation) => operation.ecosystem === ecosystem);
      return { levels: serviceLevels({ downtime, calendar }), latency: tierLatencies(own, counts) };
    } catch {
      return undefined;
    }
  }

  return { read };
}
