-- $thing: what can be carried.
object { name = "thing", parents = { "root" }, flags = "fertile readable" }
