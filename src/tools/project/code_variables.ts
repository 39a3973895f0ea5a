/**
 * Files of variables that apps and tasks name (`env_file`, `dotenv`) are data, which the user edits without a
 * question. Some variables are more: PATH, LD_PRELOAD, NODE_OPTIONS or GIT_SSH_COMMAND make programs run
 * other code. Those, with their values, are part of what trust is bound to.
 */
import { join, relative, resolve } from "node:path";
import { parseDotenv } from "../../base/dotenv.ts";
import { readTextFile } from "../../base/read_text_file.ts";
import type { ProjectSettings } from "../manifest/manifest_schema.ts";

/**
 * Names that loaders, shells, interpreters, compilers and tools take code, options or a place to look for
 * code from. One too many costs a question, one too few runs code without one.
 */
const RUNS_CODE = new RegExp(
  [
    // Loaders, shells, and where programs look for their own files.
    "LD_.*|DYLD_.*|GCONV_PATH|LOCPATH|GLIBC_TUNABLES|PATH|PATHEXT|COMSPEC|PSMODULEPATH|SHELL|ENV|IFS|FPATH",
    "BASH_.*|ZDOTDIR|PROMPT_COMMAND|PS[0-4]|SHELLOPTS|BASHOPTS|CDPATH|HOME|USERPROFILE|APPDATA|LOCALAPPDATA",
    "XDG_.*_(HOME|DIRS)|TERMINFO.*",
    // Interpreters and their package managers.
    "NODE_(?!ENV$).*|NPM_.*|PNPM_.*|YARN_.*|COREPACK_.*|BUN_.*|DENO_.*|TS_NODE_.*|ELECTRON_.*",
    "PYTHON.*|PIP_.*|UV_.*|VIRTUAL_ENV|CONDA_.*|POETRY_.*|PERL.*|RUBY.*|GEM_.*|BUNDLE_.*|LUA_.*|PHP.*|R_.*",
    "_?JAVA_.*|JDK_.*|CLASSPATH|MAVEN_.*|GRADLE_.*|ANT_.*|SBT_.*|DOTNET_.*|CORECLR_.*|COMPLUS_.*|NUGET_.*",
    "ERL_.*|ELIXIR_.*|MIX_.*|GHC.*|JULIA_.*|TCLLIBPATH",
    // Compilers and builders.
    "GO(FLAGS|PROXY|NOSUMDB|NOSUMCHECK|INSECURE|PRIVATE|ROOT|PATH|BIN|ENV|TOOLCHAIN|DEBUG|AUTH|VCS)",
    "CGO_.*|CARGO_.*|RUST.*|CC|CXX|CPP|LD|AR|AS|NM|FC|MAKE|MAKEFILES|GNUMAKEFLAGS|MFLAGS|CMAKE_.*|MSBUILD.*",
    "PKG_CONFIG.*|GCC_.*|COMPILER_PATH|(C|CPLUS|OBJC)_INCLUDE_PATH|CPATH|LIBRARY_PATH|SWIFT_.*|ESBUILD_.*",
    // Tools that start others, and haft itself.
    "GIT_.*|SSH_.*|SVN_.*|HG.*|EDITOR|VISUAL|PAGER|BROWSER|LESSOPEN|LESSCLOSE|MAILCAPS|KUBECONFIG",
    "DOCKER_(HOST|CONFIG|CONTEXT)|AWS_(CONFIG|SHARED_CREDENTIALS)_FILE|OPENSSL_.*|SSLKEYLOGFILE",
    "MANPAGER|VIMINIT|EXINIT|EMACS.*|ANSIBLE_.*|TF_.*|HELM_.*|COMPOSE_.*|PYTEST_.*|GUNICORN_.*|FLASK_APP",
    "DJANGO_SETTINGS_MODULE|CHROME_(PATH|BIN)|PUPPETEER_.*|PLAYWRIGHT_.*|LIBGL_.*|VK_.*|GST_.*|GDK_.*|GIO_.*",
    "GTK_.*MODULES|QT_.*PATH|HAFT_.*|MISE_.*|ASDF_.*|DIRENV_.*",
    ".*_(OPTS|ADDOPTS|OPTIONS|ARGS|FLAGS|PRELOAD|WRAPPER|EDITOR|PAGER|BROWSER|ASKPASS|COMMAND|RSH|PLUGINS?)",
    ".*_(LIB|LIBRARY|PLUGIN|MODULE|BINARY|EXECUTABLE|CONFIG)_?(PATH|FILE)",
    ".*FLAGS",
  ].map((names) => `^(?:${names})$`).join("|"),
  "i",
);

/** Whether a variable can make a program run other code than its own. */
export function runsCode(name: string): boolean {
  return RUNS_CODE.test(name);
}

/** The variables in the text of a file that {@link runsCode}. */
export function codeVariables(text: string): Record<string, string> {
  return Object.fromEntries(Object.entries(parseDotenv(text)).filter(([name]) => runsCode(name)));
}

/** The files of `dotenv` under `[settings]`, below the manifest's directory. */
export function dotenvFiles(root: string, { dotenv = [] }: Pick<ProjectSettings, "dotenv">): string[] {
  return [dotenv].flat().map((file) => join(root, file));
}

/** A project's files of variables: path → the name that the manifest gives. */
export function envFiles(
  { root, apps, tasks, settings }: {
    root: string;
    settings: Pick<ProjectSettings, "dotenv">;
    apps: Readonly<Record<string, unknown>>;
    tasks: Readonly<Record<string, unknown>>;
  },
): Map<string, string> {
  const named = (section: Readonly<Record<string, unknown>>, key: string) =>
    Object.values(section).flatMap((table) =>
      typeof table === "object" && table !== null && key in table ? texts(Reflect.get(table, key)) : []
    );
  const readsUsual = Object.values(apps).some((table) =>
    typeof table !== "object" || table === null || !("env_file" in table)
  );
  return new Map([
    // An app that names no file has the `.env` beside the manifest.
    ...(readsUsual ? [[join(root, ".env"), ".env"] as const] : []),
    ...dotenvFiles(root, settings).map((file) => [file, relative(root, file)] as const),
    ...named(apps, "env_file").map((file) => [resolve(root, file), file] as const),
    // Below the project, also with a slash in front.
    ...named(tasks, "dotenv").map((file) => [join(root, file), file.replace(/^\/+/, "")] as const),
  ]);
}

function texts(value: unknown): string[] {
  return [value].flat().filter((one) => typeof one === "string");
}

/** What of these files counts only once it is trusted, by path; a file that is not there has nothing. */
export function gatedVariables(paths: Iterable<string>): Map<string, Record<string, string>> {
  const found = new Map<string, Record<string, string>>();
  for (const path of paths) {
    try {
      const variables = codeVariables(readTextFile(path));
      if (Object.keys(variables).length > 0) found.set(path, variables);
    } catch {
      // What uses it says so.
    }
  }
  return found;
}
