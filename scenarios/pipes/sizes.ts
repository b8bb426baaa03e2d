import { z } from '../../harness/api.ts'

/** A param that lists sizes, smallest first: a run steps through them, which gives a curve. */
export function sizesParam(fallback: string, most: number, description: string) {
  return z
    .string()
    .default(fallback)
    .transform((text, context) => {
      const sizes = text.split(',').map(Number)
      if (sizes.every((size, i) => isSize(size, most) && size > (sizes[i - 1] ?? 0))) return sizes
      context.addIssue({
        code: 'custom',
        message: `expected ascending whole numbers from 1 to ${most}, joined by commas`,
      })
      return z.NEVER
    })
    .describe(description)
}

function isSize(size: number, most: number): boolean {
  return Number.isInteger(size) && size >= 1 && size <= most
}
