import { type Migration, sql } from 'kysely';

/** Calls as `guiche explain` shows them. */
export const callRecords: Migration = {
  async up(db) {
    for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
  },
};

/**
 * One row for many calls, because they repeat each other and are written by the thousand: stored together they are
 * compressed together. Days are partitions, made when the first call of the day is stored and dropped whole: the index
 * never gives back the room of keys that are gone. What is added to it is sorted in at once and not set aside, which
 * would make one writer in many wait for all the others'.
 */
const STATEMENTS = [
  `create table call_records (
    day integer not null,
    id uuid not null,
    at bigint not null,
    interaction_ids text[] collate "C" not null,
    calls text not null,
    primary key (day, id)
  ) partition by list (day)`,
  'create index call_records_by_interaction on call_records using gin (interaction_ids) with (fastupdate = off)',
];
