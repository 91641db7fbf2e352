-- $root: what every object can do.
object { name = "root", flags = "fertile readable" }

property { "description", "You see nothing special.", perms = "rc" }
property { "aliases", {}, perms = "rc" }

verb { "tell", function()
end }

verb { "look_self", function()
  player:tell({ title = this.name }, " (", this, ")")
  player:tell_text(this.description)
end }

-- root:accept(thing): whether this lets it in.
verb { "accept", function()
  return false
end }

-- root:find_inside("key"): what is in this by that name or number; E_INVARG if nothing is.
verb { "find_inside", function()
  local word = args[1]:lower()
  for _, object in ipairs(this.contents) do
    for _, name in ipairs({ tostr(object), object.name, table.unpack(object.aliases) }) do
      if tostr(name):lower() == word then return object end
    end
  end
  raise(E_INVARG, "There is no \"" .. args[1] .. "\" in " .. this.name .. ".")
end }
