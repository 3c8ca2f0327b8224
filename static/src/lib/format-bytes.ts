/** Sizes of files as people read them: kilobytes below a megabyte, by thousands as phones count them. */

export function formatBytes(bytes: number, language: string): string {
  const [value, unit, decimals] = bytes < 999_500 ? [bytes / 1e3, "kB", 0] : [bytes / 1e6, "MB", 1];
  const written = value.toLocaleString(language === "en" ? "en" : "id", {
    minimumFractionDigits: decimals,
    maximumFractionDigits: decimals,
  });
  return `${written} ${unit}`;
}
