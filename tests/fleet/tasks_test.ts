/** Tasks in the fleet's queue: one host takes each, once; a host that dies hands it on; there is one end. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { headers } from "@nats-io/transport-node";
import { jetstream } from "@nats-io/jetstream";
import { SIGNATURE_HEADER } from "../../src/fleet/signed_request.ts";
import { ObjectBucket } from "../../src/fleet/objects/object_bucket.ts";
import { jobSubject, outputsBucket, taskSubject } from "../../src/fleet/subjects.ts";
import { encode, newFleetTaskId, signTask } from "../../src/fleet/tasks/task_message.ts";
import { until } from "../support/until.ts";
import { allow, type FleetWorld, type Machine, SharedFleet } from "./fleet_world.ts";
import { noServer } from "./nats_server.ts";

const shared = new SharedFleet();
/** Its queue gives a task to another host after two seconds. */
const impatient = new SharedFleet("--task-limit", "2s");
const options = { ignore: noServer, sanitizeOps: false, sanitizeResources: false };
const ALL = 'methods = ["task.*"]\nprojects = ["*"]';

async function status(machine: Machine, id: string) {
  return JSON.parse(await machine.good("task", "status", id, "--json"));
}

/** A host that takes the sender's tasks of this manifest. */
async function worker(
  fleet: FleetWorld,
  name: string,
  { label, manifest, project }: { label: string; manifest: string; project?: string },
): Promise<Machine> {
  const machine = await fleet.join(name, "--label", label);
  machine.sandbox.manifest(manifest);
  await machine.good("trust");
  await allow(machine, fleet.first, project ?? ALL);
  return machine;
}

Deno.test(
  "task start --on: one host with the label takes it by its user's grant and trust; wait from anywhere, exact code",
  options,
  async () => {
    await using fleet = await shared.borrow();
    const { first } = fleet;
    const manifest = '[tasks.build]\nrun = "echo $HAFT_FLEET_TASK $HAFT_FLEET_ATTEMPT >> ran; exit 7"\n';
    const beta = await worker(fleet, "beta", { label: "role=build", manifest });
    const { project } = beta.sandbox;
    const gamma = await fleet.join("gamma");
    const id = (await first.good("task", "start", "build", "--on", `role=build:${project}`)).trim();
    assertEquals((await gamma.run("task", "wait", id)).code, 7);
    const task = await status(gamma, id);
    assertEquals(
      [task.state, task.reason, task.exit_code, task.host, task.attempt, task.attempts.length],
      ["aborted", "failed", 7, "beta", 1, 1],
    );
    assertEquals(readFileSync(join(project, "ran"), "utf8"), `${id} 1\n`);
    assertEquals((await beta.run("task", "wait", task.local_id)).code, 7);

    // What the host's user does not allow, or does not trust, ends as refused, and does not run.
    appendFileSync(join(project, "haft.toml"), '[tasks.more]\nrun = "touch more"\n');
    const refusals: [Machine, string[], string][] = [
      [first, ["more"], "is not trusted"],
      [first, ["build", "--", "x"], 'does not let this key send "args"'],
      [gamma, ["build"], "allows nothing to the key"],
    ];
    for (const [sender, words, why] of refusals) {
      const [name = "", ...rest] = words;
      const refused = (await sender.good("task", "start", name, "--on", `beta:${project}`, ...rest)).trim();
      const { code, stdout } = await first.run("task", "wait", refused, "--json");
      assertEquals([code, JSON.parse(stdout)[0].reason], [4, "refused"], stdout);
      const { refused: [one] } = await status(first, refused);
      assertEquals(one.host, "beta");
      assertStringIncludes(one.reason, why);
    }
    assertEquals(existsSync(join(project, "more")), false);
    // So does a host that grants nothing to anyone, and one's own machine needs no grant for its own key.
    const alone = await fleet.join("alone");
    alone.sandbox.manifest(manifest);
    await alone.good("trust");
    const at = ["build", "--on", `alone:${alone.sandbox.project}`];
    const refused = (await first.good("task", "start", ...at)).trim();
    assertEquals((await first.run("task", "wait", refused)).code, 4);
    assertStringIncludes(await first.good("task", "status", refused), "allows nothing to the key");
    const own = (await alone.good("task", "start", ...at)).trim();
    assertEquals((await alone.run("task", "wait", own)).code, 7);

    // --all: one run on each of the hosts.
    const both = (await first.good("task", "start", "build", "--on", `*:${project}`, "--all")).trim().split(
      "\n",
    );
    assertEquals(both.length, 4);
    const usage = await first.run("task", "start", "build", "--on", "role=build,zone=a");
    assertEquals(usage.code, 2);
    assertEquals((await first.run("task", "wait", "fleet-000000000000")).code, 4);
  },
);

Deno.test(
  "a host that dies during a task: another takes it, with the next attempt; its late end counts for nothing",
  options,
  async () => {
    await using fleet = await impatient.borrow();
    const { first } = fleet;
    const manifest = (name: string, run: string) => `[tasks.t]\nrun = ${JSON.stringify(run)} # ${name}\n`;
    const beta = await worker(fleet, "beta", {
      label: "role=build",
      manifest: manifest("beta", 'echo $$ > "$HOME/pid"; exec sleep 1000'),
    });
    const { project } = beta.sandbox;
    const id = (await first.good("task", "start", "t", "--on", `role=build:${project}`)).trim();
    const pidFile = join(beta.sandbox.root, "home", "pid");
    await until(() => existsSync(pidFile), `${pidFile} is there`);
    const waiting = first.run("task", "wait", id);
    // Another host of the label, where the project has the same path; there it ends at once.
    const gamma = await fleet.join("gamma", "--label", "role=build");
    await allow(gamma, first, ALL);
    const { pid } = JSON.parse(await beta.good("ipc-send", "daemon.status"));
    process.kill(pid, "SIGKILL");
    process.kill(Number(readFileSync(pidFile, "utf8")), "SIGKILL");
    writeFileSync(join(project, "haft.toml"), manifest("gamma", "exit 3"));
    await gamma.good("trust", project);
    const { code, stderr } = await waiting;
    assertEquals(code, 3, stderr);
    const task = await status(first, id);
    assertEquals(
      task.attempts.map((one: { host: string; attempt: number }) => [one.host, one.attempt]),
      [["beta", 1], ["gamma", 2]],
    );
    assertEquals([task.host, task.attempt], ["gamma", 2]);

    // An end that is said once more, by another host or in another words, is refused by the server.
    await using connection = await beta.nats();
    let refused = false;
    await jetstream(connection.nats).publish(
      jobSubject({ fleet: "fleet", host: "beta" }, id, "final"),
      "{}",
      {
        expect: {
          lastSubjectSequence: 0,
          lastSubjectSequenceSubject: jobSubject({ fleet: "fleet", host: "*" }, id, "final"),
        },
      },
    ).catch(() => refused = true);
    assert(refused);
  },
);

Deno.test(
  "a host that the queue does not hear stops its task before another gets it, and tasks wait for a server that is gone",
  options,
  async () => {
    await using fleet = await impatient.borrow();
    const { first } = fleet;
    const manifest =
      "[tasks.t]\nrun = \"echo begun >> ran; trap 'echo stopped >> ran; exit 1' TERM; sleep 5 & wait\"\n";
    const beta = await worker(fleet, "delta", { label: "role=build", manifest });
    const { project } = beta.sandbox;
    const ran = () => existsSync(join(project, "ran")) ? readFileSync(join(project, "ran"), "utf8") : "";
    const id = (await first.good("task", "start", "t", "--on", `role=build:${project}`)).trim();
    await until(ran, "it has run");
    const server = await fleet.serverPid();
    process.kill(server, "SIGSTOP");
    await until(ran, "it is stopped", { passes: (text) => text.includes("stopped") });
    process.kill(server, "SIGCONT");
    assertEquals((await first.run("task", "wait", id)).code, 0);
    assertEquals(ran(), "begun\nstopped\nbegun\n");
    assertEquals((await status(first, id)).attempt, 2);
  },
);

Deno.test(
  "as many tasks at a time as the host has cores; each of fifty runs once; a forged one does not run",
  options,
  async () => {
    await using fleet = await shared.borrow();
    const { first } = fleet;
    const manifest = '[tasks.t]\nrun = "echo $HAFT_FLEET_TASK >> ran"\n';
    const beta = await worker(fleet, "beta", { label: "role=build", manifest });
    const { project } = beta.sandbox;
    const names = Array.from({ length: 50 }, () => "t");
    const ids = (await first.good("task", "start", ...names, "--on", `role=build:${project}`)).trim().split(
      "\n",
    );
    await first.good("task", "wait", ...ids);
    assertEquals(readFileSync(join(project, "ran"), "utf8").trim().split("\n").toSorted(), ids.toSorted());

    // Signed by gamma's key under its own subject, but with a text that was changed on its way.
    const gamma = await fleet.join("gamma");
    await using connection = await gamma.nats();
    const { key } = connection.credentials;
    const id = newFleetTaskId();
    const subject = taskSubject("fleet", { pool: "host-beta", sender: key.publicKey, id });
    const text = { id, request: { cwd: project, name: "t" }, created_at: Date.now() };
    const header = headers();
    header.set(SIGNATURE_HEADER, signTask(key, subject, encode({ ...text, created_at: 1 })));
    await jetstream(connection.nats).publish(subject, encode(text), { headers: header });
    // Not in another's name at all.
    const other = taskSubject("fleet", {
      pool: "host-beta",
      sender: String((await first.status())["key"]),
      id,
    });
    let refused = "";
    await jetstream(connection.nats).publish(other, encode(text), { timeout: 2_000 }).catch((error) => {
      refused = String(error);
    });
    assertStringIncludes(refused, "ermission");
    const log = join(beta.sandbox.haftHome, "state", "daemon.log");
    await until(() => readFileSync(log, "utf8"), "the log tells of it", {
      passes: (text) => text.includes("did not sign"),
    });
    assertEquals(readFileSync(join(project, "ran"), "utf8").includes(id), false);
  },
);

Deno.test(
  "declared outputs come back by task wait --outputs; logs and cancel take the queue's ids",
  options,
  async () => {
    await using fleet = await shared.borrow();
    const { first } = fleet;
    const build = [
      "mkdir -p dist/bin",
      "printf '#!/bin/sh\\necho made\\n' > dist/bin/app",
      "chmod +x dist/bin/app",
      "ln -s bin/app dist/app",
      "echo building",
    ].join(" && ");
    const manifest = [
      `[tasks.build]\nrun = ${JSON.stringify(build)}\noutputs = ["dist"]`,
      `[tasks.leak]\nrun = "ln -sf /etc/passwd leak"\noutputs = ["leak"]`,
      '[tasks.none]\nrun = "wc -c < $HAFT_TASK_INPUT"',
      '[tasks.long]\nrun = "echo begun; echo $$ > pid; exec sleep 1000"',
    ].join("\n");
    const beta = await worker(fleet, "beta", { label: "role=build", manifest });
    const { project } = beta.sandbox;
    const start = async (...args: string[]) =>
      (await first.good("task", "start", "--on", `role=build:${project}`, ...args)).trim();
    const here = first.sandbox.project;

    const id = await start("build");
    mkdirSync(join(here, "out", "dist"), { recursive: true });
    writeFileSync(join(here, "out", "dist", "kept"), "");
    const waited = await first.run("task", "wait", id, "--outputs", "out");
    assertEquals(waited.code, 0, waited.stderr);
    assertStringIncludes(waited.stderr, "2 files of ");
    const app = join(here, "out", "dist", "bin", "app");
    assertEquals([statSync(app).mode & 0o111, readlinkSync(join(here, "out", "dist", "app"))], [
      0o111,
      "bin/app",
    ]);
    assertEquals(existsSync(join(here, "out", "dist", "kept")), true);
    assertEquals(readdirSync(join(here, "out")), ["dist"]);
    assertEquals(await first.good("task", "logs", id), "building\n");
    // Where a directory of the outputs is a link here, nothing goes through it.
    mkdirSync(join(here, "elsewhere"));
    mkdirSync(join(here, "in"));
    symlinkSync("../elsewhere", join(here, "in", "dist"));
    const linked = await first.run("task", "wait", id, "--outputs", "in");
    assertEquals([linked.code, readdirSync(join(here, "elsewhere"))], [1, []], linked.stderr);
    assertStringIncludes(linked.stderr, "is a link, not a directory");
    // A member replaces them: the hash that the host said does not fit.
    await using member = await beta.nats();
    const { object, bytes } = (await status(first, id)).outputs;
    const bucket = await ObjectBucket.open(member.nats, outputsBucket("fleet"));
    await bucket.putBytes(object, new Uint8Array(bytes));
    const forged = await first.run("task", "wait", id, "--outputs", "forged");
    assertEquals([forged.code === 0, readdirSync(join(here, "forged"))], [false, []], forged.stderr);

    const leak = await start("leak");
    const refused = await first.run("task", "wait", leak, "--outputs", "out");
    assertEquals(refused.code, 4);
    assertStringIncludes(refused.stderr, "is a link out of the task's directory");
    const own = await first.run("task", "wait", "000000000000", "--outputs", "out");
    assertEquals(own.code, 2);

    const none = await start("none", "--text", "x".repeat(100_000));
    assertEquals((await first.run("task", "wait", none)).code, 0);

    // Its log is followed from afar while it runs; its sender alone can cancel it, and it is over then.
    const long = await start("long");
    const followed = first.run("task", "logs", "-f", long);
    await until(() => existsSync(join(project, "pid")), "it writes its pid");
    const foreign = await beta.run("task", "cancel", long);
    assertEquals(foreign.code, 4);
    assertStringIncludes(foreign.stderr, "its sender alone can cancel it");
    assertStringIncludes(await first.good("task", "cancel", long), "  cancelled");
    assertEquals((await first.run("task", "wait", long)).code, 130);
    assertStringIncludes((await followed).stdout, "begun\n");
    const pid = Number(readFileSync(join(project, "pid"), "utf8"));
    assertEquals(existsSync(`/proc/${pid}`), false);

    // One that no host has taken is over at once, and never runs.
    const waiting = (await first.good("task", "start", "long", "--on", `nobody:${project}`)).trim();
    assertStringIncludes(await first.good("task", "cancel", waiting), "  cancelled");
    assertEquals((await first.run("task", "logs", waiting)).code, 4);
  },
);
