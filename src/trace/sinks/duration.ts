/** Durations for people: three significant digits and the unit that keeps them short. */

const units = [
  { name: "µs", us: 1 },
  { name: "ms", us: 1e3 },
  { name: "s", us: 1e6 },
] as const;

/**
 * "850ns", "12.3µs", "4.56ms", "1.20s", "3600s".
 * @param us microseconds; below zero (a clock that was set back) reads as zero
 */
export function formatDuration(us: number): string {
  if (!(us > 0)) return "0µs";
  // Compared with what rounding to three digits will make of it, so that 999.7µs reads "1.00ms".
  if (us < 0.9995) return `${Math.round(us * 1e3)}ns`;
  for (const unit of units) {
    const value = us / unit.us;
    if (value < 9.995) return value.toFixed(2) + unit.name;
    if (value < 99.95) return value.toFixed(1) + unit.name;
    if (value < 999.5) return value.toFixed(0) + unit.name;
  }
  return `${(us / 1e6).toFixed(0)}s`;
}
