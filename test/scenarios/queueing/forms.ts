/** Closed forms of queueing theory, each with the scenario, params and policy that must meet it. */
import type { Scenario } from '../../../harness/contracts.ts'
import boundedQueue from '../../../scenarios/bounded-queue.ts'
import mg1 from '../../../scenarios/mg1.ts'
import mm1 from '../../../scenarios/mm1.ts'
import priorityQueue from '../../../scenarios/priority-queue.ts'
import serviceMix from '../../../scenarios/service-mix.ts'
import workerPool from '../../../scenarios/worker-pool.ts'
import type { Names, Run } from './simulated.ts'

export interface Figure extends Names {
  readonly what: string
  /** Written down here, from the literature or by hand: not taken from the code under test. */
  readonly known: number
  /** What 1 stands for: ns of a time, 1 of a share. */
  readonly unit: number
  /** Why an interval of more than 1 % of the mean will do. */
  readonly wide?: string
}

export interface Form extends Run {
  readonly name: string
  /** Of each seed, in the full run: as many as ± 1 % takes. */
  readonly customers: number
  /** And in the short one of the test suite; 0: it is left out there. */
  readonly few: number
  readonly figures: readonly Figure[]
}

/** The mean service time of all scenarios but `service-mix`. */
const MS = 1e6
const US = 1e3

function sojourn(known: number, className = '', unit = MS): Figure {
  const of = className === '' ? '' : `${className}.`
  return {
    what: `T ${className}`,
    known,
    unit,
    ci99: `sojourn.${of}ci99`,
    theory: `theory.${of}sojournMean`,
    error: `theory.${of}error`,
  }
}

function quantity(name: string, known: number, unit: number): Figure {
  return {
    what: name,
    known,
    unit,
    ci99: `${name}.ci99`,
    theory: `theory.${name}`,
    error: `theory.${name}.error`,
  }
}

function conservation(known: number): Figure {
  return { ...quantity('conservation', known, MS), error: 'conservation.error' }
}

/** 32 batches of 512, or 256: long beside the waves of the queue. */
const FEW = 16_400
const FEWER = 8200

type Sizes = Pick<Form, 'customers' | 'few'>
const sizes = (customers: number, few: number): Sizes => ({ customers, few })

function form(
  name: string,
  scenario: Scenario,
  policy: string,
  params: Form['params'],
  { customers, few }: Sizes,
  figures: readonly Figure[],
): Form {
  return { name, scenario, policy, params, customers, few, figures }
}

const FIFO = 'fifo:batch=1'
const LIFO = 'lifo:batch=1'

const SINGLE_SERVER: readonly Form[] = [
  form('M/M/1 ρ=.8', mm1, FIFO, {}, sizes(1_700_000, FEW), [
    sojourn(5),
    { ...quantity('tail', 0.01, 1), wide: 'one customer in a hundred' },
  ]),
  form('M/M/1 ρ=.8', mm1, LIFO, {}, sizes(1_700_000, FEW), [sojourn(5)]),
  form('M/M/1 ρ=.8', mm1, 'sjf', { declared: 'false' }, sizes(1_700_000, FEW), [sojourn(5)]),
  form('M/M/1 ρ=.5', mm1, FIFO, { load: '0.5' }, sizes(200_000, FEWER), [sojourn(2)]),
  form('M/D/1 ρ=.8', mg1, FIFO, { distribution: 'deterministic' }, sizes(400_000, FEWER), [sojourn(3)]),
  form('M/U/1 ρ=.8', mg1, FIFO, { distribution: 'uniform' }, sizes(800_000, FEW), [sojourn(3 + 2 / 3)]),
  form('M/E4/1 ρ=.8', mg1, FIFO, { distribution: 'erlang' }, sizes(800_000, FEW), [sojourn(3.5)]),
  form('M/H2/1 ρ=.7', mg1, FIFO, { load: '0.7' }, sizes(3_000_000, FEW), [sojourn(6 + 5 / 6)]),
  form('M/Pareto/1 ρ=.5', mg1, FIFO, { distribution: 'pareto', load: '0.5' }, sizes(1_000_000, FEW), [
    { ...sojourn(6.4424), wide: 'heavy tail' },
  ]),
]

const CLASSES: readonly Form[] = [
  form('Cobham .4, .4', priorityQueue, 'priority', {}, sizes(2_000_000, FEW), [
    sojourn(2.3333, 'first'),
    sojourn(7.6667, 'second'),
    sojourn(5),
    conservation(3.2),
  ]),
  form(
    'Cobham .2, .3, .3, means 1, 2, .5',
    priorityQueue,
    'priority',
    { loads: '0.2,0.3,0.3', meansUs: '1000,2000,500' },
    sizes(5_000_000, FEW),
    [sojourn(2.1875, 'first'), sojourn(4.375, 'second'), sojourn(10, 'third'), conservation(3.8)],
  ),
  form('high bimodal ρ=.8', serviceMix, FIFO, {}, sizes(1_500_000, FEW), [
    sojourn(248.54, '', US),
    sojourn(199.04, 'short', US),
    sojourn(298.04, 'long', US),
  ]),
  form('high bimodal, short first', serviceMix, 'sjf', { theory: 'short-first' }, sizes(1_500_000, FEW), [
    sojourn(40.924, 'short', US),
    sojourn(299.62, 'long', US),
  ]),
  form('TPC-C ρ=.8', serviceMix, FIFO, { mix: 'tpc-c' }, sizes(1_500_000, FEW), [sojourn(113.62, '', US)]),
  form(
    'TPC-C, short first',
    serviceMix,
    'priority',
    { mix: 'tpc-c', theory: 'short-first' },
    sizes(2_900_000, FEW),
    [
      sojourn(26.835, 'payment', US),
      sojourn(29.889, 'order-status', US),
      sojourn(61.466, 'new-order', US),
      sojourn(187.736, 'delivery', US),
      sojourn(357.071, 'stock-level', US),
    ],
  ),
]

const POOLS: readonly Form[] = [
  form('Erlang C, c=4 a=3.2', workerPool, FIFO, {}, sizes(3_600_000, FEW), [
    sojourn(1.74554),
    quantity('wait', 0.74554, MS),
    quantity('waited', 0.59643, 1),
  ]),
  form('M/M/1/10 ρ=.9', boundedQueue, FIFO, {}, sizes(1_900_000, FEWER), [
    quantity('lossRatio', 0.05081, 1),
    sojourn(4.6466),
  ]),
  form(
    'Erlang B, c=10 a=8',
    boundedQueue,
    FIFO,
    { servers: '10', capacity: '10', load: '0.8' },
    sizes(450_000, FEWER),
    [quantity('lossRatio', 0.12166, 1), sojourn(1)],
  ),
]

/** Limits that slices come near to: what is left of them must not show beside an interval of 1 %. */
const SLICED: readonly Form[] = [
  srpt('.5', 1.4254, sizes(60_000, 2050)),
  srpt('.7', 1.8746, sizes(190_000, 0)),
  srpt('.8', 2.3528, sizes(470_000, 0)),
  srpt('.9', 3.5521, sizes(200_000, 0), 'ρ above .8'),
  form(
    'PS, deterministic ρ=.5',
    mg1,
    FIFO,
    { load: '0.5', distribution: 'deterministic', theory: 'ps', slice: '20us' },
    sizes(60_000, 2050),
    [sojourn(2)],
  ),
  form(
    'PS, hyperexponential ρ=.5',
    mg1,
    FIFO,
    { load: '0.5', theory: 'ps', slice: '50us' },
    sizes(600_000, FEWER),
    [sojourn(2)],
  ),
  // The urgent see the rest of a slice more than the others do, but need fewer customers.
  form(
    'preemptive .4, .4: urgent',
    priorityQueue,
    'priority',
    { theory: 'preemptive', slice: '10us' },
    sizes(200_000, 2050),
    [sojourn(1.6667, 'first')],
  ),
  form(
    'preemptive .4, .4',
    priorityQueue,
    'priority',
    { theory: 'preemptive', slice: '20us' },
    sizes(1_850_000, 4100),
    [sojourn(8.3333, 'second'), conservation(3.2)],
  ),
  form(
    'PS, TPC-C ρ=.8',
    serviceMix,
    FIFO,
    { mix: 'tpc-c', theory: 'ps', slice: '100ns' },
    sizes(40_000, 0),
    [sojourn(95.34, '', US), sojourn(28.5, 'payment', US), sojourn(500, 'stock-level', US)].map((figure) => ({
      ...figure,
      wide: '190 slices a customer',
    })),
  ),
]

function srpt(load: string, known: number, of: Sizes, wide?: string): Form {
  const params = { load: `0${load}`, theory: 'srpt', slice: '20us' }
  return form(`SRPT ρ=${load}`, mm1, 'sjf', params, of, [{ ...sojourn(known), wide }])
}

export const FORMS: readonly Form[] = [...SINGLE_SERVER, ...CLASSES, ...POOLS, ...SLICED]
