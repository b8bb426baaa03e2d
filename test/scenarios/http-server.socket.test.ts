import { describeHttpServer } from './http-server.conformance.ts'
import { startInChild } from './start-in-child.ts'

describeHttpServer('epoll in a child process', startInChild)
