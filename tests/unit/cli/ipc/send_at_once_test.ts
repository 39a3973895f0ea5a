import { assertEquals } from "@std/assert";
import { resolveEndpoint } from "../../../../src/channel/resolve_endpoint.ts";
import { plainRequest, plainSocket } from "../../../../src/cli/ipc/send_at_once.ts";
import { DAEMON_ENDPOINT } from "../../../../src/socket/endpoint.ts";

Deno.test("plainRequest() takes a method that only reads, with one JSON object or none", () => {
  assertEquals(plainRequest(["ipc-send", "daemon.ping"]), { method: "daemon.ping", params: {} });
  assertEquals(plainRequest(["ipc-send", "task.list", '{"limit":2}']), {
    method: "task.list",
    params: { limit: 2 },
  });
  const others = [
    [],
    ["ipc-send"],
    ["status"],
    ["ipc-send", "daemon.shutdown"],
    ["ipc-send", "events.publish", '{"type":"user.x"}'],
    ["ipc-send", "-q", "daemon.ping"],
    ["ipc-send", "daemon.ping", "-q"],
    ["ipc-send", "daemon.ping", "{}", "-q"],
    ["ipc-send", "task.list", "limit=2"],
    ["ipc-send", "task.list", "-"],
    ["ipc-send", "task.list", "@file"],
    ["ipc-send", "task.list", "{"],
    ["ipc-send", "task.list", "[]"],
    ["ipc-send", "task.list", '{"cwd":"."}'],
  ];
  for (const args of others) assertEquals(plainRequest(args), undefined, args.join(" "));
});

Deno.test({
  name: "plainSocket() says where the daemon's socket is, or nothing",
  ignore: Deno.build.os !== "linux",
  fn() {
    assertEquals(plainSocket({ HAFT_SOCKET: "/run/a.sock", XDG_RUNTIME_DIR: "/run" }, 7), "/run/a.sock");
    const env = { XDG_RUNTIME_DIR: "/run/user/7", HAFT_SOCKET: "" };
    assertEquals(plainSocket(env, 7), resolveEndpoint(DAEMON_ENDPOINT, { env }));
    assertEquals(plainSocket({}, 7), "/tmp/haft-7/daemon.sock");
    for (const path of ["a.sock", "/a/../b", "/a//b"]) {
      assertEquals(plainSocket({ HAFT_SOCKET: path }, 7), undefined, path);
    }
    assertEquals(plainSocket({ XDG_RUNTIME_DIR: "run" }, 7), undefined);
    assertEquals(plainSocket({ TMPDIR: "/var/tmp" }, 7), undefined);
  },
});
