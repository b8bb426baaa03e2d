import { describe, expect, test } from 'vitest'
import { parseColumns, resolveColumns } from '../../harness/replay/columns.ts'

describe('parsing --columns', () => {
  test('takes names, units and an absolute deadline', () => {
    const text = 'arrival=timestamp:s, class=kind ,service=took_ms,deadline=due:ms:absolute'
    expect(parseColumns(text)).toEqual({
      columns: { arrival: 'timestamp', class: 'kind', service: 'took_ms', deadline: 'due' },
      units: { arrival: 's', deadline: 'ms' },
      absoluteDeadline: true,
    })
  })

  test('survives JSON, in which it travels', () => {
    const mapping = parseColumns('class=,deadline=due_us:absolute')
    expect(resolveColumns(JSON.parse(JSON.stringify(mapping)))).toEqual(resolveColumns(mapping))
  })

  test('leaves what is not mentioned as it is by default', () => {
    const { arrival, className, service, deadline, deadlineRequired } = resolveColumns(parseColumns(''))
    expect([arrival.name, className, service.name, deadline?.name, deadlineRequired]).toEqual([
      'arrival_us',
      'class',
      'service_us',
      'deadline_us',
      false,
    ])
  })

  test.each([
    ['at_ns', 1],
    ['at_us', 1e3],
    ['at_ms', 1e6],
    ['at_s', 1e9],
    ['at_ms:s', 1e9],
    ['at:us', 1e3],
    ['at:noon:ms', 1e6],
  ])('%s counts units of %d ns', (column, nsPerUnit) => {
    expect(resolveColumns(parseColumns(`arrival=${column}`)).arrival.nsPerUnit).toBe(nsPerUnit)
  })

  test('an empty deadline is none, whatever columns there are', () => {
    expect(resolveColumns(parseColumns('deadline=')).deadline).toBeUndefined()
  })

  test.each([
    ['arrival=at', "Column 'at' has no unit: add it (ns, us, ms, s), as in --columns 'arrival=at:ms'"],
    ['service=dur_min', "Column 'dur_min' has no unit"],
    ['service=dur_constructor', "Column 'dur_constructor' has no unit"],
    ['arrival=at:mss', "'mss' is no unit (did you mean 'ms'?): use ns, us, ms, s"],
    ['arrival=at:', "'' is no unit"],
    [
      'arival=at_us',
      "--columns knows no 'arival' (did you mean 'arrival'?): it maps arrival, class, service",
    ],
    ['toString=at_us', "--columns knows no 'toString'"],
    ['arrival', "'arrival' in --columns names no column: write it as ROLE=COLUMN"],
    ['arrival=a_us,arrival=b_us', "--columns maps 'arrival' twice: keep one"],
    ['class=,class=', "--columns maps 'class' twice: keep one"],
    ['arrival=', "--columns maps 'arrival' to no column, and a trace needs one: write arrival=COLUMN"],
    ['service=', "--columns maps 'service' to no column"],
    ['arrival=at:ms:absolute', "only a deadline can be absolute, so leave ':absolute' out"],
  ])('%s is a mistake that is explained', (text, message) => {
    expect(() => parseColumns(text)).toThrow(
      expect.objectContaining({ name: 'UsageError', message: expect.stringContaining(message) }),
    )
  })
})
