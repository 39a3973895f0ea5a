import { assertEquals } from "@std/assert";
import { failuresText, InstallProgress } from "../../../clients/vscode/src/model/install_progress.ts";

Deno.test("InstallProgress shows percent, bytes and phase of tools that install side by side", () => {
  const progress = new InstallProgress();
  const mebibyte = 1_048_576;
  const downloading = (tool: string, percent: number) =>
    progress.report("install.progress", {
      tool,
      version: "1.0.0",
      progress: {
        state: "downloading",
        tool,
        percent,
        bytes_downloaded: percent / 100 * 10 * mebibyte,
        total_bytes: 10 * mebibyte,
      },
    });
  const tools = [{ tool: "a", request: "1" }, { tool: "b", request: "1" }];
  assertEquals(progress.report("install.sync_started", { root: "/p", tools, jobs: 2 }), {
    message: "",
    increment: 0,
  });
  assertEquals(downloading("a", 50), {
    message: "a 1.0.0: downloading, 50 %, 5.0 MiB of 10.0 MiB",
    increment: 22.5,
  });
  assertEquals(downloading("b", 10)?.message.split("; ").length, 2);
  const extracting = {
    tool: "a",
    version: "1.0.0",
    progress: { state: "extracting", tool: "a", percent: 10 },
  };
  assertEquals(
    progress.report("install.progress", extracting)?.message.split("; ")[0],
    "a 1.0.0: extracting",
  );
  assertEquals(progress.report("app.status_change", {}), undefined);
  progress.report("install.completed", { tool: "a" });
  const last = progress.report("install.failed", { tool: "b" });
  assertEquals(last?.message, "");
});

Deno.test("InstallProgress does not say again what the notification's title says", () => {
  const first = (request: string) =>
    new InstallProgress({ tool: "deno", request }).report("install.started", {
      tool: "deno",
      version: "2.9.4",
    })
      ?.message;
  assertEquals([first("2.9.4"), first("2")], ["starting", "2.9.4: starting"]);
});

Deno.test("InstallProgress never goes back, so that its increments end at 100", () => {
  const progress = new InstallProgress();
  let whole = 0;
  const report = (event: string, data: unknown) => whole += progress.report(event, data)?.increment ?? 0;
  report("install.sync_started", { root: "/p", tools: [{ tool: "a", request: "1" }], jobs: 1 });
  for (const percent of [10, 80, 30, null]) {
    report("install.progress", {
      tool: "a",
      version: "1",
      progress: { state: "downloading", tool: "a", percent, bytes_downloaded: 1, total_bytes: null },
    });
  }
  report("install.completed", { tool: "a" });
  assertEquals(whole, 100);
});

Deno.test("failuresText() has haft's own words and the next step", () => {
  assertEquals(
    failuresText([{ tool: "a", error: "No version 9", next: 'Run "haft ls-remote a"' }, {
      tool: "b",
      error: "Refused",
      next: null,
    }]),
    'a: No version 9. Run "haft ls-remote a"\nb: Refused',
  );
});
