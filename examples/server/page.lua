-- What most requests want: a page of some rows.
local rows = {}
for i = 1, 200 do
    rows[i] = string.format("<tr><td>%d</td><td>row %d of request %d</td></tr>", i, i, request)
end
print("<table>" .. table.concat(rows, "\n") .. "</table>")
