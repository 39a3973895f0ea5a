const sinks: { stdout?: Bun.FileSink; stderr?: Bun.FileSink } = {};

/**
 * By a sink and not by `Bun.write`, which takes a file that stdout was redirected to for its own and
 * truncates it.
 */
export async function writeOutput(stream: "stdout" | "stderr", text: string | Uint8Array): Promise<void> {
  const sink = sinks[stream] ??= Bun[stream].writer();
  await sink.write(text);
  await sink.flush();
}
