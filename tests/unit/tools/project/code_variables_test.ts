import { assertEquals } from "@std/assert";
import { codeVariables, envFiles, runsCode } from "../../../../src/tools/project/code_variables.ts";

Deno.test("runsCode() knows the names that loaders, shells and interpreters obey, and no plain data", () => {
  const code = [
    ..."PATH Path LD_PRELOAD LD_AUDIT DYLD_INSERT_LIBRARIES NODE_OPTIONS NODE_PATH BASH_ENV ENV".split(" "),
    ..."BASH_FUNC_ls PYTHONPATH PYTHONSTARTUP PERL5OPT RUBYOPT JAVA_TOOL_OPTIONS _JAVA_OPTIONS".split(" "),
    ..."GIT_SSH_COMMAND GIT_EDITOR EDITOR PAGER SSH_ASKPASS npm_config_script_shell GOFLAGS".split(" "),
    ..."RUSTC_WRAPPER CARGO_BUILD_RUSTC CC MAKEFLAGS HOME KUBECONFIG HAFT_TRUST CATALINA_OPTS PS4".split(" "),
    ..."COMPILER_PATH GCC_EXEC_PREFIX C_INCLUDE_PATH CPATH SWIFT_EXEC ESBUILD_BINARY_PATH".split(" "),
    ..."PYTEST_ADDOPTS GUNICORN_CMD_ARGS TF_CLI_CONFIG_FILE TF_CLI_ARGS ANSIBLE_CONFIG FLASK_APP".split(" "),
    ..."VIMINIT EXINIT MANPAGER RSYNC_RSH CVS_RSH GH_BROWSER COMPOSE_FILE VK_ICD_FILENAMES".split(" "),
    ..."CHROME_PATH PUPPETEER_EXECUTABLE_PATH LIBGL_DRIVERS_PATH".split(" "),
  ];
  const data = [
    ..."DATABASE_URL PORT NODE_ENV API_KEY DEBUG LOG_LEVEL SECRET AWS_REGION UPLOAD_PATH".split(" "),
    ..."GOOGLE_API_KEY RAILS_ENV HOST ENVIRONMENT REDIS_URL STRIPE_KEY".split(" "),
  ];
  assertEquals(code.filter((name) => !runsCode(name)), []);
  assertEquals(data.filter(runsCode), []);
});

Deno.test("codeVariables() gives those that run code, as programs get them", () => {
  assertEquals(codeVariables('export PATH="./a\\n./b"\nA=1\nENV: x # why\n'), { PATH: "./a\n./b", ENV: "x" });
});

Deno.test("envFiles() resolves the names as settings, apps and tasks do", () => {
  const files = envFiles({
    root: "/p",
    settings: { dotenv: ["/local.env"] },
    apps: { web: { env_file: [".env", "/etc/web.env"] }, plain: "run" },
    tasks: { build: { dotenv: "/env/b" }, list: ["a"], other: { dotenv: [1, "../up.env"] } },
  });
  assertEquals([...files], [
    ["/p/.env", ".env"],
    ["/p/local.env", "local.env"],
    ["/etc/web.env", "/etc/web.env"],
    ["/p/env/b", "env/b"],
    ["/up.env", "../up.env"],
  ]);
});
