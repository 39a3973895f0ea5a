import { assertEquals } from "@std/assert";
import { type AppResult, reportOutcomes } from "../../../../src/cli/app/report.ts";
import { Recorder } from "../support.ts";

async function report(result: AppResult, options: { json: boolean; done?: string }) {
  const [stdout, stderr] = [new Recorder(), new Recorder()];
  const code = await reportOutcomes(result, options, { stdout, stderr, home: "/home/me" });
  return { code, stdout: stdout.text, stderr: stderr.text };
}

const outcomes = [{ name: "web", root: "/p", error: null }, {
  name: "db",
  root: "/p",
  error: "Port 5432 is in use",
}];

Deno.test("reportOutcomes() prints a line for each app, errors on stderr, and fails when one failed", async () => {
  assertEquals(await report({ outcomes }, { json: false, done: "deleted" }), {
    code: 1,
    stdout: "web: deleted\n",
    stderr: "db: Port 5432 is in use\n",
  });
  assertEquals(await report({ outcomes: [] }, { json: false }), {
    code: 0,
    stdout: "",
    stderr: "This project has no apps\n  Declare one under [apps] in haft.toml\n",
  });
});

Deno.test("reportOutcomes() prints the whole answer as JSON, with the same exit code", async () => {
  const { code, stdout, stderr } = await report({ outcomes }, { json: true });
  assertEquals([code, JSON.parse(stdout), stderr], [1, { outcomes }, ""]);
});
