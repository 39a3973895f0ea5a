import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { UsageError } from "../../../../src/base/errors.ts";
import { parseApp, parseApps } from "../../../../src/apps/config/parse_apps.ts";
import { NO_INCLUDES } from "../../../../src/tools/manifest/task_includes.ts";
import { builtInCatalogue } from "../../../../src/tools/catalogue/catalogue.ts";
import { newLayer } from "../../../../src/tools/project/request_layers.ts";
import { parseManifest } from "../../../../src/tools/manifest/parse_manifest.ts";
import { gatedParts } from "../../../../src/tools/project/gated_parts.ts";

function appsOf(text: string) {
  return parseApps(parseManifest(text, "haft.toml", builtInCatalogue).apps, "haft.toml");
}

Deno.test("parseApps() fills in every default; a text alone is a command", () => {
  const apps = appsOf(`[apps]\nweb = "node server.js"\n`);
  assertEquals(apps.get("web"), {
    command: "node server.js",
    args: [],
    cwd: ".",
    env: {},
    profiles: [],
    restart: "on-failure",
    backoff: {
      initial: 100,
      max: 30_000,
      multiplier: 2,
      jitter: 0.3,
      reset_after: 10_000,
      exhausted: "stop",
    },
    stop_signal: "SIGTERM",
    stop_timeout: 10_000,
    depends_on: {},
    instances: 1,
    limits: {},
    log: { format: "text", timestamps: false, max_size: 10 * 1024 * 1024, keep: 5 },
    watch: { paths: [], ignore: [], delay: 200 },
    schedule_action: "start",
  });
});

Deno.test("parseApps() reads health checks, limits and dependencies", () => {
  const apps = appsOf(`
[apps.db]
command = ["postgres", "-D", "my data"]
health = { tcp = 5432, interval = "1s" }
[apps."api/v1 ü"]
command = "serve"
env = { PORT = 8080, DEBUG = true }
env_file = ".env"
depends_on = { db = "healthy" }
health = { http = "http://127.0.0.1:8080/ok", retries = 2, action = "restart" }
limits = { memory = "200MiB", cpu_percent = 150 }
[apps.log]
command = "log"
health = { log_line = "ready in \\\\d+" }
[apps.probe]
command = "x"
health = { exec = "curl -f 'http://x'", tcp = "[::1]:80" }
`.replace(`, tcp = "[::1]:80"`, ""));
  assertEquals(apps.get("db")?.health?.tcp, "127.0.0.1:5432");
  assertEquals(apps.get("api/v1 ü")?.env, { PORT: "8080", DEBUG: "true" });
  assertEquals(apps.get("api/v1 ü")?.env_file, [".env"]);
  assertEquals(apps.get("api/v1 ü")?.health?.http, { url: "http://127.0.0.1:8080/ok" });
  assertEquals(apps.get("probe")?.health?.exec, "curl -f 'http://x'");
  assertEquals(parseApp("x", { command: "x", health: { tcp: "[::1]:80" } }).health?.tcp, "[::1]:80");
});

const REFUSED: [name: string, text: string, message: string, next?: string][] = [
  [
    "an unknown key",
    `[apps.web]\ncommand = "x"\ncomand = "y"`,
    'key "apps.web.comand" is not known',
    'Did you mean "command"?',
  ],
  [
    "a port that is no range",
    `[apps.web]\ncommand = "x"\nport = "9-3"`,
    'key "apps.web.port" must be a port',
  ],
  ["a port as a text", `[apps.web]\ncommand = "x"\nport = "3000"`, 'key "apps.web.port" must be a port'],
  ["a port above all", `[apps.web]\ncommand = "x"\nport = 70000`, 'key "apps.web.port" must be a port'],
  [
    "a log format",
    `[apps.web]\ncommand = "x"\nlog = { format = "xml" }`,
    'key "apps.web.log.format" must be',
  ],
  [
    "a key of a log",
    `[apps.web]\ncommand = "x"\nlog = { fiel = "x" }`,
    'key "apps.web.log.fiel" is not known',
  ],
  ["a missing command", `[apps.web]\nargs = []`, 'key "apps.web.command" is missing'],
  [
    "an empty command",
    `[apps.web]\ncommand = []`,
    'key "apps.web.command" must be a list that begins with a command',
  ],
  ["an empty text", `[apps.web]\ncommand = " "`, 'key "apps.web.command" must be a command'],
  [
    "a bad duration",
    `[apps.web]\ncommand = "x"\nstop_timeout = "10"`,
    'key "apps.web.stop_timeout" must be a time such as "500ms"',
  ],
  [
    "a number as duration",
    `[apps.web]\ncommand = "x"\nstop_timeout = 10`,
    'key "apps.web.stop_timeout" must be a string',
  ],
  [
    "a bad size",
    `[apps.web]\ncommand = "x"\nlog = { max_size = "big" }`,
    'key "apps.web.log.max_size" must be a size',
  ],
  ["an unknown policy", `[apps.web]\ncommand = "x"\nrestart = "maybe"`, 'key "apps.web.restart" must be'],
  [
    "two probes",
    `[apps.web]\ncommand = "x"\nhealth = { tcp = 1, exec = "y" }`,
    'key "apps.web.health" must be a table with one of',
  ],
  ["a bad pattern", `[apps.web]\ncommand = "x"\nhealth = { log_line = "(" }`, "must be a regular expression"],
  [
    "an unknown dependency",
    `[apps.web]\ncommand = "x"\ndepends_on = { dv = "started" }\n[apps.db]\ncommand = "y"`,
    'key "apps.web.depends_on.dv" names no app',
    'Did you mean "db"?',
  ],
  [
    "healthy without a check",
    `[apps.web]\ncommand = "x"\ndepends_on = { db = "healthy" }\n[apps.db]\ncommand = "y"`,
    "waits for an app without a health check",
  ],
  [
    "a circle",
    `[apps.a]\ncommand = "x"\ndepends_on = { b = "started" }\n[apps.b]\ncommand = "x"\ndepends_on = { c = "started" }\n[apps.c]\ncommand = "x"\ndepends_on = { a = "started" }`,
    "in a circle: a → b → c → a",
  ],
  [
    "a schedule that is none",
    `[apps.a]\ncommand = "x"\nschedule = "every day"`,
    'key "apps.a.schedule" is no schedule',
  ],
  [
    "a time that never comes",
    `[apps.a]\ncommand = "x"\nschedule = "0 0 30 2 *"`,
    'key "apps.a.schedule" never comes: "0 0 30 2 *"',
  ],
  [
    "an unknown time zone",
    `[apps.a]\ncommand = "x"\nschedule = "0 0 * * *"\nschedule_timezone = "Mars/Olympus"`,
    'key "apps.a.schedule_timezone" is no time zone: "Mars/Olympus"',
  ],
  [
    "a time zone without a schedule",
    `[apps.a]\ncommand = "x"\nschedule_timezone = "UTC"`,
    'key "apps.a.schedule_timezone" needs a schedule',
  ],
  ["itself as a dependency", `[apps.a]\ncommand = "x"\ndepends_on = { a = "started" }`, "in a circle: a → a"],
  ["a long name", `[apps.${"n".repeat(301)}]\ncommand = "x"`, "has 301 characters"],
  ["a name like an option", `[apps."-x"]\ncommand = "x"`, 'begins with "-", as an option does'],
  ["a control character in a name", `[apps."a\\tb"]\ncommand = "x"`, "has a control character"],
];

for (const [name, text, message, next] of REFUSED) {
  Deno.test(`parseApps() refuses ${name}`, () => {
    const error = assertThrows(() => appsOf(text), UsageError);
    assertStringIncludes(error.message, 'Cannot read manifest "haft.toml"');
    assertStringIncludes(error.message, message);
    if (next !== undefined) assertStringIncludes(error.next ?? "", next);
  });
}

Deno.test("gatedParts() binds trust to [apps], and to nothing else of a manifest without [env]", () => {
  const manifest = (text: string) => ({
    ...parseManifest(text, "haft.toml", builtInCatalogue),
    root: "/",
    manifestPath: "haft.toml",
    registry: [],
    includes: NO_INCLUDES,
    local: newLayer("local", "/"),
    outer: [],
    foreignEnv: {},
    foreignEnvFile: undefined,
    dotenv: {},
  });
  const apps = `[apps]\nweb = "x"\n`;
  assertEquals(gatedParts(manifest(apps)).parts, { apps: { web: "x" } });
  assertEquals(gatedParts(manifest(`[tools]\nnode = "22"\n`)).parts, {});
});
