import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runCommand } from "../support/command.ts";
import { projectRoot } from "../support/project.ts";

const source = join(projectRoot, "clients", "python");
/** The first day that a zip file can name: a build depends on the sources alone. */
const BUILD_DATE = "315532800";
const BUILD = `
import sys
from flit_core import buildapi

print(buildapi.build_wheel(sys.argv[1]))
print(buildapi.build_sdist(sys.argv[1]))
`;

/**
 * Writes wheel and sdist of the Python package, with the build backend that its pyproject.toml pins.
 *
 * @returns their paths
 */
export async function writePythonPackage(
  { version, outDir }: { version: string; outDir: string },
): Promise<string[]> {
  const settings = readFileSync(join(source, "pyproject.toml"), "utf8");
  const [, backend] = /^requires = \["(flit_core==[^"]+)"\]$/m.exec(settings) ?? [];
  const [, own] = /^version = "([^"]+)"$/m.exec(settings) ?? [];
  if (backend === undefined) throw new Error("clients/python/pyproject.toml does not pin flit_core");
  if (own !== version) throw new Error(`clients/python has version ${own}, and haft has ${version}`);
  const environment = mkdtempSync(join(tmpdir(), "haft-python-build-"));
  try {
    await run(["python3", "-m", "venv", environment]);
    const python = join(environment, "bin", "python");
    await run([python, "-m", "pip", "install", "--quiet", backend]);
    await run([python, "-c", BUILD, outDir]);
  } finally {
    rmSync(environment, { recursive: true, force: true });
  }
  const paths = readdirSync(outDir).sort().map((name) => join(outDir, name));
  // flit makes its files for their owner alone.
  for (const path of paths) chmodSync(path, 0o644);
  return paths;
}

async function run(argv: string[]): Promise<void> {
  const env = { SOURCE_DATE_EPOCH: BUILD_DATE };
  const { code, stdout, stderr } = await runCommand(argv, { cwd: source, env, output: "capture" });
  if (code !== 0) throw new Error(`${argv.slice(0, 3).join(" ")} … ended with ${code}\n${stdout}${stderr}`);
}
