-- $first_room: where new players find themselves.
object { name = "The First Room", parents = { "room" } }

property { "description", "A bright, empty room that waits for somebody to build on. Type help." }
