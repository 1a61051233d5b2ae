#!/usr/bin/env bats
# The scripts that judge the tests are tested themselves: a runner that loses a crash is worse than none.

setup() {
  cd "$BATS_TEST_DIRNAME/../.." || exit 1
  unset SUBCA_TALLY
}

# program NAME: an executable shell script from standard input
program() {
  { echo '#!/bin/sh'; cat; } >"$BATS_TEST_TMPDIR/$1"
  chmod +x "$BATS_TEST_TMPDIR/$1"
}

last_line() {
  echo "${lines[${#lines[@]} - 1]}"
}

# judged EXIT-CODE LAST-LINE PROGRAM...
judged() {
  local code=$1 last=$2
  shift 2
  run scripts/run-tests -t 2 "${@/#/$BATS_TEST_TMPDIR/}"
  echo "$output"
  [ "$status" -eq "$code" ] && [ "$(last_line)" = "$last" ]
}

@test "run-tests adds up passes and skips of every program" {
  program one <<<'printf "1..2\nok 1 - a\nnot ok 2 # SKIP b\n"'
  program two <<<'printf "1..2\nok 1 a\nok 2 b # skip no data\n"'
  judged 0 "2 passed, 0 failed, 2 skipped" one two
}

@test "run-tests shows a failure in full" {
  program one <<<'printf "1..2\nok 1 - a\nnot ok 2 - b\n# the reason\n"; exit 1'
  judged 1 "1 passed, 1 failed, 0 skipped" one
  [[ $output == *"the reason"* ]]
}

@test "run-tests counts a crash as failed" {
  program one <<<'printf "1..3\nok 1 - a\n"; kill -SEGV $$'
  judged 1 "1 passed, 1 failed, 0 skipped" one
  [[ $output == *"SIGSEGV after 1 of 3"* ]]
}

@test "run-tests counts a program that ends before its plan is done, though with exit code 0" {
  program one <<<'printf "1..3\nok 1 - a\nok 2 - b\n"'
  judged 1 "2 passed, 1 failed, 0 skipped" one
}

@test "run-tests counts an exit code that no test explains" {
  program one <<<'printf "1..1\nok 1 - a\n"; exit 3'
  judged 1 "1 passed, 1 failed, 0 skipped" one
}

@test "run-tests ends a program that hangs" {
  program one <<<'printf "1..1\n"; sleep 60'
  judged 1 "0 passed, 1 failed, 0 skipped" one
  [[ $output == *"did not end within 2 s"* ]]
}

@test "run-tests fails where no test ran, and where a program is missing" {
  run scripts/run-tests
  [ "$status" -eq 1 ]
  [ "$(last_line)" = "0 passed, 1 failed, 0 skipped" ]
  program empty <<<'true'
  judged 1 "0 passed, 1 failed, 0 skipped" empty
  judged 1 "0 passed, 1 failed, 0 skipped" missing
}

@test "run-tests takes a check by its exit code, and appends the counts to a tally" {
  SUBCA_TALLY=$BATS_TEST_TMPDIR/tally run scripts/run-tests -c true -c false -c 'exit 77'
  [ "$status" -eq 1 ]
  [ "$(last_line)" = "1 passed, 1 failed, 1 skipped" ]
  [ "$(cat "$BATS_TEST_TMPDIR/tally")" = "1 1 1" ]
}

@test "bootstrap lists its packages and knows its groups" {
  run scripts/bootstrap --list build
  [ "$status" -eq 0 ]
  [[ $output == *libssl-dev* && $output != *bats* ]]
  run scripts/bootstrap --list nosuch
  [ "$status" -eq 2 ]
}
