-- $root: what every object can do.
object { name = "root", flags = "fertile" }

property { "description", "You see nothing special.", perms = "rc" }
property { "aliases", {}, perms = "rc" }

verb { "tell", function()
end }

verb { "look_self", function()
  player:tell(this.name .. " (" .. this .. ")")
  player:tell(this.description)
end }
