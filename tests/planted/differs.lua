-- Its answer is an address, so it differs from heap to heap and from run to run.
local answer = tostring({})
print(answer)
return answer
