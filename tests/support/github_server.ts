import { createHash } from "node:crypto";
import { createServer, type IncomingHttpHeaders, type Server } from "node:http";

export interface Asset {
  name: string;
  bytes: Uint8Array;
  /** Whether the API tells the digest. Default true. */
  digest?: boolean;
}

/** GitHub's documented API for releases, and its downloads, on 127.0.0.1. */
export class Github implements AsyncDisposable {
  readonly requests: { path: string; headers: IncomingHttpHeaders }[] = [];
  /** Answers every question to the API with this limit's end, in seconds since the epoch. */
  limitedUntil: number | undefined;
  readonly #server: Server;

  private constructor(repo: string, releases: Readonly<Record<string, Asset[]>>) {
    this.#server = createServer((request, response) => {
      const path = decodeURIComponent(request.url ?? "");
      this.requests.push({ path, headers: request.headers });
      const api = path.startsWith("/api/");
      if (api && this.limitedUntil !== undefined) {
        const headers = { "x-ratelimit-remaining": "0", "x-ratelimit-reset": String(this.limitedUntil) };
        response.writeHead(403, headers).end("{}");
        return;
      }
      if (path === `/api/repos/${repo}/releases?per_page=100`) {
        if (request.headers["if-none-match"] === '"v1"') {
          response.writeHead(304).end();
          return;
        }
        response.writeHead(200, { etag: '"v1"', "content-type": "application/json" });
        response.end(JSON.stringify(
          Object.entries(releases).map(([tag, assets]) => ({
            tag_name: tag,
            draft: false,
            prerelease: tag.includes("rc"),
            assets: assets.map(({ name, bytes, digest = true }) => ({
              name,
              digest: digest ? `sha256:${sha256(bytes)}` : null,
            })),
          })),
        ));
        return;
      }
      const [, tag = "", name] = new RegExp(`^/${repo}/releases/download/(.+)/([^/]+)$`).exec(path) ?? [];
      const asset = releases[tag]?.find((one) => one.name === name);
      response.writeHead(asset === undefined ? 404 : 200).end(asset?.bytes);
    });
  }

  static async start(repo: string, releases: Readonly<Record<string, Asset[]>>): Promise<Github> {
    const github = new Github(repo, releases);
    await new Promise<void>((resolve) => github.#server.listen(0, "127.0.0.1", resolve));
    return github;
  }

  get env(): Record<string, string> {
    const address = this.#server.address();
    if (address === null || typeof address === "string") throw new Error("the server does not listen");
    const url = `http://127.0.0.1:${address.port}`;
    return { GITHUB_API_URL: `${url}/api`, GITHUB_SERVER_URL: url, GITHUB_TOKEN: "token-for-the-api" };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

export function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
