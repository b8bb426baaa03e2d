import { expect, test } from 'vitest'
import { traceRows } from '../../harness/replay/trace.ts'
import { Place } from '../../harness/replay/trace-place.ts'

test.each([
  ['csv', 'arrival_us,class,service_us\n0,code,1\n5,cod,1\n', 't.csv:3'],
  ['jsonl', '{"arrival_us":0,"class":"cod","service_us":1}\n', 't.jsonl:1'],
] as const)('a class that is not among those allowed is named, in %s', async (format, text, where) => {
  const place = new Place(`t.${format}`)
  const read = async () => {
    const chunks = (async function* () {
      yield Buffer.from(text)
    })()
    for await (const _ of traceRows(chunks, place, { format, columns: {}, classes: ['code', 'conv'] }));
  }
  await expect(read()).rejects.toThrow(
    `${where}: The class 'cod' is not among code, conv (did you mean 'code'?): add it to --classes`,
  )
})
