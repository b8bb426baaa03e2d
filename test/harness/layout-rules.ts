/** Who may import whom: DESIGN section 8, as it is held. */
import type { Rule } from './source-files.ts'

export const RULES: Rule[] = [
  // A plug-in is written against the public entry, like a user's.
  { folder: 'policies/', may: ['harness/api.ts'] },
  { folder: 'scenarios/', may: ['harness/api.ts'] },
  // Everything in a report comes from records and what the verdict makes of them.
  {
    folder: 'reports/',
    may: ['harness/records.ts', 'harness/histogram.ts', 'harness/format.ts', 'harness/verdict/'],
    mayAsType: ['harness/contracts.ts'],
  },
  {
    folder: 'harness/verdict/',
    may: [
      'harness/records.ts',
      'harness/histogram.ts',
      'harness/format.ts',
      'harness/errors.ts',
      'harness/random.ts',
    ],
    mayAsType: ['harness/contracts.ts'],
  },
  // The kernel stands on contracts alone.
  { folder: 'harness/loop/', may: ['harness/errors.ts'], mayAsType: ['harness/contracts.ts'] },
  {
    folder: 'harness/selectors/',
    may: ['harness/errors.ts', 'harness/loop/attributes.ts', 'harness/loop/heap.ts'],
    mayAsType: ['harness/contracts.ts'],
    // The selector of a world is the world's side of it.
    except: { 'harness/selectors/simulated.ts': ['harness/world/network.ts'] },
  },
  {
    folder: 'harness/world/',
    may: [
      'harness/durations.ts',
      'harness/errors.ts',
      'harness/loop/',
      'harness/options.ts',
      'harness/random.ts',
      'harness/selectors/',
    ],
    mayAsType: ['harness/contracts.ts'],
  },
]
