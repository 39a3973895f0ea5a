/** A tool of the sync's benchmarks: as haft.toml names it, and as mise does. */
interface SyncTool {
  tool: string;
  version: string;
  mise: string;
}

const named = (tool: string, version: string, mise = `npm:${tool}@${version}`): SyncTool => ({
  tool,
  version,
  mise,
});

/** 236 MB unpacked. */
export const FOUR: readonly SyncTool[] = [
  named("bun", "1.4.5"),
  named("deno", "2.9.6"),
  named("biome", "2.6.8", "npm:@biomejs/biome@2.6.8"),
  named("esbuild", "0.28.2"),
];

export const TWELVE: readonly SyncTool[] = [
  ...FOUR,
  named("ast-grep", "0.51.1", "npm:@ast-grep/cli@0.51.1"),
  named("dprint", "0.57.4"),
  named("lefthook", "2.2.2"),
  named("npm:typescript", "7.0.2", "npm:typescript@7.0.2"),
  named("pnpm", "12.21.0"),
  named("prettier", "3.10.1"),
  named("ripgrep", "15.0.0", "npm:@vscode/ripgrep@1.18.0"),
  named("npm:turbo", "2.11.11", "npm:turbo@2.11.11"),
];

/** haft.toml */
export function syncManifest(tools: readonly SyncTool[]): string {
  return `[tools]\n${tools.map(({ tool, version }) => `${JSON.stringify(tool)} = "${version}"\n`).join("")}`;
}

/** mise.toml */
export function miseManifest(tools: readonly SyncTool[]): string {
  const lines = tools.map(({ mise }) => {
    const at = mise.lastIndexOf("@");
    return `${JSON.stringify(mise.slice(0, at))} = "${mise.slice(at + 1)}"\n`;
  });
  return `[tools]\n${lines.join("")}`;
}
