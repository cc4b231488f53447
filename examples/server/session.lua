-- A request that keeps a cart of a megabyte or so for the next one.
cart = {}
for i = 1, 8000 do
    cart[i] = {article = "article " .. i, count = i % 7, price = i * 1.25}
end
print(#cart)
