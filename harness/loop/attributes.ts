import type { Attributes, ClassSpec, ClassTable, Clock } from '../contracts.ts'

export type { ClassTable }

/** What a task may say about its urgency; what it leaves out comes from its class, else from its parent. */
export interface AttributeOptions {
  readonly className?: string
  readonly priority?: number
  /** Absolute, ns on the loop's clock. */
  readonly deadlineNs?: number
  readonly weight?: number
  readonly expectedNs?: number
}

export const DEFAULT_ATTRIBUTES: Attributes = Object.freeze({
  className: 'default',
  priority: 0,
  deadlineNs: Number.POSITIVE_INFINITY,
  weight: 1,
  expectedNs: Number.NaN,
})

function specOf(classes: ClassTable, className: string): ClassSpec {
  const spec = classes[className]
  if (spec !== undefined) return spec
  if (className === 'default') return PLAIN
  throw new TypeError(
    `Unknown class '${className}': the scenario declares ${Object.keys(classes).join(', ')}`,
  )
}

const PLAIN: ClassSpec = {}

function deadlineOf({ deadlineMs }: ClassSpec, clock: Clock): number {
  return deadlineMs === undefined ? Number.POSITIVE_INFINITY : clock.nowNs() + deadlineMs * 1e6
}

/** Attributes of new work: naming a class starts from that class, otherwise from the parent. */
export function deriveAttributes(
  parent: Attributes,
  options: AttributeOptions | undefined,
  classes: ClassTable,
  clock: Clock,
): Attributes {
  if (options === undefined) return parent
  const { className, priority, deadlineNs, weight, expectedNs } = options
  if ((className ?? priority ?? deadlineNs ?? weight ?? expectedNs) === undefined) return parent
  // One record, and none in between: this runs with every task.
  if (className === undefined) {
    return {
      className: parent.className,
      priority: priority ?? parent.priority,
      deadlineNs: deadlineNs ?? parent.deadlineNs,
      weight: weight ?? parent.weight,
      expectedNs: expectedNs ?? parent.expectedNs,
    }
  }
  const spec = specOf(classes, className)
  return {
    className,
    priority: priority ?? spec.priority ?? 0,
    deadlineNs: deadlineNs ?? deadlineOf(spec, clock),
    weight: weight ?? spec.weight ?? 1,
    expectedNs: expectedNs ?? Number.NaN,
  }
}
