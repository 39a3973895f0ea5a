import { forPeople } from "../../base/system_error.ts";

/** What `haft doctor` says of one thing. */
export interface Finding {
  check: string;
  /** A note is worth knowing, and nothing is wrong. */
  state: "ok" | "note" | "fault";
  detail: string;
  /** What to do about it. */
  fix: string | null;
}

export function ok(check: string, detail: string): Finding {
  return { check, state: "ok", detail, fix: null };
}

export function note(check: string, detail: string, fix: string | null = null): Finding {
  return { check, state: "note", detail, fix };
}

export function fault(check: string, detail: string, fix: string | null = null): Finding {
  return { check, state: "fault", detail, fix };
}

/** An error that some part of haft threw, with its own next step. */
export function faultOf(check: string, error: unknown): Finding {
  const { message, next = null } = forPeople(error);
  return fault(check, message, next);
}
