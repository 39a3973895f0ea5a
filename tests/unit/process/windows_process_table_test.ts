import { assertEquals } from "@std/assert";
import type { ProcessInfo } from "../../../src/process/process_table.ts";
import { groupOf, variableIn } from "../../../src/process/windows_process_table.ts";

const DAEMON = 100;

function table(...rows: [pid: number, parent: number, startTime: string, state?: string][]) {
  const infos = new Map(
    rows.map(([pid, parent, startTime, state = "R"]): [number, ProcessInfo] => [
      pid,
      { pid, parent, group: pid, session: 0, state, startTime, cpuSeconds: 0 },
    ]),
  );
  return (pid: number) => {
    const info = infos.get(pid);
    return info === undefined ? undefined : groupOf(info, (other) => infos.get(other), DAEMON);
  };
}

Deno.test("groupOf() puts what an app starts with the daemon's own child", () => {
  const group = table([DAEMON, 1, "1"], [200, DAEMON, "2"], [201, 200, "3"], [202, 201, "4"], [
    300,
    DAEMON,
    "5",
  ]);
  assertEquals([200, 201, 202, 300].map(group), [200, 200, 200, 300]);
});

Deno.test("groupOf() keeps the group of an app whose daemon has ended", () => {
  const group = table([200, DAEMON, "2"], [201, 200, "3"]);
  assertEquals([200, 201].map(group), [200, 200]);
});

Deno.test("groupOf() goes by no number that another process has by now, and by no process that has ended", () => {
  const group = table([DAEMON, 1, "1"], [200, DAEMON, "9"], [201, 200, "3"], [400, DAEMON, "4", "Z"], [
    401,
    400,
    "5",
  ]);
  assertEquals([201, 401].map(group), [201, 401]);
});

Deno.test("groupOf() ends where processes claim to be each other's parents", () => {
  assertEquals(table([200, 201, "2"], [201, 200, "2"])(200), 200);
});

Deno.test("variableIn() reads a variable of a UTF-16 environment, of one that was cut short, and of none", () => {
  const block = (text: string) => {
    const units = Uint16Array.from(text, (character) => character.charCodeAt(0));
    return new Uint8Array(units.buffer);
  };
  const whole = block("=C:=C:\\\0HAFT_APP_ID=wéb/0/n\0PATH=x\0\0");
  assertEquals(variableIn(whole, "HAFT_APP_ID"), "wéb/0/n");
  assertEquals(variableIn(whole, "HAFT_APP"), undefined);
  assertEquals(variableIn(block("HAFT_APP_ID=we"), "HAFT_APP_ID"), "we");
  assertEquals(variableIn(undefined, "HAFT_APP_ID"), undefined);
});
