/** The messages of errors that nothing caught during `work`. */
export async function uncaughtErrors(work: () => Promise<void>): Promise<string[]> {
  const messages: string[] = [];
  const hear = (event: ErrorEvent) => {
    event.preventDefault();
    messages.push(event.error.message);
  };
  globalThis.addEventListener("error", hear);
  try {
    await work();
  } finally {
    globalThis.removeEventListener("error", hear);
  }
  return messages;
}
