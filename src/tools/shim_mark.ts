/**
 * Every shim, and every other script of haft's on PATH, has this line, so that haft knows its own from what
 * others put there.
 */
export const SHIM_MARK = "haft shim: runs a tool at the version that the directory's project asks for";
