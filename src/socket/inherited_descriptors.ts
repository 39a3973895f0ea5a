/**
 * The first inherited descriptor, where a service manager starts the daemon on demand (systemd's
 * `sd_listen_fds(3)`).
 */
const FIRST_FD = 3;

/**
 * The descriptors of listening sockets that were handed to this very process: `LISTEN_FDS` of them, if
 * `LISTEN_PID` is ours.
 */
export function inheritedListeners(
  env: Readonly<Record<string, string | undefined>>,
  pid: number,
): number[] {
  const count = Number(env["LISTEN_FDS"]);
  if (env["LISTEN_PID"] !== String(pid) || !Number.isInteger(count) || count < 1 || count > 64) return [];
  return Array.from({ length: count }, (_, index) => FIRST_FD + index);
}
