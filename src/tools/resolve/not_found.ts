/** Whether an error is a server's 404 (or 410: unpublished), as the registry client reports it. */
export function isNotFound(error: unknown): boolean {
  if (!(error instanceof Error) || !("status" in error)) return false;
  return error.status === 404 || error.status === 410;
}

/** The promise's value, or undefined where the server has no such thing. */
export async function orNotFound<T>(promise: Promise<T>): Promise<T | undefined> {
  try {
    return await promise;
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}
