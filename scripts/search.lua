-- $search: going through the whole world, with the permissions of whoever asks. Each of these
-- suspends when its budget runs low, so that a big world takes a while and holds up nobody.
object { name = "search", parents = { "root" }, flags = "readable" }

-- $search:called(text): the objects in whose name or aliases the text is, at most 200.
verb { "called", function()
  set_task_perms(caller_perms(player))
  local text, found = args[1]:lower(), {}
  for number = 0, tonumber((tostr(max_object()):sub(2))) do
    if ticks_left() < 2000 then suspend(0) end
    local object = toobj(number)
    if valid(object) then
      local names = { object.name }
      local readable, aliases = pcall(function() return object.aliases end)
      for _, alias in ipairs(readable and aliases or {}) do names[#names + 1] = tostr(alias) end
      for _, name in ipairs(names) do
        if name:lower():find(text, 1, true) then
          found[#found + 1] = object
          break
        end
      end
      if #found == 200 then break end
    end
  end
  return found
end }

-- $search:code(text, objects): {object, names, line number, line} for each line of readable code
-- with the text in it, at most 500; in all objects if none are given.
verb { "code", function()
  set_task_perms(caller_perms(player))
  local text, among, found = args[1], args[2], {}
  local last = among and #among - 1 or tonumber((tostr(max_object()):sub(2)))
  for number = 0, last do
    if ticks_left() < 5000 then suspend(0) end
    local object = among and among[number + 1] or toobj(number)
    local listed, names = pcall(verbs, object)
    for place, spelled in ipairs(listed and names or {}) do
      if ticks_left() < 5000 then suspend(0) end
      local readable, code = pcall(verb_code, object, place)
      if readable and code:find(text, 1, true) then
        local line = 0
        for source in (code .. "\n"):gmatch("(.-)\n") do
          line = line + 1
          if source:find(text, 1, true) then found[#found + 1] = { object, spelled, line, source } end
          if #found == 500 then return found end
        end
      end
    end
  end
  return found
end }
