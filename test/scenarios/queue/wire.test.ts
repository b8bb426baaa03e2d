import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { encode, WireParser } from '../../../scenarios/queue/wire.ts'

function parse(chunks: readonly Uint8Array[]): unknown[] {
  const parser = new WireParser()
  const messages: unknown[] = []
  for (const chunk of chunks) {
    parser.feed(chunk)
    for (let message = parser.next(); message !== undefined; message = parser.next()) messages.push(message)
  }
  return messages
}

describe('the wire of the embedded broker', () => {
  test('gives back what was sent, however it was split', () => {
    const text = fc
      .array(fc.constantFrom('a', 'é', '€', '𝄞', '\n', '"'), { maxLength: 20 })
      .map((all) => all.join(''))
    const message = fc.record({ id: fc.integer(), text })
    fc.assert(
      fc.property(fc.array(message, { maxLength: 5 }), fc.array(fc.nat(), { maxLength: 9 }), (sent, cuts) => {
        const bytes = Buffer.concat(sent.map(encode))
        const at = [0, ...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length].sort((a, b) => a - b)
        const chunks = at.slice(1).map((end, i) => Uint8Array.from(bytes.subarray(at[i], end)))
        expect(parse(chunks)).toEqual(sent)
      }),
    )
  })

  test.each([
    ['a length beyond the limit', Uint8Array.of(0xff, 0xff, 0xff, 0xff), 'too large'],
    ['what is not JSON', Uint8Array.of(0, 0, 0, 1, 0x7b), 'not JSON'],
  ])('refuses %s', (_, bytes, message) => {
    expect(() => parse([bytes])).toThrow(message)
  })
})
