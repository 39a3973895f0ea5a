/** All in milliseconds. */
export interface InstallChildLimits {
  /** From the start of the child to its connection. */
  connect: number;
  /** Without any progress. */
  silence: number;
  /** From `completed` to the child's end. */
  farewell: number;
  /** From SIGTERM to SIGKILL. */
  grace: number;
}
