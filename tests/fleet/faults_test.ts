/** A small round of scripts/fleet_faults.ts: a cluster of three servers, its leader killed, a host killed. */
import { assertEquals } from "@std/assert";
import process from "node:process";
import { join } from "node:path";
import { runCommand } from "../../scripts/support/command.ts";
import { projectRoot } from "../../scripts/support/project.ts";
import { documented } from "../e2e/support.ts";
import { natsServer, noServer } from "./nats_server.ts";

Deno.test(
  "three servers and three hosts: the leader is killed, then a host; no task lost, no end or event twice, gaps announced",
  { ignore: noServer },
  async () => {
    const [haft = ""] = documented.argv;
    const { code, stdout, stderr } = await runCommand([
      ...[
        process.execPath,
        "run",
        "-A",
        "--quiet",
        "--no-check",
        join(projectRoot, "scripts", "fleet_faults.ts"),
      ],
      ...[haft, natsServer, "--loopback", "--rounds", "1", "--faults", "leader,host"],
      ...["--hosts", "3", "--tasks", "6", "--events", "20"],
    ], { output: "capture" });
    assertEquals(code, 0, stdout + stderr);
    const rounds = stdout.split("\n").filter((line) => line.startsWith("{")).map((line) => JSON.parse(line));
    assertEquals(rounds.map(({ fault, tasks, lost }) => [fault, tasks, lost]), [["leader", 6, 0], [
      "host",
      6,
      0,
    ]]);
    for (const { ends_doubled, at_once, events_doubled, gaps_unannounced } of rounds) {
      assertEquals([ends_doubled, at_once, events_doubled, gaps_unannounced], [0, 0, 0, 0]);
    }
  },
);
