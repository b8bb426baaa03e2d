import { distance } from 'fastest-levenshtein'

/** ` (did you mean 'priority'?)`, or nothing where no name is near. */
export function didYouMean(given: string, known: readonly string[]): string {
  const nearest = known
    .map((name) => ({ name, far: distance(given.toLowerCase(), name.toLowerCase()) }))
    .sort((a, b) => a.far - b.far)[0]
  return nearest !== undefined && nearest.far <= Math.max(2, given.length / 3)
    ? ` (did you mean '${nearest.name}'?)`
    : ''
}
