import { join } from "node:path";
import { HaftError } from "../../base/errors.ts";
import type { Context } from "../command.ts";

/** A file that makes the system start the daemon. */
export interface Service {
  path: string;
  text: string;
  /** The command that makes the system start it. */
  next: string;
}

/** A systemd user unit, or a launchd agent. @throws {HaftError} on a system that has neither */
export function serviceFor(
  { platform, home, env }: Pick<Context, "platform" | "home" | "env">,
  haft: readonly string[],
): Service {
  const variables = ["HAFT_HOME", "HAFT_SOCKET"].flatMap((name) => {
    const value = env[name];
    return value === undefined || value === "" ? [] : [[name, value] as const];
  });
  if (platform === "linux") {
    const config = env["XDG_CONFIG_HOME"] ?? join(home, ".config");
    return {
      path: join(config, "systemd", "user", "haft.service"),
      text: systemdUnit(haft, variables),
      next: "systemctl --user daemon-reload && systemctl --user enable --now haft",
    };
  }
  if (platform === "darwin") {
    const path = join(home, "Library", "LaunchAgents", "dev.haft.daemon.plist");
    return { path, text: launchdAgent(haft, variables), next: `launchctl load -w ${path}` };
  }
  throw new HaftError("haft daemon enable knows systemd and launchd, and this system has neither", {
    next: 'Let your system run "haft daemon run" when you log in',
  });
}

function systemdUnit(haft: readonly string[], variables: readonly (readonly [string, string])[]): string {
  const command = (...args: string[]) => [...haft, ...args].map(systemdWord).join(" ");
  return `[Unit]
Description=haft, the per-user daemon for tools, processes and tasks

[Service]
${variables.map(([name, value]) => `Environment=${systemdWord(`${name}=${value}`)}\n`).join("")}ExecStart=${
    command("daemon", "run")
  }
ExecStartPost=-${command("app", "restore")}
ExecReload=/bin/kill -HUP $MAINPID
Restart=on-failure
# haft stops its processes itself, and in their order.
KillMode=mixed
TimeoutStopSec=60

[Install]
WantedBy=default.target
`;
}

function systemdWord(word: string): string {
  const escaped = word.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("%", "%%").replaceAll(
    "$",
    "$$$$",
  );
  return /[\s"\\']/.test(word) ? `"${escaped}"` : escaped;
}

function launchdAgent(haft: readonly string[], variables: readonly (readonly [string, string])[]): string {
  const words = [...haft, "daemon", "run"].map((word) => `    <string>${xml(word)}</string>\n`).join("");
  const environment = variables.map(([name, value]) =>
    `    <key>${name}</key><string>${xml(value)}</string>\n`
  ).join("");
  return `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
  <key>Label</key><string>dev.haft.daemon</string>
  <key>ProgramArguments</key>
  <array>
${words}  </array>
${
    environment === ""
      ? ""
      : `  <key>EnvironmentVariables</key>\n  <dict>\n${environment}  </dict>\n`
  }  <key>RunAtLoad</key><true/>
  <key>KeepAlive</key><dict><key>SuccessfulExit</key><false/></dict>
</dict>
</plist>
`;
}

function xml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
