/** A policy looks the same in every chart: colour, dash and marker follow from its place in the run. */
import type { PointStyle } from 'chart.js'

export interface Look {
  readonly color: string
  readonly dash: readonly number[]
  readonly marker: PointStyle
}

/** Okabe and Ito's palette, told apart by the colour-blind; yellow last, as it is faint on white. */
const COLORS = ['#0072B2', '#D55E00', '#009E73', '#CC79A7', '#56B4E9', '#E69F00', '#000000', '#F0E442']
const DASHES = [[], [8, 4], [2, 3], [10, 3, 2, 3], [5, 3]]
const MARKERS: PointStyle[] = ['circle', 'triangle', 'rect', 'rectRot', 'star', 'crossRot', 'cross']

/** 8 colours, 5 dashes and 7 markers have no common factor: 280 policies look different. */
export function lookOf(policyIndex: number): Look {
  return {
    color: COLORS[policyIndex % COLORS.length]!,
    dash: DASHES[policyIndex % DASHES.length]!,
    marker: MARKERS[policyIndex % MARKERS.length]!,
  }
}

/** Bars: full colour; from the ninth policy on, when colours repeat, pale with a frame. */
export function fillOf(policyIndex: number) {
  const { color } = lookOf(policyIndex)
  const again = policyIndex >= COLORS.length
  return {
    backgroundColor: again ? translucent(color, 0.3) : color,
    borderColor: color,
    borderWidth: again ? 2 : 0,
    borderSkipped: false as const,
  }
}

export function translucent(color: string, alpha: number): string {
  return `${color}${Math.round(alpha * 255)
    .toString(16)
    .padStart(2, '0')}`
}

export const INK = '#1f2328'
export const FAINT_INK = '#57606a'
export const GRID = '#d5dae0'
export const FAINT_GRID = '#eff1f3'
export const PAPER = '#ffffff'

/** The font the canvas registers; a page falls back to the system's. */
export const FONT = 'Loopdyno Sans, DejaVu Sans, sans-serif'
