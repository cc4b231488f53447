-- Ends with an error of its own.
error("planted failure")
