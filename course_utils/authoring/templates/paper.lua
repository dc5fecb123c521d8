-- Pandoc filter for paper: says a tree (see tree.py) in the words of course.typ.

local function quote(text)
  return '"' .. text:gsub("\\", "\\\\"):gsub('"', '\\"'):gsub("\n", "\\n") .. '"'
end

-- A call of a function, with blocks, if there are any, as its last argument.
local function call(name, arguments, blocks)
  local opening = "#" .. name
  if #arguments > 0 or #blocks == 0 then
    opening = opening .. "(" .. table.concat(arguments, ", ") .. ")"
  end
  if #blocks == 0 then
    return pandoc.Blocks({ pandoc.RawBlock("typst", opening) })
  end
  local found = pandoc.Blocks({ pandoc.RawBlock("typst", opening .. "[") })
  found:extend(blocks)
  found:insert(pandoc.RawBlock("typst", "]"))
  return found
end

-- For each role, which is a function as well, the attributes that this one takes.
local roles = {
  predict = {}, rule = {}, see = {}, exercise = {}, pencil = {}, plan = {}, key = {},
  note = {}, deeper = {}, session = {}, group = { "title" }, room = { "lines" }, told = { "numbers" },
  squares = { "width", "height" }, ["name-line"] = { "points" },
  picture = { "name", "width", "height", "alt" },
}

-- Boxes to tick for its options, or a line for the place in an order, or for a number.
local function question(div)
  local found = pandoc.Blocks({})
  local option = div.attributes.kind == "order" and "place-for" or "tick"
  local asks_number = true
  for _, block in ipairs(div.content) do
    if block.t == "OrderedList" then
      asks_number = false
      for i, item in ipairs(block.content) do
        item[1].content:insert(1, pandoc.Str("(" .. string.char(96 + i) .. ")"))
        item[1].content:insert(2, pandoc.Space())
        found:extend(call(option, {}, item))
      end
    else
      found:insert(block)
    end
  end
  local sure = div.attributes.exam ~= "true"
  if asks_number or sure then
    found:extend(call("answer-line", { tostring(asks_number), tostring(sure) }, {}))
  end
  return call("question", {}, found)
end

function Div(div)
  local role = div.classes[1]
  if role == "question" then
    return question(div)
  end
  local arguments = pandoc.List(roles[role] or {}):map(function(name)
    return quote(div.attributes[name])
  end)
  return roles[role] and call(role, arguments, div.content) or div.content
end

local codes = { source = "cell", output = "out", mistake = "mistake-code" }

-- Code in prose is set like a code cell, without a number.
function CodeBlock(code)
  local class, more = code.classes[1] or "text", code.attributes
  local arguments = { quote(code.text) }
  if class == "source" then
    table.insert(arguments, quote(more.number))
    table.insert(arguments, "sticky: " .. (more.sticky or "false"))
  elseif class == "output" then
    table.insert(arguments, quote(code.classes[2] or ""))
  elseif class ~= "stub" and class ~= "solution" and class ~= "mistake" then
    class = "code-box"
  end
  if more.marks then
    table.insert(arguments, "marks: " .. more.marks)
  end
  return call(codes[class] or class, arguments, {})
end

-- A number in a label would make two labs in one book clash.
function Header(header)
  header.identifier = ""
  return header
end

-- A link to a file or an address is of no use on paper; its words are.
function Link(link)
  return link.content
end

function Image(image)
  return image.caption
end

-- A formula's text alternative is its source. A named one, $$ ... \tag{name}$$, carries
-- its name at the right margin.
function Math(math)
  -- Typst puts no space between the two columns of cases.
  math.text = math.text:gsub("\\begin{cases}.-\\end{cases}", function(cases)
    return cases:gsub("&", "\\quad &")
  end)
  local formula, name = math.text:match("^(.*)\\tag{([^}]*)}%s*$")
  math.text = formula or math.text
  local source = math.text:gsub("%s+", " ")
  local text = pandoc.write(pandoc.Pandoc({ pandoc.Para({ math }) }), "typst"):gsub("%s+$", "")
  -- Else typst sets the bars of |z| as if something stood on both sides of each.
  text = text:gsub("\\| (%w) \\|", "abs(%1)")
  local opening = name and "#named(" .. quote(name:gsub("\\_", "_")) .. ", " or "#formula("
  local alt = quote(source)
  return pandoc.RawInline("typst", opening .. alt .. ", " .. text .. ");")
end

-- Whether a paragraph is mostly code.
local function is_code(para)
  local letters, of_code = 0, 0
  para:walk({
    Str = function(str)
      letters = letters + #str.text
    end,
    Code = function(code)
      of_code = of_code + #code.text
    end,
  })
  return 2 * of_code > letters
end

-- A cell stays on the page of the line that says where its output is; a paragraph on that
-- of what it announces: a table, a formula, an output, and whatever comes after a colon.
-- So does one that stands alone between a heading and a question, an exercise, or a cell
-- without a picture.
function Blocks(blocks)
  local function starts(block, name)
    return block and block.t == "RawBlock" and block.text:find("^#" .. name .. "[%[%(]") ~= nil
  end
  local function is_formula(block)
    local raw = block and block.t == "Para" and #block.content == 1 and block.content[1]
    return raw and raw.t == "RawInline" and raw.text:find(", %$ ") ~= nil
  end
  local found = pandoc.Blocks({})
  for i, block in ipairs(blocks) do
    local before, after = blocks[i - 1], blocks[i + 1]
    if starts(block, "cell") and starts(after, "told") then
      found:extend(call("keep", {}, { block }))
    elseif block.t ~= "Para" then
      found:insert(block)
    else
      local cell = starts(after, "cell") and not starts(blocks[i + 2], "picture")
      local alone = cell or starts(after, "exercise") or starts(after, "question")
      alone = alone and before and before.t == "Header"
      local tells = pandoc.utils.stringify(block):find(":$") or is_formula(after)
      local kept = after and (alone or tells or starts(after, "grid%-table") or starts(after, "out"))
      local said = is_code(block) and call("ragged", {}, { block }) or pandoc.Blocks({ block })
      found:extend(kept and call("keep", {}, said) or said)
    end
  end
  return found
end

-- Tables without pandoc's figure around them: course.typ gives them their rules.
function Table(table)
  local text = pandoc.write(pandoc.Pandoc({ table }), "typst-smart")
  return call("grid-table", { text:match("#(table%b())") }, {})
end
