import type { Attributes, ClassTable, Clock } from '../contracts.ts'

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

function classAttributes(classes: ClassTable, className: string, clock: Clock): Attributes {
  const spec = classes[className]
  if (spec === undefined && className !== 'default') {
    throw new TypeError(
      `Unknown class '${className}': the scenario declares ${Object.keys(classes).join(', ')}`,
    )
  }
  return {
    className,
    priority: spec?.priority ?? 0,
    deadlineNs:
      spec?.deadlineMs === undefined ? Number.POSITIVE_INFINITY : clock.nowNs() + spec.deadlineMs * 1e6,
    weight: spec?.weight ?? 1,
    expectedNs: Number.NaN,
  }
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
  const base = className === undefined ? parent : classAttributes(classes, className, clock)
  return {
    className: base.className,
    priority: priority ?? base.priority,
    deadlineNs: deadlineNs ?? base.deadlineNs,
    weight: weight ?? base.weight,
    expectedNs: expectedNs ?? base.expectedNs,
  }
}
