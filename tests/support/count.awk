# Counts what a ctest run contained, from its LastTest.log: "passed failed".
#
# A program of Criterion counts with each of its tests, as its closing line
# tells them; any other ctest test counts once, and so does a busted.* program,
# which is meant to fail and which ctest passes for that. A unit test without a
# closing line has crashed and counts as a failure, and so does a program that
# ctest fails (a sanitizer's report, say) though its own count is clean.
function close_test()
{
    if (name == "") {
        return
    }
    if (tested >= 0) {
        passed += passing
        failed += tested - passing
        if (!ok && tested == passing) {
            failed++
        }
    } else if (ok && name !~ /^unit\./) {
        passed++
    } else {
        failed++
    }
    name = ""
}

/^[0-9]+\/[0-9]+ Testing: / {
    close_test()
    name = $3
    ok = 0
    tested = -1
    passing = 0
}

/Synthesis: Tested: / && name !~ /^busted\./ {
    line = $0
    sub(/.*Synthesis: Tested: /, "", line)
    tested = line + 0
    sub(/.*Passing: /, "", line)
    passing = line + 0
}

/^Test (Passed\.|Pass Reason:)$/ {
    ok = 1
}

END {
    close_test()
    print passed + 0, failed + 0
}
