import { type Loop, us } from '../../harness/api.ts'
import type { Answer, Job } from './connection.ts'
import type { HttpParams } from './params.ts'
import { type HttpRequest, pathOf } from './request.ts'

/** The classes of requests, each with the paths it answers and what it says. */
const ROUTES = [
  {
    className: 'health',
    cost: 'healthUs',
    matches: (path: string) => path === '/health',
    message: 'healthy',
  },
  { className: 'api', cost: 'apiUs', matches: (path: string) => path.startsWith('/api/'), message: 'hello' },
  {
    className: 'report',
    cost: 'reportUs',
    matches: (path: string) => path.startsWith('/report/'),
    message: 'done',
  },
] as const

type Route = (typeof ROUTES)[number]

const ALLOWED = new Set(['GET', 'HEAD', 'POST'])
/** Methods that RFC 9110 and 5789 define: a server knows them, but this one has no use for them (405). */
const KNOWN = new Set([...ALLOWED, 'PUT', 'DELETE', 'CONNECT', 'OPTIONS', 'TRACE', 'PATCH'])

/** The server's application: JSON like the articles' server, after as much work as the class costs. */
export function makeRoute(loop: Loop, params: HttpParams): (request: HttpRequest, client: number) => Job {
  return (request, client) => {
    const { method, target } = request
    if (!KNOWN.has(method)) return errorAnswer(501, `Method not implemented: ${method}`)
    if (!ALLOWED.has(method)) return { ...errorAnswer(405, `Method not allowed: ${method}`), headers: ALLOW }
    const path = pathOf(target)
    const route = ROUTES.find(({ matches }) => matches(path))
    if (route === undefined) return errorAnswer(404, `No such path: ${path}`)
    const expectedNs = us(params[route.cost])
    return { className: route.className, expectedNs, run: () => handle(loop, route, params, request, client) }
  }
}

const ALLOW = [['Allow', [...ALLOWED].join(', ')]] as const

function errorAnswer(status: number, error: string): Answer {
  return { status, body: JSON.stringify({ error }) }
}

function* handle(
  loop: Loop,
  route: Route,
  params: HttpParams,
  request: HttpRequest,
  client: number,
): Generator<unknown, Answer> {
  yield* workInSlices(loop, us(params[route.cost]), us(params.sliceUs))
  const { method, target, minorVersion, fields, body } = request
  const answer = {
    timestampNs: loop.nowNs(),
    client,
    message: route.message,
    request: `${method} ${target} HTTP/1.${minorVersion}`,
    class: route.className,
    requestId: fields.get('x-request-id'),
    bodyBytes: body.length > 0 ? body.length : undefined,
  }
  return { status: 200, body: JSON.stringify(answer) }
}

/** Holds the processor for `totalNs`, giving way to the loop after every `sliceNs` (0: never) and saying what is left. */
function* workInSlices(loop: Loop, totalNs: number, sliceNs: number): Generator<unknown, void> {
  const slice = sliceNs > 0 ? sliceNs : totalNs
  for (let left = totalNs; left > 0; left -= slice) {
    if (left < totalNs) {
      loop.currentTask?.setAttributes({ expectedNs: left })
      yield loop.yieldNow()
    }
    loop.work(Math.min(slice, left))
  }
}
