/**
 * A process with an AppService, to be killed: begins, starts all of a project, prints {pids, adopted} as JSON
 * and stays.
 *
 *     app_runner.ts DIRECTORY          the world of tests/support/app_harness.ts
 *     app_runner.ts DIRECTORY close    … and ends with its apps when stdin ends
 */
import process from "node:process";
import { AppHarness } from "./app_harness.ts";

const [directory = "", mode] = process.argv.slice(2);
const harness = new AppHarness({ directory, root: `${directory}/project` });
await harness.service.begin();
const { outcomes } = await harness.service.start({ root: harness.root });
const { apps } = harness.service.status({ root: harness.root });
console.log(JSON.stringify({
  outcomes,
  types: harness.types(),
  pids: apps.flatMap(({ instances }) => instances.map(({ pid }) => pid)),
  states: apps.map(({ state }) => state),
}));
if (mode === "close") {
  for await (const _ of process.stdin);
  await harness.service.close({ keepApps: false });
  console.log(JSON.stringify({ types: harness.types(), problems: harness.problems }));
  process.exit(0);
} else {
  setInterval(() => {}, 1_000);
}
