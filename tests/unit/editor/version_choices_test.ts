import { assertEquals } from "@std/assert";
import { versionChoices } from "../../../clients/vscode/src/model/version_choices.ts";
import { isOlder } from "../../../clients/vscode/src/model/version_skew.ts";

const available = ["0.9.0", "20.1.0", "22.0.0", "22.5.0", "24.0.0-rc.1"];

Deno.test("versionChoices() has the present request first, then ranges and latest, then versions", () => {
  const choices = versionChoices({ requested: "22", installed: ["22.0.0"], available });
  assertEquals(choices.map(({ request, kind }) => `${kind} ${request}`), [
    "present 22",
    "range 20",
    "range 0.9",
    "range latest",
    "version 22.5.0",
    "version 22.0.0",
    "version 20.1.0",
    "version 0.9.0",
  ]);
  assertEquals(choices.find(({ request }) => request === "latest")?.detail, "now 22.5.0");
  assertEquals(choices.filter(({ installed }) => installed).map(({ request }) => request), ["22.0.0"]);
});

Deno.test("versionChoices() has the days that the source tells, and leaves out those that it does not", () => {
  const dates = { "22.5.0": "2024-07-17", "22.0.0": "2024-04-24" };
  const choices = versionChoices({ requested: undefined, installed: ["22.0.0"], available, dates });
  const details = new Map(choices.map(({ request, detail }) => [request, detail]));
  assertEquals(["latest", "22", "22.5.0", "22.0.0", "20.1.0"].map((request) => details.get(request)), [
    "now 22.5.0 of 2024-07-17",
    "newest 22, now 22.5.0 of 2024-07-17",
    "2024-07-17",
    "2024-04-24, installed",
    "",
  ]);
});

Deno.test("versionChoices() offers what is installed while the source is being asked", () => {
  const choices = versionChoices({ requested: undefined, installed: ["20.1.0"], available: undefined });
  assertEquals(choices.map(({ request }) => request), ["20", "latest", "20.1.0"]);
});

Deno.test("isOlder() compares by number and leaves a pre-release's name out", () => {
  assertEquals(
    [["0.9.0", "0.10.0"], ["1.0.0", "0.9.9"], ["1.0.0", "1.0.0"], ["1.0.0-rc.1", "1.0.0"]].map((
      [a = "", b = ""],
    ) => isOlder(a, b)),
    [true, false, false, false],
  );
});
