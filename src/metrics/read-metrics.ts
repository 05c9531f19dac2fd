import { type Answer, answerProblem, type Call } from '../contract/call.ts';
import { composeAnswer } from '../contract/compose-answer.ts';
import type { Operation } from '../contract/operation.ts';
import { createProblem } from '../kernel/problem.ts';
import { type AnnouncedOutage, measureDowntime } from './availability/downtime.ts';
import { slotAt } from './availability/probe-slot.ts';
import { type Calendar, shiftDay } from './calendar.ts';
import { createReport, PREVIOUS_DAYS } from './create-report.ts';
import type { MetricsStore } from './metrics-store.ts';

export interface ReadMetricsSettings {
  readonly store: Pick<MetricsStore, 'readDays' | 'readPeaks' | 'readAvailability'>;
  /** What is reported on: the operations that the institution serves. */
  readonly operations: () => readonly Operation[];
  /** Outages of at least this month and the last, past ones too, without those that were cancelled. */
  readonly outages: () => readonly AnnouncedOutage[];
  readonly calendar: Calendar;
  readonly baseUrl: string;
  readonly maxPageSize: number;
  readonly now: () => number;
  /** Hears why the store could not be read. */
  readonly onFailure?: (error: unknown) => void;
}

/** Creates the use-case behind the regulatory metrics: 503 while the store is away. */
export function createReadMetrics(settings: ReadMetricsSettings): (call: Call) => Promise<Answer> {
  const { calendar, baseUrl, maxPageSize, onFailure = () => {} } = settings;

  return async (call) => {
    const now = settings.now();
    const today = calendar.dayOf(now);
    const firstDay = shiftDay(today, -PREVIOUS_DAYS);
    // The excused hours of a month are counted from its beginning.
    const fromSlot = slotAt(calendar.startOf(`${firstDay.slice(0, 7)}-01`));
    const untilSlot = slotAt(now);
    const stored = await readStored(settings, { firstDay, today, fromSlot, untilSlot }).catch((error) => {
      onFailure(error);
      return undefined;
    });
    if (!stored) return answerProblem(createProblem('METRICAS_INDISPONIVEIS'));

    const [days, peaks, histories] = stored;
    const { ecosystem } = call.operation;
    const downtime = measureDowntime({
      history: histories.find((history) => history.ecosystem === ecosystem),
      outages: settings.outages().filter((outage) => (outage.ecosystem ?? ecosystem) === ecosystem),
      calendar,
      fromSlot,
      untilSlot,
    });
    const report = createReport({
      operation: call.operation,
      operations: settings.operations(),
      period: call.query.period === 'CURRENT' ? 'CURRENT' : 'ALL',
      days,
      peaks,
      downtime,
      calendar,
      baseUrl,
      now,
    });
    return composeAnswer(call, report, { baseUrl, maxPageSize, at: now });
  };
}

interface Range {
  readonly firstDay: string;
  readonly today: string;
  readonly fromSlot: number;
  readonly untilSlot: number;
}

async function readStored({ store }: ReadMetricsSettings, { firstDay, today, fromSlot, untilSlot }: Range) {
  return Promise.all([
    store.readDays(firstDay, today),
    store.readPeaks(firstDay, today),
    store.readAvailability(fromSlot, untilSlot),
  ]);
}
