# SPDX-FileCopyrightText: The rnnc authors
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# Reads GoogleTest's XML results, lists what was skipped and why, and ends with the line of counts.
function attribute(name,    found) {
  if (!match($0, " " name "=\"[^\"]*\"")) return ""
  found = substr($0, RSTART, RLENGTH)
  sub(/^[^"]*"/, "", found)
  sub(/"$/, "", found)
  return found
}
function plain(text) {
  gsub(/&lt;/, "<", text); gsub(/&gt;/, ">", text); gsub(/&quot;/, "\"", text); gsub(/&apos;/, "'", text)
  gsub(/&#x0A;/, " ", text); gsub(/&amp;/, "\\&", text)
  sub(/^[^ ]*:[0-9]+ /, "", text)  # the place in the test's source
  return text
}
/<testcase / {
  name = attribute("classname") "." attribute("name")
  result = attribute("result")
  run = attribute("status") == "run"
  counted_failure = 0
  if (result == "skipped") skipped++
  else if (result == "completed" && run) passed++
  else if (!run) { skipped++; print "skipped: " name ": disabled in the source" }
}
/<skipped message=/ { print "skipped: " name ": " plain(attribute("message")) }
/<failure message=/ && !counted_failure { counted_failure = 1; passed--; failed++; print "failed: " name }
END {
  printf "%d passed, %d failed, %d skipped\n", passed, failed, skipped
  exit failed > 0
}
