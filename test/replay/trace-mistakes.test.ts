import { describe, expect, test } from 'vitest'
import { parseColumns } from '../../harness/replay/columns.ts'
import { LINE_BYTES_MAX } from '../../harness/replay/lines.ts'
import { traceRows } from '../../harness/replay/trace.ts'
import { Place } from '../../harness/replay/trace-place.ts'
import { mistakeIn, mistakeOf, rowsOf } from './trace-text.ts'

const HEADER = 'arrival_us,class,service_us'
const SORT = "sort the file by 'arrival_us'"
const A_NUMBER = 'which is no number: write a decimal such as 12 or 12.5'

/** What it is about, the file, what the message begins with, the remedy that it names; `--columns`. */
type Mistake = [string, string | Buffer, string, string, string?]

const IN_CSV: Mistake[] = [
  ['an empty file', '', 't.csv: The file is empty', 'a header and a row a job'],
  ['nothing but blank lines', '\uFEFF\n\r\n\n', 't.csv: The file is empty', 'a header and a row a job'],
  ['a header alone', `${HEADER}\n`, 't.csv: There are no rows', 'needs one at least'],
  [
    'a missing column',
    'arrival_ms,class,service_us\n',
    "t.csv:1: There is no 'arrival_us' (did you mean 'arrival_ms'?) among 'arrival_ms, class, service_us'",
    "--columns 'arrival=COLUMN:UNIT'",
  ],
  [
    'no class column',
    '\narrival_us,service_us\n',
    "t.csv:2: There is no 'class' among",
    "'class=' for no classes",
  ],
  ['no header', '0,a,5\n', "t.csv:1: A header must name the columns before '0,a,5'", 'add one above'],
  ['semicolons', `${HEADER.replaceAll(',', ';')}\n`, "t.csv:1: The header 'arrival_us;class", 'with commas'],
  ['tabs', `${HEADER.replaceAll(',', '\t')}\n`, "t.csv:1: The header 'arrival_us\\x09class", 'with commas'],
  [
    'a mapped deadline that is not there',
    `${HEADER}\n0,a,5\n`,
    "t.csv:1: There is no 'due' among",
    "--columns 'deadline=COLUMN:UNIT'",
    'deadline=due:ms',
  ],
  ['a column twice', `${HEADER},class\n`, "t.csv:1: Two columns are named 'class'", 'rename or drop one'],
  ['text in a number', `${HEADER}\n0,a,abc\n`, "t.csv:2: Column 'service_us' holds 'abc'", A_NUMBER],
  ['a number with a unit', `${HEADER}\n0,a,5us\n`, "t.csv:2: Column 'service_us' holds '5us'", A_NUMBER],
  ['an empty number', `${HEADER}\n,a,5\n`, "t.csv:2: Column 'arrival_us' holds ''", A_NUMBER],
  ['NaN', `${HEADER}\nNaN,a,5\n`, "t.csv:2: Column 'arrival_us' holds 'NaN'", A_NUMBER],
  ['Infinity', `${HEADER}\n0,a,Infinity\n`, "t.csv:2: Column 'service_us' holds 'Infinity'", A_NUMBER],
  ['a hexadecimal number', `${HEADER}\n0x10,a,5\n`, "t.csv:2: Column 'arrival_us' holds '0x10'", A_NUMBER],
  ['spaces in a number', `${HEADER}\n 1 2,a,5\n`, "t.csv:2: Column 'arrival_us' holds ' 1 2'", A_NUMBER],
  ['a lone point', `${HEADER}\n.,a,5\n`, "t.csv:2: Column 'arrival_us' holds '.'", A_NUMBER],
  [
    'a byte order mark further on',
    `${HEADER}\n\uFEFF0,a,5\n`,
    "t.csv:2: Column 'arrival_us' holds '\uFEFF0'",
    A_NUMBER,
  ],
  ['points alone', `${HEADER}\n5..,a,5\n`, "t.csv:2: Column 'arrival_us' holds '5..'", A_NUMBER],
  ['two points', `${HEADER}\n1.2.3,a,5\n`, "t.csv:2: Column 'arrival_us' holds '1.2.3'", A_NUMBER],
  ['a lone exponent', `${HEADER}\ne3,a,5\n`, "t.csv:2: Column 'arrival_us' holds 'e3'", A_NUMBER],
  ['a letter among many digits', `${HEADER}\n0,a,12345678901234567x\n`, 't.csv:2: Column', A_NUMBER],
  ['a bad deadline', `${HEADER},deadline_us\n0,a,5,x\n`, "t.csv:2: Column 'deadline_us' holds 'x'", A_NUMBER],
  [
    'more time than is exact',
    `${HEADER}\n1700000000000000000,a,5\n`,
    "t.csv:2: Column 'arrival_us' holds '1700000000000000000' us, more than the 104 days",
    'count from the first arrival',
  ],
  [
    'a number beyond doubles',
    `${HEADER}\n1e999,a,5\n`,
    "t.csv:2: Column 'arrival_us' holds '1e999' us",
    'the unit',
  ],
  [
    'a negative arrival',
    `${HEADER}\n-1,a,5\n`,
    "t.csv:2: Column 'arrival_us' holds '-1'",
    'add the same to all',
  ],
  [
    'a small negative service',
    `${HEADER}\n0,a,-1e-9\n`,
    "t.csv:2: Column 'service_us' holds '-1e-9'",
    'leave it out',
  ],
  [
    'a negative deadline',
    `${HEADER},deadline_us\n0,a,5,-2\n`,
    "t.csv:2: Column 'deadline_us' holds '-2'",
    'from the arrival on',
  ],
  [
    'an absolute deadline before its arrival',
    `${HEADER},due\n7,a,5,2\n`,
    't.csv:2: Deadline 2 us is before the arrival, 7 us',
    "leave ':absolute' out",
    'deadline=due:us:absolute',
  ],
  ['descending arrivals', `${HEADER}\n7,a,5\n6.5,a,5\n`, 't.csv:3: Arrival 6.5 us comes after 7 us', SORT],
  [
    'too few fields',
    `${HEADER}\n0,a,5\n0,a\n`,
    "t.csv:3: This row has 2 fields where the header has 3: '0,a'",
    'commas between',
  ],
  [
    'too many fields',
    `${HEADER}\n0,a,b,5\n`,
    't.csv:2: This row has 4 fields where the header has 3',
    'quote those',
  ],
  ['a line of one field', `${HEADER}\n \n`, 't.csv:2: This row has 1 field where', 'write every field'],
  [
    'an unclosed quote',
    `${HEADER}\n0,"a,5\n1,b",6\n`,
    "t.csv:2: The quote before 'a,5' is not closed",
    'close it',
  ],
  ['an unclosed doubled quote', `${HEADER}\n0,5,"a""\n`, 't.csv:2: The quote before', 'close it'],
  [
    'text after a quote',
    `${HEADER}\n0,"a"b,5\n`,
    `t.csv:2: After a closing quote stands 'b,5'`,
    'put a comma there',
  ],
  ['an empty class', `${HEADER}\n0,,5\n`, 't.csv:2: The class is empty', "--columns 'class='"],
  ['an empty quoted class', `${HEADER}\n0,"",5\n`, 't.csv:2: The class is empty', 'name one'],
  ['a control character', `${HEADER}\n0,\x1b[31m,5\n`, "t.csv:2: The class '\\x1b[31m'", 'take it out'],
  [
    'classes without end',
    `${HEADER}\n${Array.from({ length: 1001 }, (_, id) => `0,job${id},5\n`).join('')}`,
    "t.csv:102: 'job100' is one class more than 100",
    "--columns 'class=COLUMN'",
  ],
  [
    'no service time at all',
    `${HEADER}\n0,a,0\n`,
    "t.csv: Column 'service_us' is 0 in all rows",
    'service=COLUMN',
  ],
  ['zero bytes', Buffer.from(`${HEADER}\n0,a,5\n`, 'utf16le'), 't.csv: This is no text file', 'in UTF-8'],
  [
    'bytes that are no text',
    Buffer.from(`${HEADER}\n0,a,5\n0,\xff,5\n`, 'latin1'),
    't.csv:3: This line is not',
    'iconv',
  ],
]

const IN_JSONL: Mistake[] = [
  ['an empty file', '', 't.jsonl: The file is empty', 'a JSON object a job'],
  [
    'bad JSON',
    '{"arrival_us":0,"class":"a","service_us":5}\n{"arrival_us":1,}\n',
    `t.jsonl:2: '{"arrival_us":1,}' is not valid JSON (Expected`,
    'write one object a line',
  ],
  [
    'a word',
    '\n\x1b\n',
    `t.jsonl:2: '\\x1b' is not valid JSON (Unexpected token '\\x1b')`,
    'one object a line',
  ],
  ['an array', '[1]\n', "t.jsonl:1: '[1]' is no JSON object", 'write a row as {'],
  ['null', 'null\n', "t.jsonl:1: 'null' is no JSON object", 'write a row as {'],
  [
    'a missing key',
    '{"arrival_us":0,"class":"a","service_ms":5}\n',
    "t.jsonl:1: There is no 'service_us' (did you mean 'service_ms'?) among 'arrival_us, class, service_ms'",
    "--columns 'service=COLUMN:UNIT'",
  ],
  [
    'a missing class',
    '{"arrival_us":0,"service_us":5}\n',
    "t.jsonl:1: There is no 'class' among",
    "'class='",
  ],
  [
    'an empty class',
    '{"arrival_us":0,"class":"","service_us":5}\n',
    't.jsonl:1: The class is empty',
    'name one',
  ],
  [
    'a class that is none',
    '{"arrival_us":0,"class":{"a":1},"service_us":5}\n',
    `t.jsonl:1: Key 'class' holds '{"a":1}', which is no class`,
    'write text or a number',
  ],
  [
    'text in a number',
    '{"arrival_us":"12","class":"a","service_us":5}\n',
    `t.jsonl:1: Column 'arrival_us' holds '"12"'`,
    A_NUMBER,
  ],
  [
    'no number',
    '{"arrival_us":null,"class":"a","service_us":5}\n',
    "t.jsonl:1: Column 'arrival_us' holds 'null'",
    A_NUMBER,
  ],
  [
    'a huge number',
    '{"arrival_us":1e999,"class":"a","service_us":5}\n',
    't.jsonl:1: Column',
    'count from the first',
  ],
  [
    'negative time',
    '{"arrival_us":-1,"class":"a","service_us":5}\n',
    "t.jsonl:1: Column 'arrival_us' holds '-1'",
    'add',
  ],
  [
    'descending arrivals',
    '{"arrival_us":2,"class":"a","service_us":5}\n\n{"arrival_us":1,"class":"a","service_us":5}\n',
    't.jsonl:3: Arrival 1 us comes after 2 us',
    SORT,
  ],
  [
    'a mapped deadline that is nowhere',
    '{"arrival_us":2,"class":"a","service_us":5}\n',
    "t.jsonl: No line has the key 'due'",
    "correct 'deadline=' in --columns",
    'deadline=due:ms',
  ],
  [
    'no service time',
    '{"arrival_us":2,"class":"a","service_us":0}\n',
    "t.jsonl: Column 'service_us' is 0",
    'map',
  ],
]

describe.each([
  ['t.csv', IN_CSV],
  ['t.jsonl', IN_JSONL],
])('mistakes in %s', (name, mistakes) => {
  test.each(mistakes)(
    '%s: the message names place and remedy',
    async (_, content, start, remedy, columns = '') => {
      for (const chunkBytes of [3, 65_536]) {
        const message = await mistakeIn(content, { name, mapping: parseColumns(columns), chunkBytes })
        expect(message.slice(0, start.length)).toBe(start)
        expect(message).toContain(remedy)
      }
    },
  )
})

test('what is quoted is cut to 60 characters', async () => {
  const message = await mistakeIn(`${HEADER}\n0,a,${'x'.repeat(5000)}\n`)
  expect(message).toContain(`'${'x'.repeat(59)}…'`)
  expect(message.length).toBeLessThan(200)
})

test('the rows before the mistake count lines across chunks', async () => {
  const sound = Array.from({ length: 20_000 }, (_, at) => `${at},a,5\n`).join('')
  expect(await mistakeIn(`${HEADER}\n${sound}x,a,5\n`)).toMatch(/^t\.csv:20002: /)
})

describe('a very long line', () => {
  const row = (padding: number) => `${HEADER},note\n0,a,5,${'x'.repeat(padding)}`

  test('is read up to 1 MiB', async () => {
    const padding = LINE_BYTES_MAX - '0,a,5,'.length
    expect(await rowsOf(`${row(padding)}\n`)).toHaveLength(1)
    for (const end of ['', '\n'])
      expect(await mistakeIn(`${row(padding + 1)}${end}`)).toMatch(
        /^t\.csv:2: This line is longer than 1 MiB: check/,
      )
  })

  test('is given up at 1 MiB, though it never ends', async () => {
    let chunks = 0
    async function* endless(): AsyncGenerator<Buffer> {
      yield Buffer.from(`${HEADER}\n0,a,5\n`)
      for (; ; chunks++) yield Buffer.alloc(65_536, 'x')
    }
    const reading = async () => {
      for await (const _ of traceRows(endless(), new Place('t.csv'), { format: 'csv', columns: {} }));
    }
    expect(await mistakeOf(reading())).toMatch(/^t\.csv:3: This line is longer than 1 MiB/)
    expect(chunks).toBe(16)
  })
})
