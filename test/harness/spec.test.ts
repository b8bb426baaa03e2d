import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { preparePolicy } from '../../harness/policy-parts.ts'
import { isPath, parseSpec, splitSpecs } from '../../harness/spec.ts'

describe('splitting policies at commas', () => {
  test.each<[string[], string[]]>([
    [['fifo,priority'], ['fifo', 'priority']],
    [
      ['fifo', 'priority'],
      ['fifo', 'priority'],
    ],
    [['fifo,priority:aging=50ms,batch=1,timing'], ['fifo', 'priority:aging=50ms,batch=1', 'timing']],
    [['timing:inner=priority:aging=50ms'], ['timing:inner=priority:aging=50ms']],
    [['./a.ts:x=1,y=2,fifo'], ['./a.ts:x=1,y=2', 'fifo']],
    [[' fifo , priority:aging=1ms , batch=2 '], ['fifo', 'priority:aging=1ms,batch=2']],
    [['fifo,,priority,'], ['fifo', 'priority']],
    [[''], []],
    [
      ['priority:aging=1ms', 'batch=2'],
      ['priority:aging=1ms', 'batch=2'],
    ],
  ])('%j is %j', (texts, specs) => {
    expect(splitSpecs(texts)).toEqual(specs)
  })
})

describe('parsing a policy', () => {
  test.each<[string, string, Record<string, string>]>([
    ['fifo', 'fifo', {}],
    ['fifo:batch=1', 'fifo', { batch: '1' }],
    ['priority:aging=50ms,batch=2', 'priority', { aging: '50ms', batch: '2' }],
    ['timing:inner=priority:aging=50ms', 'timing', { inner: 'priority:aging=50ms' }],
    ['timing:slow=1ms,inner=fifo:batch=1', 'timing', { slow: '1ms', inner: 'fifo:batch=1' }],
    ['./my-policy.ts', './my-policy.ts', {}],
    ['./my-policy.ts:pace=3', './my-policy.ts', { pace: '3' }],
    ['C:\\policies\\mine.ts', 'C:\\policies\\mine.ts', {}],
    ['c:/policies/mine.ts:pace=3', 'c:/policies/mine.ts', { pace: '3' }],
    ['c:\\mine.ts', 'c:\\mine.ts', {}],
    ['fifo:label=a=b', 'fifo', { label: 'a=b' }],
    ['fifo:label=', 'fifo', { label: '' }],
  ])('%s', (text, name, options) => {
    expect(parseSpec(text)).toEqual({ text, name, options })
  })

  test.each([
    ['fifo:batch', "Option 'batch' of 'fifo:batch' needs a value: write batch=VALUE"],
    ['fifo:', "Option '' of 'fifo:' needs a value: write name=VALUE"],
    ['fifo:=1', "Option '=1' of 'fifo:=1' needs a value"],
    ['fifo:batch=1,batch=2', "Option 'batch' of 'fifo:batch=1,batch=2' is given twice: keep one"],
  ])('%s is a mistake that is explained', (text, message) => {
    expect(() => parseSpec(text)).toThrow(
      expect.objectContaining({ name: 'UsageError', message: expect.stringContaining(message) }),
    )
  })

  test('an option named like a member of every object is an option like others', () => {
    expect(Object.keys(parseSpec('fifo:__proto__=1').options)).toEqual(['__proto__'])
  })
})

const builtin = fc.stringMatching(/^[a-z][a-z0-9-]{0,8}$/)
const path = fc.stringMatching(/^(\.{0,2}\/|[A-Za-z]:[\\/])[a-z0-9 _/.-]{0,12}\.[cm]?[jt]s$/)
const value = fc.stringMatching(/^[A-Za-z0-9.:=_/-]{0,10}$/)
const options = fc.dictionary(fc.stringMatching(/^[a-zA-Z][a-zA-Z0-9_-]{0,6}$/), value, { maxKeys: 4 })
const plugin = fc.record({ name: fc.oneof(builtin, path), options })

function print({ name, options }: { name: string; options: Record<string, string> }): string {
  const list = Object.entries(options).map(([key, text]) => `${key}=${text}`)
  return list.length === 0 ? name : `${name}:${list.join(',')}`
}

describe('what is printed', () => {
  test('is parsed as what it was', () => {
    fc.assert(
      fc.property(plugin, (spec) => {
        expect(parseSpec(print(spec))).toEqual({
          text: print(spec),
          name: spec.name,
          options: { ...spec.options },
        })
      }),
    )
  })

  test('is split where it was joined', () => {
    fc.assert(
      fc.property(fc.array(plugin, { maxLength: 5 }), (specs) => {
        const printed = specs.map(print)
        expect(splitSpecs([printed.join(',')])).toEqual(printed)
      }),
    )
  })

  test('is a path exactly when it has separators or an extension', () => {
    fc.assert(fc.property(path, (name) => isPath(name)))
    fc.assert(fc.property(builtin, (name) => !isPath(name)))
  })
})

describe('a policy that wraps another', () => {
  test('gives it its options, however deep', async () => {
    const outer = await preparePolicy('timing:inner=custom-selector:inner=priority:aging=50ms')
    const middle = outer.inner.get('custom-selector:inner=priority:aging=50ms')!
    expect(middle.inner.get('priority:aging=50ms')!.options).toEqual({ aging: 50e6, batch: 1 })
  })

  test('hands on what follows the options of the inner one and is not its own', async () => {
    const outer = await preparePolicy('timing:inner=priority:aging=50ms,batch=2,slow=3ms')
    expect(outer.options).toEqual({ inner: 'priority:aging=50ms,batch=2', slow: 3e6 })
    expect([...outer.inner.values()][0]!.options).toEqual({ aging: 50e6, batch: 2 })
  })

  test.each([
    ['timing:inner=nod', "Unknown policy 'nod' (did you mean 'node'?)"],
    ['timing:inner=node', "Policy 'timing:inner=node' cannot wrap 'node': it has no ready queue"],
    ['timing:slwo=1ms', "Policy 'timing' has no option 'slwo' (did you mean 'slow'?): it has inner, slow"],
    ['timing:slwo=1ms,inner=priority:batch=2', "Policy 'timing' has no option 'slwo'"],
    ['timing:inner=priority:btch=2', "Policy 'priority' has no option 'btch' (did you mean 'batch'?)"],
    ['fifo:inner=priority:batch=2', "Policy 'fifo' has no option 'inner'"],
  ])('%s is a mistake that is explained', async (text, message) => {
    await expect(preparePolicy(text)).rejects.toMatchObject({
      name: 'UsageError',
      message: expect.stringContaining(message),
    })
  })
})
