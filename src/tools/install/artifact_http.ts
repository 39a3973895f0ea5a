/** The part of the HTTP client that an install uses; see `src/tools/http/http_client.ts`. */
export interface ArtifactHttp {
  get(url: string, options?: ArtifactRequest): Promise<ArtifactResponse>;
}

export interface ArtifactRequest {
  headers?: Readonly<Record<string, string>>;
  signal?: AbortSignal;
  /** The body fails after so many bytes. */
  maxBytes?: number;
  /** How often to try in all, where a failure may pass. */
  attempts?: number;
}

export interface ArtifactResponse {
  readonly status: number;
  readonly headers: Headers;
  readonly body: AsyncIterable<Uint8Array>;
  cancel(): Promise<void>;
}
