/** Filters of the map's features: classes hidden in the legend, and the criteria of the list of projects. */

export type Expression = readonly unknown[];

export interface ProjectCriteria {
  readonly stage: readonly string[];
  readonly status: readonly string[];
  readonly sector: readonly string[];
  readonly year: readonly number[];
  /** Ids of the projects that match, when the criteria ask for what tiles do not carry; null when they do not. */
  readonly ids: readonly number[] | null;
}

const IN_TILES = ["stage", "status", "sector", "year"] as const;
const NEEDING_IDS = ["q", "district", "village", "delay", "fund", "unit", "value", "near"] as const;

/** Read the criteria of the list from an address. */
export function readCriteria(parameters: URLSearchParams): ProjectCriteria {
  const all = (name: string): string[] =>
    parameters
      .getAll(name)
      .flatMap((value) => value.split(","))
      .filter(Boolean);
  return {
    stage: all("stage"),
    status: all("status"),
    sector: all("sector"),
    year: all("year").map(Number),
    ids: null,
  };
}

/** Whether the map must ask the server which projects match. */
export function needsIds(parameters: URLSearchParams): boolean {
  return NEEDING_IDS.some((name) => Boolean(parameters.get(name)));
}

/** The expression that lets the projects of the list through; null when all pass. */
export function projectFilter(criteria: ProjectCriteria): Expression | null {
  const conditions: Expression[] = [];
  for (const name of IN_TILES) {
    const values = criteria[name];
    if (values.length) conditions.push(["in", ["get", name], ["literal", values]]);
  }
  if (criteria.ids) conditions.push(["in", ["id"], ["literal", criteria.ids]]);
  return allOf(conditions);
}

/** The expression that hides classes; null when none is hidden. */
export function classFilter(classOfFeature: Expression, hidden: readonly string[]): Expression | null {
  return hidden.length ? ["!", ["in", classOfFeature, ["literal", hidden]]] : null;
}

/** One expression that asks for all; null for none. */
export function allOf(conditions: readonly (Expression | null | undefined)[]): Expression | null {
  const present = conditions.filter((condition): condition is Expression => Boolean(condition));
  return present.length === 0 ? null : present.length === 1 ? present[0]! : ["all", ...present];
}
