/** clients/nvim/haft.lua in Neovim without a screen: statusline, picker, and events of another program. */
import { assertEquals, assertMatch } from "@std/assert";
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { projectRoot } from "../../scripts/support/project.ts";
import { DaemonSandbox } from "./daemon_sandbox.ts";
import { fakeTools } from "./fake_tools.ts";
import { binary, hasProgram } from "./support.ts";

const CLIENT = join(projectRoot, "clients", "nvim", "haft.lua");

/** Waits for what the daemon tells, picks the second newest version, and writes down what it saw. */
const SCRIPT = `
vim.ui.select = function(items, options, done) offered = options.prompt .. ": " .. table.concat(items, " ") done(items[2]) end
vim.notify = function(text) told = text end
local haft, seen = require("haft"), {}
haft.setup({ path = vim.env.HAFT, on_event = function(event) table.insert(seen, event) end })
local function until_true(what, holds) if not vim.wait(60000, holds, 20) then error("never came true: " .. what) end end
until_true("the tools are known", function() return haft.status() ~= "" end)
local before = haft.status()
vim.cmd("HaftUse esbuild")
until_true("the picked version is there", function() return told ~= nil end)
until_true("the event has come", function() return haft.status() ~= before end)
local tasks
haft.request("project.tasks", { cwd = vim.fn.getcwd() }, function(_, data) tasks = #data.tasks end)
until_true("the tasks are listed", function() return tasks ~= nil end)
local after = haft.status()
vim.fn.system({ vim.env.HAFT, "daemon", "stop" })
local failed
until_true("the daemon is missed", function() haft.request("daemon.ping", nil, function(error) failed = error end) return failed ~= nil end)
vim.fn.system({ vim.env.HAFT, "daemon", "start" })
vim.fn.system({ vim.env.HAFT, "use", "esbuild@1.2.0" })
until_true("the next daemon's events are heard", function() return haft.status() == "esbuild 1.2.0" end)
vim.fn.writefile({ before, offered, told, after, table.concat(seen, " "), tasks .. " tasks" }, "seen")
`;

Deno.test("the client for Neovim has 70 lines of code at most", () => {
  const lines = readFileSync(CLIENT, "utf8").split("\n").filter((line) => !/^\s*(--|$)/.test(line));
  assertEquals(lines.length <= 70, true, `${lines.length} lines`);
});

Deno.test({
  name:
    "Neovim: the statusline has the tools, a version is picked, events keep it right, and it goes on with the next daemon",
  ignore: !hasProgram("nvim"),
  async fn() {
    await using registry = await fakeTools();
    await using daemon = await DaemonSandbox.create(binary, { registry: registry.url });
    const { sandbox } = daemon;
    // So many tasks that their list is larger than a frame.
    const tasks = Array.from({ length: 1_500 }, (_, n) => `t${n} = "true"\n`).join("");
    sandbox.manifest(`[tools]\nesbuild = "1.2.0" # kept\n[tasks]\n${tasks}`);
    await daemon.start();
    const lua = join(sandbox.root, "nvim", "lua");
    mkdirSync(lua, { recursive: true });
    copyFileSync(CLIENT, join(lua, "haft.lua"));
    writeFileSync(join(sandbox.root, "test.lua"), SCRIPT);
    const script = `set rtp+=${join(sandbox.root, "nvim")} | luafile ${join(sandbox.root, "test.lua")}`;
    const { code, stdout, stderr } = await sandbox.shell(
      binary,
      `HAFT='${binary.argv[0]}' nvim --headless -u NONE -i NONE -n -c '${script}' -c 'qa!'`,
    );
    assertEquals(code, 0, stdout + stderr);
    const [before, offered, told, after, events = "", listed] = readFileSync(
      join(sandbox.project, "seen"),
      "utf8",
    )
      .split("\n");
    assertEquals([before, offered, told, after, listed], [
      "esbuild missing",
      "esbuild: 1.2.0 1.0.0",
      "esbuild 1.0.0 is there",
      "esbuild 1.0.0",
      "1500 tasks",
    ]);
    assertMatch(events, /config\.changed/);
    assertEquals(
      readFileSync(join(sandbox.project, "haft.toml"), "utf8"),
      `[tools]\nesbuild = "1.2.0" # kept\n[tasks]\n${tasks}`,
    );
  },
});
