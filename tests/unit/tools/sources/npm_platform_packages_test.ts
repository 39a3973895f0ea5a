import { noServices } from "../../../support/artifact_server.ts";
import { assertEquals } from "@std/assert";
import { platformMatches } from "../../../../src/tools/sources/npm_platform_packages.ts";
import { resolveTool } from "../../../../src/tools/resolve/resolve_tool.ts";
import { npmArtifact, toolRequest } from "../lockfile/fixtures.ts";
import { FakeRegistry, type PackageFacts } from "./fake_registry.ts";

type Packages = Record<string, PackageFacts>;

/** A wrapper of native executables as the rule knows it. */
function acme(change: (packages: Packages) => void = () => {}): FakeRegistry {
  const platform = (os: string, cpu: string, more: PackageFacts = {}): PackageFacts => ({
    os: [os],
    cpu: [cpu],
    bin: { acme: os === "win32" ? "bin/acme.exe" : "./bin/acme" },
    ...more,
  });
  const packages: Packages = {
    "@acme/cli": {
      bin: { acme: "run.js" },
      optionalDependencies: {
        "@acme/linux-x64": "1.2.3",
        "@acme/linux-x64-musl": "1.2.3",
        "@acme/darwin-arm64": "1.2.3",
        "@acme/win32-x64": "1.2.3",
        "@acme/freebsd-x64": "1.2.3",
      },
    },
    "@acme/linux-x64": platform("linux", "x64", { libc: "glibc" }),
    "@acme/linux-x64-musl": platform("linux", "x64", { libc: ["musl"] }),
    "@acme/darwin-arm64": platform("darwin", "arm64"),
    "@acme/win32-x64": platform("win32", "x64"),
  };
  change(packages);
  const table = Object.entries(packages).map(([name, facts]) => [name, { "1.2.3": facts }]);
  return new FakeRegistry(Object.fromEntries(table), { "@acme/cli": { latest: "1.2.3" } });
}

async function resolve(registry: FakeRegistry) {
  return await resolveTool(toolRequest("npm:@acme/cli", "latest"), {
    ...noServices,
    registry,
  });
}

Deno.test("npm:NAME is native when every platform package declares the executables itself", async () => {
  const registry = acme();
  const locked = await resolve(registry);
  assertEquals(locked, {
    request: "latest",
    version: "1.2.3",
    source: "npm",
    kind: "native",
    platforms: {
      "linux-x64-glibc": [npmArtifact("@acme/linux-x64", "1.2.3")],
      "linux-x64-musl": [npmArtifact("@acme/linux-x64-musl", "1.2.3")],
      "darwin-arm64": [npmArtifact("@acme/darwin-arm64", "1.2.3")],
      "win32-x64": [npmArtifact("@acme/win32-x64", "1.2.3")],
    },
    bin: {
      "linux-x64-glibc": { acme: "bin/acme" },
      "linux-x64-musl": { acme: "bin/acme" },
      "darwin-arm64": { acme: "bin/acme" },
      "win32-x64": { acme: "bin/acme.exe" },
    },
  });
  assertEquals(registry.asked.filter((asked) => asked.includes("freebsd")), []);
});

Deno.test("npm:NAME reads the C library from the package's name where it is not declared", async () => {
  const locked = await resolve(acme((packages) => {
    packages["@acme/linux-x64"] = { ...packages["@acme/linux-x64"], libc: undefined };
    packages["@acme/linux-x64-musl"] = { ...packages["@acme/linux-x64-musl"], libc: undefined };
  }));
  const names = (["linux-x64-glibc", "linux-x64-musl"] as const).map((platform) => {
    const artifact = locked.platforms[platform]?.[0];
    return artifact?.kind === "npm" ? artifact.package : undefined;
  });
  assertEquals(names, ["@acme/linux-x64", "@acme/linux-x64-musl"]);
});

Deno.test("npm:NAME gives a lone Linux package to both C libraries", async () => {
  const locked = await resolve(acme((packages) => {
    packages["@acme/linux-x64"] = { ...packages["@acme/linux-x64"], libc: undefined };
    delete packages["@acme/linux-x64-musl"];
  }));
  assertEquals(locked.platforms["linux-x64-musl"], [npmArtifact("@acme/linux-x64", "1.2.3")]);
});

Deno.test("npm:NAME is a JavaScript tool in every case of doubt", async () => {
  const linux = "@acme/linux-x64";
  const rows: [why: string, change: (packages: Packages) => void][] = [
    ["an add-on declares no executable", (packages) => {
      packages[linux] = { os: ["linux"], cpu: ["x64"] };
    }],
    ["one platform's executable is a script", (packages) => {
      packages["@acme/darwin-arm64"] = { os: ["darwin"], cpu: ["arm64"], bin: { acme: "bin/acme.js" } };
    }],
    ["an executable's path leaves the package", (packages) => {
      packages[linux] = { os: ["linux"], cpu: ["x64"], bin: { acme: "../acme" } };
    }],
    ["a platform package names no system", (packages) => {
      packages[linux] = { bin: { acme: "bin/acme" } };
    }],
    ["a platform package has dependencies", (packages) => {
      packages[linux] = { ...packages[linux], dependencies: { left: "1" } };
    }],
    ["the wrapper has dependencies", (packages) => {
      packages["@acme/cli"] = { ...packages["@acme/cli"], dependencies: { left: "1" } };
    }],
    ["the wrapper has no executables", (packages) => {
      packages["@acme/cli"] = { ...packages["@acme/cli"], bin: undefined };
    }],
    ["the pins are ranges", (packages) => {
      packages["@acme/cli"] = {
        ...packages["@acme/cli"],
        optionalDependencies: { "@acme/linux-x64": "^1.2.3", "@acme/win32-x64": "^1.2.3" },
      };
    }],
    ["the optional dependencies are not for platforms", (packages) => {
      packages["@acme/cli"] = {
        ...packages["@acme/cli"],
        optionalDependencies: { fsevents: "2.3.3", "@acme/plugin": "1.2.3" },
      };
    }],
    ["two packages fit one platform", (packages) => {
      packages["@acme/cli"] = {
        ...packages["@acme/cli"],
        optionalDependencies: { "@acme/darwin-arm64": "1.2.3", "@acme/darwin-arm64-baseline": "1.2.3" },
      };
      packages["@acme/darwin-arm64-baseline"] = { ...packages["@acme/darwin-arm64"] };
    }],
    ["no platform package exists", (packages) => {
      for (const name of Object.keys(packages)) if (name !== "@acme/cli") delete packages[name];
    }],
  ];
  for (const [why, change] of rows) {
    const locked = await resolve(acme(change));
    assertEquals([locked.kind, locked.platforms, locked.bin], [
      "js",
      { any: [npmArtifact("@acme/cli", "1.2.3")] },
      undefined,
    ], why);
  }
});

Deno.test("npm:NAME asks for one platform package before it asks for all", async () => {
  const registry = acme((packages) => {
    packages["@acme/linux-x64"] = { os: ["linux"], cpu: ["x64"] };
  });
  await resolve(registry);
  assertEquals(registry.asked, ["manifest @acme/cli latest", "manifest @acme/linux-x64 1.2.3"]);
});

Deno.test("npm:NAME of a wrapper in the catalogue is that tool", async () => {
  const registry = new FakeRegistry({ esbuild: { "0.28.2": {} }, "@esbuild/linux-x64": { "0.28.2": {} } });
  const locked = await resolveTool(toolRequest("npm:esbuild", "0.28"), {
    ...noServices,
    registry,
  });
  assertEquals([locked.kind, locked.bin], ["native", undefined]);
});

Deno.test("platformMatches() follows npm's os, cpu and libc", () => {
  const rows: [
    platform: Parameters<typeof platformMatches>[0],
    limits: Parameters<typeof platformMatches>[1],
    expected: boolean,
  ][] = [
    ["linux-x64-glibc", {}, true],
    ["linux-x64-glibc", { os: "linux", cpu: "x64" }, true],
    ["linux-x64-glibc", { os: ["android", "linux"], cpu: ["x64"] }, true],
    ["linux-x64-glibc", { os: ["linux"], cpu: ["arm64"] }, false],
    ["linux-x64-glibc", { os: ["!win32"] }, true],
    ["win32-x64", { os: ["!win32"] }, false],
    ["win32-x64", { os: ["!darwin", "!linux"] }, true],
    ["win32-x64", { os: ["win32", "!win32"] }, false],
    ["linux-x64-glibc", { libc: "glibc" }, true],
    ["linux-x64-glibc", { libc: ["musl"] }, false],
    ["linux-x64-musl", { libc: ["musl"] }, true],
    ["linux-x64-musl", { libc: ["!musl"] }, false],
    ["linux-x64-musl", {}, true],
    ["darwin-arm64", { libc: ["glibc"] }, true],
    ["darwin-arm64", { cpu: ["any"] }, true],
  ];
  for (const [platform, limits, expected] of rows) {
    assertEquals(platformMatches(platform, limits), expected, `${platform} ${JSON.stringify(limits)}`);
  }
});
