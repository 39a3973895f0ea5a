import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DaemonSandbox } from "../e2e/daemon_sandbox.ts";
import { documented } from "../e2e/support.ts";

const MANIFEST = '[tasks.agent]\nrun = ["sh", "-c", "exec sleep 600"]\n';

/** A daemon whose settings name an endpoint of this dialect and the task "agent". */
export async function serving(dialect: string, { manifest = MANIFEST, settings = "" } = {}) {
  const daemon = await DaemonSandbox.create(documented);
  daemon.sandbox.manifest(manifest);
  await daemon.run("trust");
  const path = join(daemon.sandbox.root, "run", "haft", `${dialect}.sock`);
  mkdirSync(join(daemon.sandbox.haftHome, "config"), { recursive: true });
  writeFileSync(
    join(daemon.sandbox.haftHome, "config", "config.toml"),
    `[daemon]\nlisten = { ${dialect} = "${path}" }\n[daemon.roo]\ntask = "agent"\ncwd = "${daemon.sandbox.project}"\n${settings}`,
  );
  await daemon.start();
  return { daemon, path };
}
