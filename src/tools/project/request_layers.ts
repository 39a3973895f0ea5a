/**
 * Who asks for which tool. Each request belongs to the project that says it, and is locked beside that
 * project's root: the project of a directory is the nearest one with a haft.toml, else with a version file,
 * and what lies above its root is seen as from there. What lies in the home directory is the user's own. The
 * nearest layer to name a tool decides; the lock files of the others keep what they say of it.
 */
import { existsSync, realpathSync } from "node:fs";
import { dirname, join, sep } from "node:path";
import type { Paths } from "../../base/paths.ts";
import type { Catalogue } from "../catalogue/catalogue.ts";
import type { ProjectSettings } from "../manifest/manifest_schema.ts";
import type { SystemTool, VersionFileContent } from "../manifest/version_files.ts";
import type { VersionFileFamily } from "../manifest/version_files/families.ts";
import type { ToolRequest } from "../request.ts";
import { MANIFEST_NAME, type Manifests, readManifest } from "./manifests.ts";
import { chosenFamilies, type Looked, readVersionFile, versionFileContents } from "./read_version_files.ts";
import type { UserConfig } from "./user_config.ts";

export const LOCK_NAME = "haft.lock";
const LOCAL_LOCK_NAME = "haft.local.lock";

/** Requests with a lock file of their own, so that each names only what is said beside it. */
export interface RequestLayer {
  /**
   * Whose lock file it is: `checkout`, the one that is committed here; `local`, one person's; `elsewhere`,
   * another checkout's or the user's own, which commands here use as it is.
   */
  owner: "checkout" | "local" | "elsewhere";
  root: string;
  lockPath: string;
  requests: ToolRequest[];
  /** What stays in the lock file although a nearer file asks for something else here. */
  overridden: ToolRequest[];
}

export function newLayer(owner: RequestLayer["owner"], root: string): RequestLayer {
  const lockPath = join(root, owner === "local" ? LOCAL_LOCK_NAME : LOCK_NAME);
  return { owner, root, lockPath, requests: [], overridden: [] };
}

/** What the files of a directory and of those above it ask for, and what says how to read it. */
export interface AskedTools extends Looked {
  /**
   * The directory of the nearest haft.toml; without one, of the nearest version file; else the directory
   * asked about.
   */
  root: string;
  lockPath: string;
  /** What is known by name here: haft's own tools, and what the user and the manifests define. */
  catalogue: Catalogue;
  /**
   * What the project itself asks for, from its root down to the directory: one request a tool. The nearest
   * file decides, and haft.toml before others in the same directory.
   */
  requests: ToolRequest[];
  /** What the project asks for and a haft.local.toml decides otherwise: haft.lock keeps it. */
  overridden: ToolRequest[];
  /** What a haft.local.toml asks for instead of the project's files, or beyond them. */
  local: RequestLayer;
  /** What the projects around this one ask for and it does not decide, the nearest first. */
  outer: RequestLayer[];
  /** What the user asks for everywhere and no project here decides. */
  userWide: RequestLayer;
  /** Requests that a nearer file overruled, nearest first. */
  shadowed: ToolRequest[];
  /** What version files ask for that haft cannot give. */
  skipped: VersionFileContent["skipped"];
  /** Tools that the nearest file to name them leaves to the system. */
  system: SystemTool[];
  /** What `engines` of the nearest package.json allows. */
  constraints: VersionFileContent["constraints"];
  /** `[env]` of version files, which counts once it is trusted, and the nearest file that has one. */
  foreignEnv: Record<string, string | null>;
  foreignEnvFile: string | undefined;
  /** `[settings]` of the nearest haft.toml. */
  settings: ProjectSettings;
  /** The user's own settings. */
  user: UserConfig;
}

interface LayersContext {
  /** The nearest first. */
  directories: readonly string[];
  manifests: ReadonlyMap<string, Manifests>;
  /** Those of mise. */
  environments: readonly string[];
  home: string;
  paths: Pick<Paths, "config">;
}

/** Fills in what is asked for, and by whom. */
export function readLayers(files: AskedTools, context: LayersContext): void {
  const reader = new LayerReader(files, context);
  let isCheckout = true;
  let inner: string | undefined;
  for (let rest = context.directories; rest.length > 0;) {
    const { own, local, root, taken } = reader.readLevel(rest);
    rest = rest.slice(taken);
    if (inner === undefined) {
      files.root = root ?? files.root;
      Object.assign(files, { lockPath: own.lockPath, requests: own.requests, overridden: own.overridden });
      files.local = local;
    } else if (root !== undefined) {
      isCheckout &&= !leavesCheckout(inner, root, files);
      const asking = [own, local].filter((layer) => layer.requests.length + layer.overridden.length > 0);
      files.outer.push(...asking.map((one) => isCheckout ? one : { ...one, owner: "elsewhere" as const }));
    }
    if (root === undefined) break;
    inner = root;
  }
  reader.readUsers();
  const { userWide } = files;
  if (userWide.requests.length === 0) return;
  files.lookedFor.push(userWide.lockPath);
  // Where there is no project, the user's tools are what there is.
  if (inner === undefined) files.lockPath = userWide.lockPath;
  mergeUsers(files);
}

/** Whether a repository of its own ends between a project's root and the root of the one around it. */
function leavesCheckout(inner: string, outer: string, { lookedFor }: AskedTools): boolean {
  for (let at = inner; at !== outer; at = dirname(at)) {
    const path = join(at, ".git");
    // One that is there changes with every commit, and only its absence is worth a second look.
    if (existsSync(path)) return true;
    lookedFor.push(path);
  }
  return false;
}

/** The directory of the user's own haft.toml is a project, too: both have one lock file. */
function mergeUsers(files: AskedTools): void {
  const { userWide } = files;
  const same = [files, ...files.outer].find(({ lockPath }) => lockPath === userWide.lockPath);
  if (same === undefined) return;
  same.requests.push(...userWide.requests);
  const names = new Set([...same.requests, ...same.overridden].map(({ name }) => name));
  same.overridden.push(...userWide.overridden.filter(({ name }) => !names.has(name)));
  files.userWide = newLayer("elsewhere", userWide.root);
}

interface CountedContent {
  content: VersionFileContent;
  /** Whether its tools are installed here, or only stay locked. */
  counts: boolean;
}

class LayerReader {
  readonly #files: AskedTools;
  readonly #context: LayersContext;
  /** The kinds of version files that count here at all. */
  readonly #counting: readonly VersionFileFamily[];
  /** Tools that a nearer file has decided. */
  readonly #decided = new Set<string>();
  /** What lies in the home directory, which counts after what the user's own haft.toml says. */
  readonly #users: CountedContent[] = [];
  /** The home directory as it is called, and as it is reached where that is a link. */
  readonly #homes: readonly string[];

  constructor(files: AskedTools, context: LayersContext) {
    this.#files = files;
    this.#context = context;
    this.#homes = [context.home, realPath(context.home)];
    this.#counting = chosenFamilies(files.settings.version_files ?? files.user.settings.version_files);
  }

  /**
   * Reads one project and what is asked for in it.
   *
   * @param directories those that are not read yet, the nearest first
   * @returns without a root when nothing there is a project; `taken` says how many directories were read
   */
  readLevel(
    directories: readonly string[],
  ): { own: RequestLayer; local: RequestLayer; root: string | undefined; taken: number } {
    const { manifests, environments } = this.#context;
    const files = this.#files;
    const settled = directories.find((directory) => hasManifest(manifests.get(directory)));
    const families = this.#familiesOf(settled);
    const [own, local] = [newLayer("checkout", ""), newLayer("local", "")];
    const [ownNames, localNames] = [new Set<string>(), new Set<string>()];
    let root: string | undefined;
    let taken = 0;
    for (const directory of directories) {
      taken++;
      const { local: localManifest, own: manifest, catalogue = files.catalogue } = manifests.get(directory) ??
        {};
      this.#add(localManifest?.requests ?? [], { layer: local, names: localNames });
      this.#add(manifest?.requests ?? [], { layer: own, names: ownNames });
      for (
        const content of versionFileContents(directory, { looked: files, families, environments, catalogue })
      ) {
        const counts = this.#counting.includes(content.family);
        if (this.#isUsers(directory, content.file)) {
          this.#users.push({ content, counts });
          continue;
        }
        this.#addContent(content, { layer: own, names: ownNames, counts });
        if (settled === undefined && content.requests.length > 0) root = directory;
      }
      if (directory === settled) root = directory;
      if (root !== undefined) break;
    }
    const at = root ?? files.root;
    Object.assign(own, { root: at, lockPath: newLayer("checkout", at).lockPath });
    Object.assign(local, { root: at, lockPath: newLayer("local", at).lockPath });
    return { own, local, root, taken };
  }

  /** The user's own haft.toml, then `~/.tool-versions`, count in every directory. */
  readUsers(): void {
    const { home, paths: { config } } = this.#context;
    const files = this.#files;
    const target = { layer: files.userWide, names: new Set<string>() };
    const family = ".tool-versions";
    const [manifestPath, versionsPath] = [join(config, MANIFEST_NAME), join(home, family)];
    if (!files.lookedFor.includes(manifestPath)) {
      files.lookedFor.push(manifestPath);
      this.#add(readManifest(manifestPath, files.user.catalogue)?.requests ?? [], target);
    }
    for (const { content, counts } of this.#users) this.#addContent(content, { ...target, counts });
    const isRead = this.#homes.some((path) => files.lookedFor.includes(join(path, family)));
    if (isRead || !this.#counting.includes(family)) return;
    files.lookedFor.push(versionsPath);
    const content = readVersionFile(versionsPath, { family, catalogue: files.user.catalogue }, files);
    this.#add(content?.requests ?? [], target);
  }

  #familiesOf(directory: string | undefined): readonly VersionFileFamily[] {
    const { local, own } = (directory === undefined ? undefined : this.#context.manifests.get(directory)) ??
      {};
    const { user } = this.#files;
    return chosenFamilies(
      local?.settings.version_files ?? own?.settings.version_files ?? user.settings.version_files,
    );
  }

  /** Whether a version file is the user's own: one of the home directory, or mise's for all directories. */
  #isUsers(directory: string, file: string): boolean {
    return this.#homes.some((home) =>
      directory === home || file.startsWith(join(home, ".config", "mise") + sep)
    );
  }

  /** The first file of a layer to name a tool speaks for it, and of the layers the nearest. */
  #add(
    requests: readonly ToolRequest[],
    { layer, names, counts = true }: { layer: RequestLayer; names: Set<string>; counts?: boolean },
  ): void {
    for (const request of requests) {
      const isDecided = !counts || this.#decided.has(request.name);
      if (!names.has(request.name)) (isDecided ? layer.overridden : layer.requests).push(request);
      names.add(request.name);
      if (!counts) continue;
      if (isDecided) this.#files.shadowed.push(request);
      this.#decided.add(request.name);
    }
  }

  #addContent(
    content: VersionFileContent,
    target: { layer: RequestLayer; names: Set<string>; counts: boolean },
  ): void {
    const files = this.#files;
    const { requests, skipped, system, constraints, env, problems, alsoRead } = content;
    this.#add(requests, target);
    files.lookedFor.push(...alsoRead);
    for (const { name } of [...skipped, ...system]) target.names.add(name);
    if (!target.counts) return;
    for (const mention of skipped) {
      if (!this.#decided.has(mention.name)) files.skipped.push(mention);
      this.#decided.add(mention.name);
    }
    for (const tool of system) {
      const { name } = tool;
      if (!this.#decided.has(name)) files.system.push(tool);
      this.#decided.add(name);
    }
    const constrained = new Set(files.constraints.map(({ name }) => name));
    for (const constraint of constraints) {
      if (!constrained.has(constraint.name)) files.constraints.push(constraint);
      constrained.add(constraint.name);
    }
    if (Object.keys(env).length > 0) {
      files.foreignEnv = { ...env, ...files.foreignEnv };
      files.foreignEnvFile ??= content.file;
    }
    files.problems.push(...problems);
  }
}

function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

function hasManifest({ own, local }: Partial<Manifests> = {}): boolean {
  return own !== undefined || local !== undefined;
}
