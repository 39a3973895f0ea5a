import { assertEquals } from "@std/assert";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ProjectFiles } from "../../../clients/vscode/src/model/project_files.ts";

function withProject(run: (directory: string) => void): void {
  const directory = mkdtempSync(join(tmpdir(), "haft-files-"));
  try {
    run(directory);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

Deno.test("ProjectFiles puts haft.toml and the lock file back, of the project above a directory", () => {
  withProject((project) => {
    const [manifest, lock] = [join(project, "haft.toml"), join(project, "haft.lock")];
    const below = join(project, "src");
    mkdirSync(below);
    writeFileSync(manifest, "before");
    const files = new ProjectFiles(below);
    assertEquals([files.manifest, files.putBack()], [manifest, false]);
    writeFileSync(manifest, "after");
    files.written();
    writeFileSync(lock, "locked");
    assertEquals(files.putBack(), true);
    assertEquals([readFileSync(manifest, "utf8"), existsSync(lock)], ["before", false]);
  });
});

Deno.test("ProjectFiles leaves a haft.toml that another program has changed meanwhile", () => {
  withProject((project) => {
    const manifest = join(project, "haft.toml");
    const files = new ProjectFiles(project);
    writeFileSync(manifest, "haft's");
    files.written();
    writeFileSync(manifest, "the person's");
    assertEquals(files.putBack(), false);
    assertEquals(readFileSync(manifest, "utf8"), "the person's");
  });
});
