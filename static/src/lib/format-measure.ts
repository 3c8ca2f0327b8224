/** Measured lengths and areas as people read them. */

/** Metres below a kilometre, else kilometres to the metre. */
export function formatLength(lengthM: number, language: string): string {
  return lengthM < 1000
    ? `${written(lengthM, lengthM < 100 ? 1 : 0, language)} m`
    : `${written(lengthM / 1000, 3, language)} km`;
}

/** Square metres below a hectare, hectares below a hundred square kilometres, else square kilometres. */
export function formatArea(areaM2: number, language: string): string {
  if (areaM2 < 10_000) return `${written(areaM2, 0, language)} m²`;
  return areaM2 < 1e8 ? `${written(areaM2 / 10_000, 2, language)} ha` : `${written(areaM2 / 1e6, 2, language)} km²`;
}

function written(value: number, decimals: number, language: string): string {
  return value.toLocaleString(language === "en" ? "en" : "id", {
    minimumFractionDigits: decimals,
    maximumFractionDigits: decimals,
  });
}
