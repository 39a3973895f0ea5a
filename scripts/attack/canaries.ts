import { Buffer } from "node:buffer";
import { randomBytes } from "node:crypto";

/** A secret that exists nowhere else: wherever it turns up, it came from the victim. */
function secret(name: string): string {
  return `canary-${name}-${randomBytes(9).toString("hex")}`;
}

/** Secrets in the victim's environment. */
export const SECRET_VARIABLES: Readonly<Record<string, string>> = Object.fromEntries(
  ["NPM_TOKEN", "GITHUB_TOKEN", "MYTOKEN", "AWS_SECRET_ACCESS_KEY", "SSH_PASSPHRASE", "UV_PUBLISH_TOKEN"].map(
    (
      name,
    ) => [name, secret(name.toLowerCase().replaceAll("_", "-"))],
  ),
);

/** The token that the victim's own registry asks for. */
export const REGISTRY_TOKEN = secret("registry-token");

/** A part of the home's path, so that `$HOME` counts as a secret, too. */
export const HOME_MARK = secret("home");

/** Files of the victim's home with secrets, all but the .npmrc. */
export const SECRET_FILES: Readonly<Record<string, string>> = {
  ".netrc": `machine 127.0.0.1 login victim password ${secret("netrc")}\n`,
  ".pypirc": `[pypi]\nusername = __token__\npassword = ${secret("pypirc")}\n`,
  ".git-credentials": `http://victim:${secret("git")}@127.0.0.1\n`,
  ".config/pip/pip.conf": `[global]\nextra-index-url = http://victim:${secret("pip")}@127.0.0.1:1/\n`,
  ".cargo/credentials.toml": `[registry]\ntoken = "${secret("cargo")}"\n`,
  ".docker/config.json": `{"auths":{"127.0.0.1":{"auth":"${secret("docker")}"}}}\n`,
  ".aws/credentials": `[default]\naws_secret_access_key = ${secret("aws")}\n`,
  ".ssh/id_ed25519": `-----BEGIN OPENSSH PRIVATE KEY-----\n${
    secret("ssh")
  }\n-----END OPENSSH PRIVATE KEY-----\n`,
};

const ALL: readonly string[] = [
  ...Object.values(SECRET_VARIABLES),
  REGISTRY_TOKEN,
  HOME_MARK,
  ...Object.values(SECRET_FILES).flatMap((text) => /canary-[a-z-]+-[0-9a-f]{18}/.exec(text) ?? []),
];

/**
 * The names of the secrets that a stranger can read in these bytes: plain, percent-encoded, in base64 or in
 * hex.
 */
export function canariesIn(bytes: string): string[] {
  const base64 = (bytes.match(/[A-Za-z0-9+/_-]{12,}=*/g) ?? []).flatMap((word) =>
    // What stands before it may look like a part of it.
    [0, 1, 2, 3].map((skip) => Buffer.from(word.slice(skip), "base64").toString("latin1"))
  );
  const hex = (bytes.match(/(?:[0-9a-f]{2}){20,}/gi) ?? []).map((word) =>
    Buffer.from(word, "hex").toString("latin1")
  );
  const percent = bytes.replaceAll(
    /%([0-9a-f]{2})/gi,
    (_, code: string) => String.fromCharCode(parseInt(code, 16)),
  );
  const decoded = [bytes, percent, ...base64, ...hex].join("\n");
  return ALL.filter((canary) => decoded.includes(canary)).map((canary) =>
    canary.replace(/-[0-9a-f]{18}$/, "")
  );
}
