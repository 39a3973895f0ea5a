import { createDocuments } from "../../src/tools/registry/metadata_client.ts";
import { homedir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { createHttpClient } from "../../src/tools/http/http_client.ts";
import { createNpmRegistry } from "../../src/tools/registry/npm_registry.ts";

/** The registry that npm's own configuration names, as haft itself asks it. */
export function configuredRegistry({ projectDir, scratch }: { projectDir: string; scratch: string }) {
  const http = createHttpClient({});
  const registry = createNpmRegistry({
    http,
    env: process.env,
    projectDir,
    home: homedir(),
    metadataDir: join(scratch, "metadata"),
    offline: false,
  });
  const documents = createDocuments({ http, directory: join(scratch, "metadata"), offline: false });
  const user = { env: process.env, home: homedir(), platform: process.platform };
  return { http, registry, documents, user };
}
