import { assertEquals } from "@std/assert";
import type { Tool } from "../../../clients/vscode/src/model/project.ts";
import { missingTools, runtimeOf, statusText, toolRow } from "../../../clients/vscode/src/model/tool_rows.ts";

function tool(runtime: string, version: string | null, request = "22"): Tool {
  const installed = version !== null;
  return {
    runtime,
    request,
    version,
    installed,
    path: installed ? `/store/${runtime}` : null,
    decided_by: "/p/haft.toml",
  };
}

Deno.test("toolRow() says what is asked for, what that is, and whether something newer is out", () => {
  const row = (version: string | null, latest?: string) => {
    const newer = latest === undefined ? undefined : { tool: "node", wanted: latest, latest };
    const { state, description } = toolRow(tool("node", version), newer);
    return `${state}: ${description}`;
  };
  assertEquals(row("22.1.0"), "installed: 22.1.0 (asked for: 22)");
  assertEquals(row(null), "missing: 22, not installed");
  assertEquals(row("22.1.0", "24.0.0"), "outdated: 22.1.0 (asked for: 22), 24.0.0 is out");
  assertEquals(row("24.0.0", "24.0.0"), "installed: 24.0.0 (asked for: 22)");
});

Deno.test("statusText() shows the runtime of the active file, else how many tools are missing", () => {
  const tools = [tool("biome", null), tool("deno", "2.9.6"), tool("node", "22.1.0")];
  assertEquals(statusText(tools, "typescript")?.text, "$(tools) node 22.1.0");
  assertEquals(statusText(tools, "typescript")?.tool, "node");
  assertEquals(statusText(tools, "python")?.text, "$(warning) haft: 1 missing");
  assertEquals(statusText([tool("node", null)], "javascript")?.text, "$(warning) node 22");
  assertEquals(statusText([], "typescript"), undefined);
  assertEquals(runtimeOf("typescript", [tool("bun", "1.4.5"), tool("deno", "2.9.6")])?.runtime, "deno");
  assertEquals(missingTools(tools), ["biome"]);
});
