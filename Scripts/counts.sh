# What the test runners report in their logs; sourced, not run. Each function takes a log and prints three numbers:
# passed, failed, skipped.

swift_counts() {
    local total bad skipped
    total=$(($(sed -n 's/.*Test run with \([0-9]*\) tests* .*/\1/p' "$1" | paste -sd+)))
    # A test is one word or a sentence in quotes; the cases of one are announced with their arguments, whatever those say.
    local test='^. Test ([^" ]+|".*")'
    bad=$(grep -cE "$test( with [0-9]+ test cases?)? failed after " "$1")
    skipped=$(grep -cE "$test skipped" "$1")
    echo "$((total - bad - skipped)) $bad $skipped"
}

node_counts() {
    local word numbers=()
    for word in pass fail skipped; do
        numbers+=("$(sed -nE "s/^(#|ℹ) $word ([0-9]+)\$/\2/p" "$1")")
    done
    echo "${numbers[0]:-0} ${numbers[1]:-0} ${numbers[2]:-0}"
}

pytest_counts() {
    local closing word numbers=()
    closing=$(grep -E '^=+ .* in [0-9.]+s' "$1" | tail -n 1)
    for word in passed failed error skipped; do
        numbers+=("$(grep -oE "[0-9]+ $word" <<<"$closing" | tr -dc 0-9)")
    done
    echo "${numbers[0]:-0} $((${numbers[1]:-0} + ${numbers[2]:-0})) ${numbers[3]:-0}"
}
