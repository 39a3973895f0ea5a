import { assertEquals } from "@std/assert";
import { execFileSync } from "node:child_process";
import {
  mkdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { worktreeTwins } from "../../../../src/tools/trust/worktree_twins.ts";

/** A repository at `main`, with a worktree at `feature`. */
async function withRepository(test: (root: string) => void): Promise<void> {
  const root = realpathSync(await Deno.makeTempDir());
  const git = (cwd: string, ...args: string[]) =>
    execFileSync("git", ["-c", "user.name=T", "-c", "user.email=t@example.org", ...args], {
      cwd,
      stdio: "pipe",
    });
  try {
    mkdirSync(join(root, "main", "sub"), { recursive: true });
    git(join(root, "main"), "init", "--quiet");
    writeFileSync(join(root, "main", "sub", "haft.toml"), "");
    git(join(root, "main"), "add", ".");
    git(join(root, "main"), "commit", "--quiet", "-m", "first");
    git(join(root, "main"), "worktree", "add", "--quiet", join(root, "feature"));
    test(root);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
}

Deno.test("worktreeTwins() finds a file's twins in the other worktrees of its repository", () =>
  withRepository((root) => {
    const [main, feature] = [join(root, "main/sub/haft.toml"), join(root, "feature/sub/haft.toml")];
    assertEquals([worktreeTwins(feature), worktreeTwins(main)], [[main], [feature]]);
    assertEquals(worktreeTwins("/haft.toml"), []);
  }));

Deno.test("worktreeTwins() believes no directory that only claims to be a worktree", () =>
  withRepository((root) => {
    const stranger = join(root, "stranger");
    mkdirSync(join(stranger, "sub"), { recursive: true });
    // The name of a worktree that is registered for another directory.
    writeFileSync(join(stranger, ".git"), `gitdir: ${join(root, "main/.git/worktrees/feature")}\n`);
    assertEquals(worktreeTwins(join(stranger, "sub/haft.toml")), []);
    // A registration of the stranger's own, which names the repository.
    const forged = join(stranger, "forged", "worktrees", "x");
    mkdirSync(forged, { recursive: true });
    writeFileSync(join(forged, "gitdir"), `${join(stranger, ".git")}\n`);
    writeFileSync(join(forged, "commondir"), `${join(root, "main/.git")}\n`);
    writeFileSync(join(stranger, ".git"), `gitdir: ${forged}\n`);
    assertEquals(worktreeTwins(join(stranger, "sub/haft.toml")), []);
  }));

Deno.test("worktreeTwins() believes no directory that took the place of a deleted worktree", () =>
  withRepository((root) => {
    const [feature, stranger] = [join(root, "feature"), join(root, "stranger")];
    const link = readFileSync(join(feature, ".git"), "utf8");
    const registration = join(root, "main/.git/worktrees/feature/commondir");
    // The worktree was added an hour ago.
    const added = Date.now() / 1000 - 3_600;
    utimesSync(registration, added, added);
    rmSync(feature, { recursive: true });
    mkdirSync(join(stranger, "sub"), { recursive: true });
    writeFileSync(join(stranger, ".git"), link);
    utimesSync(join(stranger, ".git"), added, added);
    renameSync(stranger, feature);
    assertEquals(worktreeTwins(join(feature, "sub/haft.toml")), []);
    assertEquals(worktreeTwins(join(root, "main/sub/haft.toml")), []);
  }));

Deno.test("worktreeTwins() believes no repository that names directories of others as its worktrees", () =>
  withRepository((root) => {
    const stranger = join(root, "stranger");
    const forged = join(stranger, ".git", "worktrees", "x");
    mkdirSync(forged, { recursive: true });
    writeFileSync(join(forged, "gitdir"), `${join(root, "feature/.git")}\n`);
    writeFileSync(join(forged, "commondir"), "../..\n");
    assertEquals(worktreeTwins(join(stranger, "haft.toml")), []);
  }));
