/**
 * Types that follow from a table of events: leaving out a field of an event is a type error where it is
 * emitted.
 */
import type * as v from "valibot";

type EventTable = Readonly<Record<string, { summary: string; data: v.GenericSchema }>>;

export type EventData<Table extends EventTable, Name extends keyof Table> = v.InferOutput<
  Table[Name]["data"]
>;

/** Event name → its own fields, without those that all events of the table share. */
export type EventDetails<Table extends EventTable, Shared> = {
  [Name in keyof Table]: Omit<EventData<Table, Name>, keyof Shared>;
};

/** Publishes an event. The subject is the app, tool or task that it is about. */
export type Emit<Table extends EventTable, Shared = unknown> = <Name extends keyof Table & string>(
  type: Name,
  data: Shared & EventDetails<Table, Shared>[Name],
  subject?: string,
) => void;
