/** Prints the digest of the mixed program under the policy in the first argument. */
import { digestOf } from './digest-of.ts'

process.stdout.write(`${await digestOf(process.argv[2]!)}\n`)
