import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { deno, runCommand } from "../support/command.ts";
import { projectRoot } from "../support/project.ts";
import { json } from "./npm_packages.ts";

/** A library that is in the binary. */
export interface Component {
  name: string;
  version: string;
  /** SPDX, as its package.json says. */
  license: string;
  /** Its licence files, joined; empty where it ships none. */
  text: string;
  /** `sha512-…` in base64, from deno.lock. */
  integrity: string | undefined;
}

/** Of what `deno info --json` says: its packages are all of deno.lock's, those of tests and tools too. */
interface ModuleGraph {
  modules: { npmPackage?: string }[];
  npmPackages: Record<string, { name: string; version: string; dependencies: string[]; localPath: string }>;
}

/** The npm packages that main.ts reaches, by name: what `deno info` finds and deno.lock pins. */
export async function components(): Promise<Component[]> {
  const { code, stdout, stderr } = await runCommand([deno, "info", "--json", "main.ts"], {
    output: "capture",
  });
  if (code !== 0) throw new Error(`deno info failed: ${stderr}`);
  const graph = JSON.parse(stdout) as ModuleGraph;
  const lock = JSON.parse(readFileSync(join(projectRoot, "deno.lock"), "utf8")) as {
    npm: Record<string, { integrity?: string }>;
  };
  return reached(graph).map(({ name, version, localPath }) => {
    const manifest = JSON.parse(readFileSync(join(localPath, "package.json"), "utf8")) as {
      license?: string;
    };
    return {
      name,
      version,
      license: manifest.license ?? "UNKNOWN",
      text: licenceText(localPath),
      integrity: lock.npm[`${name}@${version}`]?.integrity,
    };
  }).sort((a, b) => a.name < b.name ? -1 : 1);
}

/** The packages that modules are of, and all that these depend on. */
function reached({ modules, npmPackages }: ModuleGraph) {
  const ids = new Set(modules.flatMap(({ npmPackage }) => npmPackage ?? []));
  // A set that grows while it is walked is walked to its new end.
  for (const id of ids) for (const dependency of npmPackages[id]?.dependencies ?? []) ids.add(dependency);
  return [...ids].flatMap((id) => npmPackages[id] ?? []);
}

function licenceText(directory: string): string {
  return readdirSync(directory).filter((name) => /^(licen[cs]e|copying|notice)/i.test(name)).sort()
    .map((name) => readFileSync(join(directory, name), "utf8").trim()).join("\n\n");
}

/** The text of THIRD_PARTY_LICENSES: every component with its licence. */
export function thirdPartyLicences(found: readonly Component[], bunVersion: string): string {
  const heading =
    `haft contains these libraries, and runs on Bun ${bunVersion} (MIT; its own parts are listed at ` +
    "https://bun.com/docs/project/licensing, among them JavaScriptCore under LGPL-2.1).\n";
  const parts = found.map(({ name, version, license, text }) =>
    `${"-".repeat(80)}\n${name} ${version} (${license})\n\n${
      text === "" ? `Licensed under ${license}.` : text
    }\n`
  );
  return [heading, ...parts].join("\n");
}

/** A CycloneDX 1.6 bill of materials. It names no time and no random id, so that two builds are alike. */
export function cycloneDx(found: readonly Component[], version: string, bunVersion: string): string {
  return json({
    bomFormat: "CycloneDX",
    specVersion: "1.6",
    version: 1,
    metadata: {
      component: { type: "application", "bom-ref": `haft@${version}`, name: "haft", version },
    },
    components: [
      {
        type: "platform",
        "bom-ref": `bun@${bunVersion}`,
        name: "bun",
        version: bunVersion,
        purl: `pkg:npm/bun@${bunVersion}`,
        licenses: [{ license: { id: "MIT" } }],
      },
      ...found.map(({ name, version, license, integrity }) => ({
        type: "library",
        "bom-ref": `${name}@${version}`,
        name,
        version,
        purl: `pkg:npm/${name.replace("@", "%40")}@${version}`,
        licenses: [/[ ()]/.test(license) ? { expression: license } : { license: { id: license } }],
        ...integrity === undefined ? {} : {
          hashes: [{ alg: "SHA-512", content: base64ToHex(integrity.replace("sha512-", "")) }],
        },
      })),
    ],
    dependencies: [{
      ref: `haft@${version}`,
      dependsOn: [`bun@${bunVersion}`, ...found.map(({ name, version }) => `${name}@${version}`)],
    }],
  });
}

function base64ToHex(text: string): string {
  return [...atob(text)].map((char) => char.charCodeAt(0).toString(16).padStart(2, "0")).join("");
}
