/**
 * The form in which a round's process is told its task and answers. Counted up with every change after which a
 * process of another version would misread its task or leave out a part of it: `check --against` runs the processes
 * of an older commit, and refuses those that count otherwise.
 */
export const PROTOCOL = 1
