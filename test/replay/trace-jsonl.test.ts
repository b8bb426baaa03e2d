import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseColumns } from '../../harness/replay/columns.ts'
import { row, rowsOf } from './trace-text.ts'

const name = 't.jsonl'

describe('a JSONL trace', () => {
  test('has an object a line, with further keys, blank lines, any spaces and any line ends', async () => {
    const text =
      '\uFEFF{"arrival_us": 0, "class": "größe", "service_us": 5, "n": [1]}\r\n\r\n' +
      ' { "service_us":2.5, "class":"a\\n🙂b", "arrival_us":1e3, "deadline_us":7}\n' +
      '{"service_us":1,"class":3,"arrival_us":1000,"deadline_us":null}'
    await expect(rowsOf(text.replace('\\n', ''), { name })).resolves.toEqual([
      row(0, 'größe', 5),
      row(1000, 'a🙂b', 2.5, 7),
      row(1000, '3', 1),
    ])
  })

  test('takes its keys, units and absolute deadlines from the mapping, and needs no class', async () => {
    const mapping = parseColumns('arrival=at:s,class=,service=took:ms,deadline=due:s:absolute')
    const text = '{"at":1.5,"took":2,"due":2}\n{"at":2,"took":0.25}\n'
    expect(await rowsOf(text, { name, mapping })).toEqual([
      row(1.5e6, 'default', 2000, 5e5),
      row(2e6, 'default', 250),
    ])
  })

  test('has keys of its own only, not those of every object', async () => {
    const mapping = parseColumns('class=constructor')
    await expect(rowsOf('{"arrival_us":0,"service_us":5}', { name, mapping })).rejects.toThrow(
      "no 'constructor'",
    )
  })

  test('comes to the rows that were written, in chunks of any size', async () => {
    const written = fc.record({
      gap: fc.nat(1000),
      class: fc.string({ unit: 'grapheme', minLength: 1 }).filter((text) => !/\p{Cc}|\p{Cs}/u.test(text)),
      service: fc.double({ min: 1, max: 1e9, noNaN: true }),
      deadline: fc.option(fc.nat(), { nil: undefined }),
    })
    await fc.assert(
      fc.asyncProperty(
        fc.array(written, { minLength: 1, maxLength: 20 }),
        fc.integer({ min: 1, max: 200 }),
        async (jobs, chunkBytes) => {
          let arrival = 0
          const objects = jobs.map((job) => {
            arrival += job.gap
            return {
              arrival_us: arrival,
              class: job.class,
              service_us: job.service,
              deadline_us: job.deadline,
            }
          })
          const text = objects.map((each) => JSON.stringify(each)).join('\n')
          expect(await rowsOf(text, { name, chunkBytes })).toEqual(
            objects.map((each) => ({
              arrivalNs: each.arrival_us * 1e3,
              className: each.class,
              serviceNs: Math.round(each.service_us * 1e3),
              deadlineNs: (each.deadline_us ?? Infinity) * 1e3,
            })),
          )
        },
      ),
    )
  })
})
