/** Who is in which room. */
export class Rooms<Member> {
  readonly #members = new Map<string, Set<Member>>()

  join(room: string, member: Member): number {
    const members = this.#members.get(room) ?? new Set()
    members.add(member)
    this.#members.set(room, members)
    return members.size
  }

  /** Leaves every room; an empty one is forgotten. */
  leaveAll(member: Member): void {
    for (const [room, members] of this.#members) {
      if (members.delete(member) && members.size === 0) this.#members.delete(room)
    }
  }

  /** Those who are there now; who comes or goes meanwhile changes nothing. */
  in(room: string): Member[] {
    return [...(this.#members.get(room) ?? [])]
  }
}
