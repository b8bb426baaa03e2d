import { killAll } from '../measure/process.ts'
import type { Ending, Terminal } from './command.ts'

export interface SignalWatch {
  ending: Ending | undefined
  stopWatching(): void
}

/** A signal ends the children at once; what is recorded stays. */
export function watchSignals(terminal: Terminal): SignalWatch {
  const watch: SignalWatch = {
    ending: undefined,
    stopWatching: () => {
      process.off('SIGINT', onInterrupt)
      process.off('SIGTERM', onTerminate)
    },
  }
  const stop = (ending: Ending) => {
    watch.ending = ending
    killAll()
    terminal.err('\nStopping\n')
  }
  const onInterrupt = () => stop('interrupted')
  const onTerminate = () => stop('terminated')
  process.on('SIGINT', onInterrupt)
  process.on('SIGTERM', onTerminate)
  return watch
}
