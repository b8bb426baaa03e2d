import { describe, expect, test } from 'vitest'
import { describeSettings } from '../../harness/settings.ts'
import { DEFAULT_WORLD_MODEL, worldModel } from '../../harness/world/model.ts'
import { modelOf } from './simulate.ts'

describe('the model of a world', () => {
  test('is the world as it always was, where nothing is said', () => {
    expect(DEFAULT_WORLD_MODEL).toEqual({
      latency: 50_000,
      jitter: 0,
      bandwidth: 1e9,
      loss: 0,
      lossAfter: 10e6,
      partition: [],
      threads: 4,
      threadTime: { kind: 'fixed', ns: 50_000 },
      fileTime: { kind: 'fixed', ns: 50_000 },
      fileBandwidth: null,
      dispatchNs: 0,
      pollNs: 0,
      classNs: {},
    })
  })

  test.each<[string, string, unknown]>([
    ['latency', '200us', 200_000],
    ['jitter', '1.5ms', 1.5e6],
    ['bandwidth', '100Mbit', 100e6],
    ['bandwidth', '10kbit', 10_000],
    ['bandwidth', '2.5Gbit', 2.5e9],
    ['bandwidth', 'unlimited', null],
    ['loss', '0.25', 0.25],
    ['lossAfter', '2s', 2e9],
    ['partition', 'none', []],
    ['partition', '2s+500ms', [{ fromNs: 2e9, untilNs: 2.5e9 }]],
    // Out of order, and starting at once.
    [
      'partition',
      '1s+1ms; 0+2ms',
      [0, 1e9].map((fromNs, i) => ({ fromNs, untilNs: fromNs + (2 - i) * 1e6 })),
    ],
    ['threads', '16', 16],
    ['threadTime', '2ms', { kind: 'fixed', ns: 2e6 }],
    ['threadTime', 'exp:2ms', { kind: 'exp', meanNs: 2e6 }],
    ['fileTime', 'uniform:1ms-3ms', { kind: 'uniform', fromNs: 1e6, toNs: 3e6 }],
    ['fileBandwidth', '500MB', 500e6],
    ['dispatchNs', '250', 250],
    ['pollNs', '1.5', 1.5],
    ['classNs', 'none', {}],
    ['classNs', 'health:20us;api:5ns', { health: 20_000, api: 5 }],
    ['classNs', 'a:b:1us', { 'a:b': 1000 }],
  ])('reads %s=%s', (name, text, value) => {
    expect(modelOf({ [name]: text })).toEqual({ ...DEFAULT_WORLD_MODEL, [name]: value })
  })

  test.each<[string, string, string]>([
    ['latency', '5', 'expected a duration such as 50ms, 200us or 1.5s'],
    ['latency', '-1ms', 'expected a duration such as 50ms, 200us or 1.5s'],
    ['jitter', 'much', 'expected a duration such as 50ms, 200us or 1.5s'],
    ['bandwidth', '5', 'expected a bandwidth such as 1Gbit, 100Mbit or 10kbit, or unlimited'],
    ['bandwidth', '0kbit', 'expected a bandwidth such as 1Gbit, 100Mbit or 10kbit, or unlimited'],
    ['bandwidth', '1MB', 'expected a bandwidth such as 1Gbit, 100Mbit or 10kbit, or unlimited'],
    ['loss', '2', 'expected a chance from 0 to 1'],
    ['loss', '-0.1', 'expected a chance from 0 to 1'],
    ['loss', 'half', 'expected a chance from 0 to 1'],
    ['partition', 'abc', 'expected windows START+LENGTH such as 2s+500ms'],
    ['partition', '2s', 'expected windows START+LENGTH such as 2s+500ms'],
    ['partition', '2s+500ms;', 'expected windows START+LENGTH such as 2s+500ms'],
    ['threads', '0', 'expected a whole number from 1 on'],
    ['threads', '1.5', 'expected a whole number from 1 on'],
    ['threadTime', 'exp:', 'expected a duration such as 50us, exp:MEAN or uniform:FROM-TO'],
    ['threadTime', 'gamma:2ms', 'expected a duration such as 50us, exp:MEAN or uniform:FROM-TO'],
    ['fileTime', 'uniform:3ms-1ms', 'expected a duration such as 50us, exp:MEAN or uniform:FROM-TO'],
    ['fileTime', 'uniform:3ms', 'expected a duration such as 50us, exp:MEAN or uniform:FROM-TO'],
    ['fileTime', 'uniform:1ms-2ms-3ms', 'expected a duration such as 50us, exp:MEAN or uniform:FROM-TO'],
    ['fileTime', 'exp:1ms\n2ms', 'expected a duration such as 50us, exp:MEAN or uniform:FROM-TO'],
    ['fileBandwidth', '500Mbit', 'expected bytes a second such as 500MB or 2GB, or unlimited'],
    ['dispatchNs', '-1', 'expected a number of ns from 0 on'],
    ['pollNs', '1us', 'expected a number of ns from 0 on'],
    ['classNs', 'health', 'expected CLASS:DURATION such as health:20us'],
    ['classNs', ':20us', 'expected CLASS:DURATION such as health:20us'],
    ['classNs', 'health:20', 'expected CLASS:DURATION such as health:20us'],
  ])('refuses %s=%s and says what it expected', (name, text, message) => {
    expect(() => modelOf({ [name]: text })).toThrow(
      `World: option '${name}' does not take '${text}': ${message}`,
    )
  })

  test('refuses what it does not know', () => {
    expect(() => modelOf({ latencey: '1ms' })).toThrow(
      "World has no option 'latencey' (did you mean 'latency'?)",
    )
  })

  test('is plain data: a task carries it as JSON', () => {
    const model = modelOf({
      bandwidth: 'unlimited',
      threadTime: 'exp:2ms',
      partition: '1s+1s',
      classNs: 'a:1us',
    })
    expect(JSON.parse(JSON.stringify(model))).toEqual(model)
  })

  test('tells of each setting what it is and what it is by default', () => {
    for (const { name, default: fallback, description } of describeSettings(worldModel)) {
      expect(description, name).not.toBe('')
      expect(modelOf({ [name]: String(fallback) }), name).toEqual(DEFAULT_WORLD_MODEL)
    }
  })
})
