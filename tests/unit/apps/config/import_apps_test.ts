import { assertEquals, assertThrows } from "@std/assert";
import { importApps } from "../../../../src/apps/config/import_apps.ts";
import { readBunctlConfig } from "../../../../src/dialects/bunctl_config.ts";

Deno.test("importApps() reads pm2's ecosystem as data, and says what it leaves out", () => {
  const text = JSON.stringify({
    apps: [{
      name: "api",
      script: "server.js",
      args: "--port 80",
      env: { A: "1" },
      instances: 2,
      max_memory_restart: "300M",
      kill_timeout: 1600,
      autorestart: false,
      exec_mode: "cluster",
    }, { name: "tool", script: "./run.sh", interpreter: "none" }],
  });
  assertEquals(importApps(text, "f", readBunctlConfig), {
    apps: {
      api: {
        command: ["node", "server.js"],
        args: ["--port", "80"],
        env: { A: "1" },
        instances: 2,
        limits: { memory: "300M" },
        stop_timeout: "1600ms",
        restart: "no",
      },
      tool: { command: ["./run.sh"] },
    },
    left: ["api: exec_mode"],
  });
});

Deno.test("importApps() reads bunctl's apps, and refuses what is no list of apps", () => {
  const text = JSON.stringify([{
    name: "web",
    command: "node server.js",
    restart_policy: "always",
    max_memory: 1000,
  }]);
  assertEquals(importApps(text, "f", readBunctlConfig).apps, {
    web: { command: ["node", "server.js"], restart: "always", limits: { memory: "1000B" } },
  });
  for (
    const [wrong, message] of [["module.exports = 1", "not JSON"], ["[1]", "no name"], [
      "{}",
      "no name",
    ]] as const
  ) {
    assertEquals(
      assertThrows(() => importApps(wrong, "f", readBunctlConfig), Error).message.includes(message),
      true,
    );
  }
});
