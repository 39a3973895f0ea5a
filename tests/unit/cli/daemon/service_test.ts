import { assertEquals, assertThrows } from "@std/assert";
import { serviceFor } from "../../../../src/cli/daemon/service.ts";

Deno.test("serviceFor() writes a unit that quotes paths, keeps HAFT_HOME, and restores the apps that were kept", () => {
  const unit = serviceFor({ platform: "linux", home: "/home/me", env: { HAFT_HOME: "/my data/haft" } }, [
    "/opt/my haft",
  ]);
  assertEquals(unit.path, "/home/me/.config/systemd/user/haft.service");
  assertEquals(unit.text.split("\n").filter((line) => /^(Environment|Exec)/.test(line)), [
    'Environment="HAFT_HOME=/my data/haft"',
    'ExecStart="/opt/my haft" daemon run',
    'ExecStartPost=-"/opt/my haft" app restore',
    "ExecReload=/bin/kill -HUP $MAINPID",
  ]);
  const agent = serviceFor({ platform: "darwin", home: "/Users/me", env: {} }, ["/opt/a&b"]);
  assertEquals(agent.path, "/Users/me/Library/LaunchAgents/dev.haft.daemon.plist");
  assertEquals(agent.text.includes("<string>/opt/a&amp;b</string>"), true);
  assertThrows(() => serviceFor({ platform: "win32", home: "C:\\", env: {} }, ["haft"]), Error, "neither");
});
