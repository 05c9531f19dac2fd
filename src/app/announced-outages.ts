import type { Outage } from '../discovery/outage.ts';
import type { AnnouncedOutage } from '../metrics/availability/downtime.ts';

/** The outages that count for availability: those that were not cancelled. */
export function announcedOutages(outages: readonly Outage[]): AnnouncedOutage[] {
  return outages
    .filter(({ cancelledAt }) => cancelledAt === undefined)
    .map(({ ecosystem, startsAt, durationMs, announcedAt }) => ({
      ecosystem,
      startsAt,
      endsAt: startsAt + durationMs,
      announcedAt,
    }));
}
