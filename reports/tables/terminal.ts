/** Draws a comparison for the terminal: as many tables below one another as the width makes necessary. */
import Table from 'cli-table3'
import type { createColors } from 'picocolors'
import type { Column } from './columns.ts'
import type { Comparison, Entry, Row } from './comparison.ts'
import { arrowOf, BEST } from './legend.ts'
import { nameLines, words } from './wrap.ts'

export type Colors = ReturnType<typeof createColors>

const POLICY_WIDTH_MAX = 26
/** Spaces between two columns. */
export const GAP = 2

interface Block {
  readonly columns: readonly Column[]
  /** Where in a row's entries these columns begin. */
  readonly from: number
}

/** The tables as text, one a block; rows in trouble stand in the first only. */
export function drawComparison(comparison: Comparison, width: number, colors: Colors): string {
  const policyWidth = Math.min(POLICY_WIDTH_MAX, Math.max(6, ...comparison.rows.map((r) => r.policy.length)))
  const room = width - policyWidth - GAP
  return blocksOf(comparison, room)
    .map((block, index) =>
      drawBlock(comparison.rows, block, { policyWidth, room, colors, first: index === 0 }),
    )
    .join('\n\n')
}

interface Drawing {
  readonly policyWidth: number
  readonly room: number
  readonly colors: Colors
  readonly first: boolean
}

function drawBlock(rows: readonly Row[], block: Block, drawing: Drawing): string {
  const { colors, policyWidth, first } = drawing
  const table = new Table({
    head: [colors.bold('policy'), ...block.columns.map((column) => colors.bold(headOf(column)))],
    colAligns: ['left', ...block.columns.map(() => 'right' as const)],
    ...FRAME,
  })
  const sound = rows.filter((row) => row.trouble === undefined)
  const shown = first ? rows : sound
  for (const row of shown) {
    const policy = nameLines(row.policy, policyWidth).join('\n')
    if (row.trouble === undefined) table.push([policy, ...cellsOf(row, sound, block, colors)])
    else table.push([policy, troubleCell(row.trouble, block, drawing)] as never)
  }
  return table.toString().replace(/ +$/gm, '')
}

function troubleCell(trouble: string, block: Block, { colors, room }: Drawing) {
  const text = words(`✗ ${trouble}`, room - GAP)
    .map(colors.red)
    .join('\n')
  return { content: text, colSpan: Math.max(1, block.columns.length), hAlign: 'left' as const }
}

function cellsOf(row: Row, rows: readonly Row[], block: Block, colors: Colors): string[] {
  return block.columns.map((_, index) => {
    const place = block.from + index
    return cellOf(row.entries[place]!, widthsOf(rows.map((other) => other.entries[place]!)), colors)
  })
}

interface Widths {
  readonly text: number
  readonly ratio: number
  readonly mark: number
}

/** Padded by hand, so that the units of a column stand below one another. */
function cellOf(entry: Entry, widths: Widths, colors: Colors): string {
  const mark = (entry.best ? ` ${BEST}` : '').padEnd(widths.mark)
  const text = entry.text.padStart(widths.text) + mark
  const painted = entry.best ? colors.green(text) : text
  return widths.ratio === 0 ? painted : `${painted} ${colors.dim(entry.ratio.padStart(widths.ratio))}`
}

function widthsOf(entries: readonly Entry[]): Widths {
  return {
    text: Math.max(0, ...entries.map((entry) => entry.text.length)),
    ratio: Math.max(0, ...entries.map((entry) => entry.ratio.length)),
    mark: entries.some((entry) => entry.best) ? 1 + BEST.length : 0,
  }
}

function headOf(column: Column): string {
  const arrow = arrowOf(column.better)
  return [...column.label.slice(0, -1), `${column.label.at(-1)} ${arrow}`.trimEnd()].join('\n')
}

/** Fills one block after another; what belongs to one quantity stays together where it can. */
function blocksOf(comparison: Comparison, room: number): Block[] {
  const widths = columnWidths(comparison)
  const blocks: { columns: Column[]; from: number; used: number }[] = []
  for (const [index, column] of comparison.columns.entries()) {
    const last = blocks.at(-1)
    const needs = companyOf(comparison.columns, index).reduce((sum, at) => sum + widths[at]! + GAP, 0)
    const begins = comparison.columns[index - 1]?.label[0] !== column.label[0]
    const width = widths[index]! + GAP
    const full = last === undefined || last.used + (begins && needs <= room ? needs : width) > room
    if (full) blocks.push({ columns: [column], from: index, used: width })
    else {
      last.columns.push(column)
      last.used += width
    }
  }
  return blocks.length === 0 ? [{ columns: [], from: 0 }] : blocks
}

/** The columns of the same quantity, from this one on. */
function companyOf(columns: readonly Column[], from: number): number[] {
  const quantity = columns[from]!.label[0]
  const end = columns.findIndex((column, index) => index > from && column.label[0] !== quantity)
  return Array.from({ length: (end < 0 ? columns.length : end) - from }, (_, offset) => from + offset)
}

function columnWidths(comparison: Comparison): number[] {
  const sound = comparison.rows.filter((row) => row.trouble === undefined)
  return comparison.columns.map((column, index) =>
    columnWidth(column, widthsOf(sound.map((row) => row.entries[index]!))),
  )
}

function columnWidth(column: Column, widths: Widths): number {
  const head = Math.max(
    ...headOf(column)
      .split('\n')
      .map((line) => line.length),
  )
  return Math.max(head, widths.text + widths.mark + (widths.ratio === 0 ? 0 : widths.ratio + 1))
}

/** No lines but one under the heads. */
export const FRAME = {
  style: { head: [], border: [], compact: true, 'padding-left': 0, 'padding-right': GAP },
  chars: {
    top: '',
    'top-mid': '',
    'top-left': '',
    'top-right': '',
    bottom: '',
    'bottom-mid': '',
    'bottom-left': '',
    'bottom-right': '',
    left: '',
    'left-mid': '',
    mid: '─',
    'mid-mid': '',
    right: '',
    'right-mid': '',
    middle: '',
  },
}
