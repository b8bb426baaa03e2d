import { describeHttpServer } from './http-server.conformance.ts'
import { servingWith } from './start-in-child.ts'

describeHttpServer('priority on epoll', servingWith('priority', 'epoll'))
describeHttpServer('fifo on libuv', servingWith('fifo', 'libuv'))
describeHttpServer("Node's own loop", servingWith('node', 'libuv'))
