/** Lengths and areas on the WGS84 ellipsoid, for measuring on the map. Positions are [lon, lat] in degrees. */

export type Position = readonly [number, number];

const SEMI_MAJOR_M = 6_378_137;
const FLATTENING = 1 / 298.257223563;
const SEMI_MINOR_M = SEMI_MAJOR_M * (1 - FLATTENING);
const ECCENTRICITY2 = FLATTENING * (2 - FLATTENING);
const ECCENTRICITY = Math.sqrt(ECCENTRICITY2);
const CONVERGED = 1e-12; // radians, less than a hundredth of a millimetre
const GREATEST_ROUNDS = 200;
const EDGE_STEP_M = 10_000; // edges of an area are cut so fine that geodesic and great circle agree

const radians = (degrees: number): number => (degrees * Math.PI) / 180;
const degrees = (angle: number): number => (angle * 180) / Math.PI;

/** Metres along the shortest way between two positions, by Vincenty's formula. */
export function distanceM(from: Position, to: Position): number {
  const difference = radians(to[0] - from[0]);
  const reduced1 = Math.atan((1 - FLATTENING) * Math.tan(radians(from[1])));
  const reduced2 = Math.atan((1 - FLATTENING) * Math.tan(radians(to[1])));
  const [sin1, cos1, sin2, cos2] = [Math.sin(reduced1), Math.cos(reduced1), Math.sin(reduced2), Math.cos(reduced2)];
  let lambda = difference;
  for (let round = 0; round < GREATEST_ROUNDS; round += 1) {
    const [sinLambda, cosLambda] = [Math.sin(lambda), Math.cos(lambda)];
    const sinSigma = Math.hypot(cos2 * sinLambda, cos1 * sin2 - sin1 * cos2 * cosLambda);
    if (sinSigma === 0) return 0;
    const cosSigma = sin1 * sin2 + cos1 * cos2 * cosLambda;
    const sigma = Math.atan2(sinSigma, cosSigma);
    const sinAlpha = (cos1 * cos2 * sinLambda) / sinSigma;
    const cos2Alpha = 1 - sinAlpha * sinAlpha;
    const cos2Sigma = cos2Alpha === 0 ? 0 : cosSigma - (2 * sin1 * sin2) / cos2Alpha;
    const c = (FLATTENING / 16) * cos2Alpha * (4 + FLATTENING * (4 - 3 * cos2Alpha));
    const next =
      difference +
      (1 - c) *
        FLATTENING *
        sinAlpha *
        (sigma + c * sinSigma * (cos2Sigma + c * cosSigma * (2 * cos2Sigma * cos2Sigma - 1)));
    if (Math.abs(next - lambda) < CONVERGED) return arcM(cos2Alpha, sigma, sinSigma, cosSigma, cos2Sigma);
    lambda = next;
  }
  return Number.NaN; // nearly opposite sides of the globe: no regency is that large
}

function arcM(cos2Alpha: number, sigma: number, sinSigma: number, cosSigma: number, cos2Sigma: number): number {
  const u2 = (cos2Alpha * (SEMI_MAJOR_M ** 2 - SEMI_MINOR_M ** 2)) / SEMI_MINOR_M ** 2;
  const a = 1 + (u2 / 16384) * (4096 + u2 * (-768 + u2 * (320 - 175 * u2)));
  const b = (u2 / 1024) * (256 + u2 * (-128 + u2 * (74 - 47 * u2)));
  const correction =
    b *
    sinSigma *
    (cos2Sigma +
      (b / 4) *
        (cosSigma * (2 * cos2Sigma ** 2 - 1) -
          (b / 6) * cos2Sigma * (4 * sinSigma ** 2 - 3) * (4 * cos2Sigma ** 2 - 3)));
  return SEMI_MINOR_M * a * (sigma - correction);
}

/** Metres along a line; 0 with fewer than two positions. */
export function lengthM(line: readonly Position[]): number {
  let total = 0;
  for (let index = 1; index < line.length; index += 1) total += distanceM(line[index - 1]!, line[index]!);
  return total;
}

/**
 * Square metres inside a ring (closed or not); 0 with fewer than three positions.
 *
 * Latitudes become authalic, on the sphere that has the ellipsoid's area; there the excess of each edge is exact.
 */
export function areaM2(ring: readonly Position[]): number {
  if (ring.length < 3) return 0;
  let excess = 0;
  for (let index = 0; index < ring.length; index += 1) {
    const points = cutEdge(ring[index]!, ring[(index + 1) % ring.length]!);
    for (let step = 1; step < points.length; step += 1) excess += edgeExcess(points[step - 1]!, points[step]!);
  }
  return Math.abs(excess) * authalicRadiusM() ** 2;
}

function cutEdge(from: Position, to: Position): Position[] {
  const pieces = Math.max(1, Math.ceil(distanceM(from, to) / EDGE_STEP_M));
  const [a, b] = [unitVector(from), unitVector(to)];
  return Array.from({ length: pieces + 1 }, (_, step) => {
    if (step === 0) return from;
    if (step === pieces) return to;
    const share = step / pieces;
    const [x, y, z] = [0, 1, 2].map((axis) => a[axis]! * (1 - share) + b[axis]! * share) as [number, number, number];
    return [degrees(Math.atan2(y, x)), degrees(Math.atan2(z, Math.hypot(x, y)))];
  });
}

function unitVector([lon, lat]: Position): [number, number, number] {
  const [l, p] = [radians(lon), radians(lat)];
  return [Math.cos(p) * Math.cos(l), Math.cos(p) * Math.sin(l), Math.sin(p)];
}

/** Area between an edge and the equator on the unit sphere (signed). */
function edgeExcess(from: Position, to: Position): number {
  const difference = radians(to[0] - from[0]);
  const [t1, t2] = [Math.tan(authalicLatitude(from[1]) / 2), Math.tan(authalicLatitude(to[1]) / 2)];
  return 2 * Math.atan2(Math.tan(difference / 2) * (t1 + t2), 1 + t1 * t2);
}

function authalicQ(sine: number): number {
  const product = ECCENTRICITY * sine;
  return (1 - ECCENTRICITY2) * (sine / (1 - product * product) + Math.atanh(product) / ECCENTRICITY);
}

function authalicLatitude(latitude: number): number {
  return Math.asin(Math.max(-1, Math.min(1, authalicQ(Math.sin(radians(latitude))) / authalicQ(1))));
}

function authalicRadiusM(): number {
  return SEMI_MAJOR_M * Math.sqrt(authalicQ(1) / 2);
}

/** A ring around a position, as a circle of so many metres (for accuracy, not for survey). */
export function circleAround([lon, lat]: Position, radiusM: number, corners = 64): Position[] {
  const perDegreeLat = 110_574;
  const perDegreeLon = 111_320 * Math.cos(radians(lat));
  return Array.from({ length: corners + 1 }, (_, index) => {
    const angle = (index / corners) * 2 * Math.PI;
    return [lon + (Math.cos(angle) * radiusM) / perDegreeLon, lat + (Math.sin(angle) * radiusM) / perDegreeLat];
  });
}
