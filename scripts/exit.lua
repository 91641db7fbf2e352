-- $exit: a way from one room to another. It stands in the list `exits` of the room that it leaves.
object { name = "exit", parents = { "root" }, flags = "fertile readable" }

-- The room behind it; false: nowhere yet.
property { "dest", false, perms = "rc" }
property { "description", "A way out." }
-- What the others see: "Name leaves to the north."; nothing if it is empty. "" stands for its name.
property { "leave_text", "", perms = "rc" }
property { "arrive_text", "comes in.", perms = "rc" }

-- exit:leads_to(): the room behind it, #-1 if there is none.
verb { "leads_to", function()
  local dest = this.dest
  return type(dest) == "object" and valid(dest) and dest or #-1
end }

-- Whether the player may go through: true, or false and what to say. For exits to override.
verb { "allows", function()
  return true
end }

-- Takes the player through, with the caller's permissions: nobody is moved by another's code.
verb { "invoke", function()
  set_task_perms(caller_perms(player))
  local dest = this:leads_to()
  if not valid(dest) then return player:tell(this.name, " leads nowhere.") end
  local open, why = this:allows(player)
  if not open then return player:tell(why or "You cannot go that way.") end
  local leaving = this.leave_text ~= "" and this.leave_text or "leaves by " .. this.name .. "."
  local ok, failed = pcall(function() player:travel(dest, leaving, this.arrive_text) end)
  if not ok then player:tell_error(failed) end
end }

verb { "look_self", function()
  pass()
  local dest = this:leads_to()
  if valid(dest) then player:tell("It leads to ", dest.name, ".") end
end }
