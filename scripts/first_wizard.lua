-- $first_wizard: the first player of a new world, who owns everything in it.
object {
  name = "Wizard",
  parents = { "wiz" },
  flags = "player programmer wizard",
  location = "first_room",
}
