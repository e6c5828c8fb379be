const ROUNDS = 5;

/**
 * How many times longer the processor takes over `whole` than over its `parts`, done one after another: about 1 when time
 * grows in line with the size, about the number of parts when it grows with its square. Each side counts by its fastest
 * of several rounds, since what disturbs one (a collection of garbage, a compilation) is not in all of them.
 */
export function growth(parts: readonly (() => void)[], whole: () => void): number {
  const both = Array.from({ length: ROUNDS }, () => ({
    parts: timeOf(() => parts.forEach((part) => part())),
    whole: timeOf(whole),
  }));
  return Math.min(...both.map((round) => round.whole)) / Math.min(...both.map((round) => round.parts));
}

/** Microseconds of processor time, at least one: what other processes do does not count. */
function timeOf(work: () => void): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return Math.max(1, user + system);
}
