/** A parent of an install, written from RFC 0034 alone: four fields out, progress as serde spells it back. */
import { Buffer } from "node:buffer";
import { createServer, type Server, type Socket } from "node:net";

export interface InstallConfig {
  tool_name: string;
  version: string;
  options: Record<string, unknown>;
  download_url: string | null;
}

export type InstallProgress =
  | { Started: { tool: string; version: string } }
  | { Downloading: { tool: string; percent: number; bytes_downloaded: number; total_bytes: number } }
  | { Extracting: { tool: string; percent: number } }
  | { PostInstall: { tool: string; message: string } }
  | { Completed: { tool: string; version: string; install_path: string } }
  | { Failed: { tool: string; error: string } };

export type ParentFraming = "lines" | "length";

/** Listens where the child is to connect; sends each child this text as its first frame. */
export class VxParent {
  readonly #server: Server;
  readonly #progress: InstallProgress[] = [];
  readonly #ended = Promise.withResolvers<void>();

  private constructor(server: Server) {
    this.#server = server;
  }

  static async listen(
    path: string,
    { text, framing, enveloped = false }: { text: string; framing: ParentFraming; enveloped?: boolean },
  ): Promise<VxParent> {
    const server = createServer();
    const parent = new VxParent(server);
    server.on("connection", (socket) => parent.#serve(socket, { text, framing, enveloped }));
    await new Promise<void>((resolve) => server.listen(path, resolve));
    return parent;
  }

  /** All progress, when the child has closed its end. */
  async heard(): Promise<InstallProgress[]> {
    await this.#ended.promise;
    this.#server.close();
    return this.#progress;
  }

  close(): void {
    this.#server.close();
  }

  #serve(socket: Socket, how: { text: string; framing: ParentFraming; enveloped: boolean }): void {
    socket.write(frame(how.text, how.framing));
    const chunks: Buffer[] = [];
    socket.on("data", (chunk: Buffer) => chunks.push(chunk));
    socket.on("error", () => {});
    socket.on("close", () => {
      for (const text of frames(Buffer.concat(chunks), how.framing)) {
        const value = JSON.parse(text);
        this.#progress.push(how.enveloped ? value.data : value);
      }
      this.#ended.resolve();
    });
  }
}

function frame(text: string, framing: ParentFraming): Buffer {
  if (framing === "lines") return Buffer.from(`${text}\n`);
  const body = Buffer.from(text);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(body.length);
  return Buffer.concat([length, body]);
}

function frames(bytes: Buffer, framing: ParentFraming): string[] {
  if (framing === "lines") return bytes.toString().split("\n").slice(0, -1);
  const found: string[] = [];
  for (let at = 0; at < bytes.length;) {
    const end = at + 4 + bytes.readUInt32LE(at);
    found.push(bytes.toString("utf8", at + 4, end));
    at = end;
  }
  return found;
}

/** The variants in order, each once. */
export function variants(progress: readonly InstallProgress[]): string[] {
  return [...new Set(progress.flatMap((one) => Object.keys(one)))];
}
