import { assert, assertEquals } from "@std/assert";
import type { InstallProgress } from "../../../../src/protocol/install.ts";
import { DownloadProgress } from "../../../../src/tools/install/progress.ts";

Deno.test("DownloadProgress reports whole percents once, over all artifacts", () => {
  const seen: InstallProgress[] = [];
  const progress = new DownloadProgress("t", { report: (event) => seen.push(event), count: 2 });
  progress.begin(0);
  for (let bytes = 1; bytes <= 1000; bytes++) progress.update({ bytes, total: 1000 });
  progress.begin(1);
  for (let bytes = 1; bytes <= 500; bytes++) progress.update({ bytes, total: 500 });
  const downloading = seen.flatMap((event) => event.state === "downloading" ? [event] : []);
  assert(downloading.length <= 102, `${downloading.length} reports`);
  assertEquals(downloading.at(-1), {
    state: "downloading",
    tool: "t",
    percent: 100,
    bytes_downloaded: 1500,
    total_bytes: 1500,
  });
  const percents = downloading.map(({ percent }) => percent ?? -1);
  assertEquals(percents, percents.toSorted((a, b) => a - b));
});
