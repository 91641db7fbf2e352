-- $note: a thing with a text, for people and for guests to read.
object { name = "note", parents = { "thing" }, flags = "fertile readable" }

-- Its lines.
property { "text", {}, perms = "rc" }

verb { "read", "this none none", function()
  -- read NOTE
  -- Shows what is written on a note.
  player:tell_text(#this.text > 0 and this.text or "Nothing is written on it.")
end }

verb { "write", "any on this", function()
  -- write TEXT on NOTE
  -- Adds a line to a note of yours; @edit NOTE.text changes the others.
  set_task_perms(caller_perms(player))
  if dobjstr == "" then return player:usage() end
  local ok, why = pcall(function()
    local lines = this.text
    lines[#lines + 1] = $text:unquote(dobjstr)
    player:tell("It has ", $text:count(#this.text, "line"), " now.")
  end)
  if not ok then player:tell_error(why) end
end }

verb { "erase", "this none none", function()
  -- erase NOTE
  -- Takes all lines off a note of yours.
  set_task_perms(caller_perms(player))
  local ok, why = pcall(function()
    this.text = {}
    player:tell("It is blank.")
  end)
  if not ok then player:tell_error(why) end
end }
