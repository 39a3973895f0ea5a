/**
 * action.yml and the templates of a release: their shell lines run here, against a release server on
 * loopback. The "haft" inside writes down what it is asked to do.
 */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { homedir, tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import process from "node:process";
import { parse } from "yaml";
import { projectRoot } from "../../../scripts/support/project.ts";
import { type Release, serveReleases } from "../../support/script_release.ts";

const ignore = process.platform === "win32";

function haft(version: string): string {
  return `#!/bin/sh
case $1 in
  --version) echo "haft ${version}" ;;
  shims) echo "$HOME/data/shims" ;;
  *) echo "$*" >>"$HOME/calls" ;;
esac
`;
}

interface Step {
  id?: string;
  name: string;
  if?: string;
  shell?: string;
  run?: string;
  uses?: string;
  env?: Record<string, string>;
  with?: Record<string, string>;
  "working-directory"?: string;
}

interface Action {
  inputs: Record<string, { default: string }>;
  runs: { steps: Step[] };
}

const action: Action = parse(readFileSync(join(projectRoot, "action.yml"), "utf8"));

async function runShell(
  [program = "", ...args]: readonly string[],
  { env, cwd }: { env: Record<string, string>; cwd: string },
): Promise<{ code: number | null; output: string }> {
  const child = spawn(program, args, { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => output += chunk);
  const [code] = await once(child, "close");
  return { code, output };
}

interface Job {
  code: number | null;
  output: string;
  home: string;
  /** What the steps put into GITHUB_OUTPUT and GITHUB_PATH. */
  outputs: Map<string, string>;
  path: string[];
  /** What haft was asked to do. */
  calls: string[];
}

/** Runs the steps of action.yml that a runner with Linux runs, as the runner runs them. */
async function runAction(
  release: Release,
  { inputs = {}, files = {} }: { inputs?: Record<string, string>; files?: Record<string, string> } = {},
): Promise<Job> {
  const home = mkdtempSync(join(tmpdir(), "haft-action-"));
  const project = join(home, "project");
  mkdirSync(project);
  for (const [name, content] of Object.entries(files)) writeFileSync(join(project, name), content);
  const given: Record<string, string> = { ...inputDefaults(), "working-directory": project, ...inputs };
  const known: Record<string, string> = {
    ...Object.fromEntries(Object.entries(given).map(([name, value]) => [`inputs.${name}`, value])),
    "runner.os": "Linux",
    "runner.arch": "X64",
    "inputs.releases || format('{0}/{1}/releases/download', github.server_url, github.action_repository)":
      given["releases"] || release.url,
  };
  const [outputFile, pathFile] = [join(home, "output"), join(home, "path")];
  const lines = (file: string) => existsSync(file) ? readFileSync(file, "utf8").trimEnd().split("\n") : [];
  let [code, output]: [number | null, string] = [0, ""];
  for (const step of action.runs.steps) {
    if (step.run === undefined || step.shell !== "bash" || !applies(step, given)) continue;
    const own = Object.entries(step.env ?? {}).map(([name, text]) => [name, evaluated(text, known)]);
    const env = {
      HOME: home,
      no_proxy: "127.0.0.1",
      RUNNER_TEMP: home,
      GITHUB_OUTPUT: outputFile,
      GITHUB_PATH: pathFile,
      PATH: [...lines(pathFile).toReversed(), process.env["PATH"]].join(delimiter),
      ...Object.fromEntries(own),
    };
    const script = join(home, "step.sh");
    writeFileSync(script, step.run);
    const cwd = evaluated(step["working-directory"] ?? home, known);
    const argv = ["bash", "--noprofile", "--norc", "-eo", "pipefail", script];
    const ended = await runShell(argv, { env, cwd });
    output += ended.output;
    code = ended.code;
    if (code !== 0) break;
  }
  const outputs = new Map(
    lines(outputFile).map((line) => [line.split("=")[0] ?? "", line.replace(/^[^=]*=/, "")]),
  );
  return { code, output, home, outputs, path: lines(pathFile), calls: lines(join(home, "calls")) };
}

function inputDefaults(): Record<string, string> {
  return Object.fromEntries(Object.entries(action.inputs).map(([name, input]) => [name, input.default]));
}

function applies({ if: condition }: Step, inputs: Record<string, string>): boolean {
  if (condition === undefined || condition === "runner.os != 'Windows'") return true;
  if (condition === "inputs.sync == 'true'") return inputs["sync"] === "true";
  throw new Error(`No test knows the condition ${condition}`);
}

function evaluated(text: string, known: Record<string, string>): string {
  return text.replaceAll(/\$\{\{ (.*?) \}\}/g, (_whole, expression: string) => {
    const value = known[expression];
    if (value === undefined) throw new Error(`No test knows the expression ${expression}`);
    return value;
  });
}

const PROJECT = { "haft.toml": '[tools]\njq = "1.8"\n', "haft.lock": "version = 1\n" };

Deno.test({
  name: "action.yml installs the latest haft and the locked tools, and puts both on PATH",
  ignore,
  fn: async () => {
    const release = await serveReleases({ haft });
    const { code, output, home, outputs, path, calls } = await runAction(release, { files: PROJECT });
    assertEquals([code, calls], [0, ["sync --locked"]], output);
    assertEquals(path, [join(home, "haft"), join(home, "data", "shims")]);
    assertEquals(outputs.get("version"), "1.0.0");
    assertEquals(outputs.get("data"), join(home, "data"));
    assertMatch(outputs.get("key") ?? "", /^haft-v1-Linux-X64-[0-9a-f]{40,64}$/);
    assert(release.asked.includes("/latest/install.sh"));
    await release.close();
  },
});

Deno.test({
  name: "action.yml's cache has another key as soon as haft.lock says something else",
  ignore,
  fn: async () => {
    const release = await serveReleases({ haft });
    const key = async (files: Record<string, string>) =>
      (await runAction(release, { files, inputs: { sync: "false" } })).outputs.get("key");
    const first = await key(PROJECT);
    assertEquals(await key(PROJECT), first);
    assert(await key({ ...PROJECT, "haft.lock": "version = 1\n[tools.jq]\n" }) !== first);
    await release.close();
  },
});

Deno.test({
  name: "action.yml passes sync-args on as words, and runs a plain sync without a haft.lock",
  ignore,
  fn: async () => {
    const release = await serveReleases({ haft });
    const given = await runAction(release, { files: PROJECT, inputs: { "sync-args": "--jobs 2 $(id)" } });
    assertEquals(given.calls, ["sync --jobs 2 $(id)"], given.output);
    const unlocked = await runAction(release, { files: { "haft.toml": PROJECT["haft.toml"] } });
    assertEquals(unlocked.calls, ["sync"], unlocked.output);
    await release.close();
  },
});

Deno.test({
  name: "action.yml runs no install.sh of another checksum than the input sha256",
  ignore,
  fn: async () => {
    const release = await serveReleases({ haft });
    const sha256 = createHash("sha256").update(release.files.get("/v1.0.0/install.sh") ?? "").digest("hex");
    const right = await runAction(release, { files: PROJECT, inputs: { sha256, version: "v1.0.0" } });
    assertEquals([right.code, right.outputs.get("version")], [0, "1.0.0"], right.output);
    release.files.set("/v1.0.0/install.sh", 'touch "$HOME/ran"\n');
    const wrong = await runAction(release, { files: PROJECT, inputs: { sha256, version: "1.0.0" } });
    assertEquals([wrong.code, existsSync(join(wrong.home, "ran"))], [1, false]);
    assertStringIncludes(wrong.output, "another SHA-256");
    await release.close();
  },
});

Deno.test("action.yml and the workflows pin every action to a commit, and put no expression into a script", () => {
  const workflows = join(projectRoot, ".github", "workflows");
  const steps = readdirSync(workflows).flatMap((name): Step[] => {
    const jobs: Record<string, { steps: Step[] }> = parse(readFileSync(join(workflows, name), "utf8")).jobs;
    return Object.values(jobs).flatMap((job) => job.steps);
  });
  for (const { uses, run, env } of [...action.runs.steps, ...steps]) {
    if (uses !== undefined) assertMatch(uses, /@[0-9a-f]{40}$/);
    assert(!(run ?? "").includes("${{"), run);
    assert(uses !== undefined || run !== undefined, JSON.stringify(env));
  }
});

/** A program on PATH, or where `go install` puts it. */
function program(name: string): string | undefined {
  return [name, join(homedir(), "go", "bin", name)].find((path) =>
    spawnSync(path, ["--version"]).error === undefined
  );
}

const actionlint = program("actionlint");

Deno.test({
  name: "actionlint finds nothing in the workflows, nor in one that uses every input of action.yml",
  ignore: actionlint === undefined,
  fn: () => {
    const repository = mkdtempSync(join(tmpdir(), "haft-workflows-"));
    spawnSync("git", ["init", "-q", repository]);
    cpSync(join(projectRoot, ".github"), join(repository, ".github"), { recursive: true });
    cpSync(join(projectRoot, "action.yml"), join(repository, "action.yml"));
    const step = { id: "haft", uses: "./", with: inputDefaults() };
    const says = { run: 'echo "$HIT"', env: { HIT: "${{ steps.haft.outputs.cache-hit }}" } };
    writeFileSync(
      join(repository, ".github", "workflows", "user.yml"),
      JSON.stringify({ on: "push", jobs: { test: { "runs-on": "ubuntu-24.04", steps: [step, says] } } }),
    );
    const { status, stdout, stderr } = spawnSync(actionlint ?? "", [], { cwd: repository, encoding: "utf8" });
    assertEquals([status, stdout, stderr], [0, "", ""]);
    rmSync(repository, { recursive: true });
  },
});

const shellcheck = program("shellcheck");

Deno.test({
  name: "shellcheck finds nothing in the scripts of action.yml and of the templates",
  ignore: shellcheck === undefined,
  fn: () => {
    const scripts: [name: string, shell: string, text: string][] = [
      ...action.runs.steps.filter(({ shell }) => shell === "bash").map(({ name, run = "" }) =>
        [name, "bash", run] as [string, string, string]
      ),
      [
        "devcontainer",
        "sh",
        readFileSync(join(projectRoot, "packaging", "devcontainer", "install.sh"), "utf8"),
      ],
    ];
    for (const [name, shell, input] of scripts) {
      const { stdout } = spawnSync(shellcheck ?? "", ["-s", shell, "-"], { input, encoding: "utf8" });
      assertEquals(stdout, "", name);
    }
  },
});

/** A home, and the environment of a job in it. */
function jobHome(): { home: string; env: Record<string, string> } {
  const home = mkdtempSync(join(tmpdir(), "haft-job-"));
  return { home, env: { HOME: home, PATH: process.env["PATH"] ?? "", no_proxy: "127.0.0.1" } };
}

Deno.test({
  name: "haft.gitlab-ci.yml installs its release's haft and the locked tools, before the job's own script",
  ignore,
  fn: async () => {
    const release = await serveReleases({ haft });
    const job = parse(String(release.files.get("/v1.0.0/haft.gitlab-ci.yml")))[".haft"];
    const { home, env } = jobHome();
    const variables: Record<string, string> = { ...job.variables };
    for (const [name, value] of Object.entries(variables)) {
      variables[name] = value.replaceAll("$CI_PROJECT_DIR", home);
    }
    const script = [...job.before_script, "command -v haft"].join("\n");
    const { code, output } = await runShell(["sh", "-e", "-c", script], {
      cwd: home,
      env: { ...env, ...variables },
    });
    assertEquals([code, output.trim()], [0, join(home, ".haft", "bin", "haft")]);
    assertEquals(readFileSync(join(home, "calls"), "utf8"), "sync --locked\n");
    await release.close();
  },
});

Deno.test({
  name: "Dockerfile's RUN line installs its release's haft under its SHELL",
  ignore: ignore || program("curl") === undefined,
  fn: async () => {
    const release = await serveReleases({ haft });
    const instructions = String(release.files.get("/v1.0.0/Dockerfile")).replaceAll("\\\n", "").split("\n");
    const shell = JSON.parse(instructions.find((line) => line.startsWith("SHELL "))?.slice(6) ?? "[]");
    const run = instructions.find((line) => line.startsWith("RUN script="))?.slice(4) ?? "";
    const { home, env } = jobHome();
    const args = instructions.filter((line) => line.startsWith("ARG ")).map((line) =>
      line.slice(4).split(/=(.*)/s).slice(0, 2)
    );
    const { code, output } = await runShell([...shell, run], {
      cwd: home,
      env: { ...env, ...Object.fromEntries(args), HAFT_INSTALL_DIR: join(home, "bin") },
    });
    assertEquals([code, output, existsSync(join(home, "bin", "haft"))], [0, "", true]);
    await release.close();
  },
});

Deno.test({
  name: "the devcontainer feature installs the version that its option names",
  ignore,
  fn: async () => {
    const release = await serveReleases({ haft });
    const { home, env } = jobHome();
    writeFileSync(
      join(home, "feature.tgz"),
      release.files.get("/v1.0.0/devcontainer-feature-haft.tgz") ?? "",
    );
    await runShell(["tar", "-xzf", "feature.tgz"], { cwd: home, env });
    const feature = JSON.parse(readFileSync(join(home, "devcontainer-feature.json"), "utf8"));
    assertEquals([feature.id, feature.version], ["haft", "1.0.0"]);
    const options = { VERSION: feature.options.version.default, MIRROR: feature.options.mirror.default };
    const { code, output } = await runShell(["sh", "./install.sh"], {
      cwd: home,
      env: { ...env, ...options, HAFT_INSTALL_DIR: join(home, "bin") },
    });
    assertEquals([code, output, existsSync(join(home, "bin", "haft"))], [0, "", true]);
    await release.close();
  },
});
