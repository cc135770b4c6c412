// Command testprog is a real child for tests and benchmarks: one verb for each way a program can behave, misbehave or
// fall. It prints one line "ready …" where a test has something to wait for.
//
//	testprog exit  [-code N] [-after D] [-say TEXT]
//	testprog hang
//	testprog ignore-stop                      every signal that can be ignored is
//	testprog grace [-code N] [-after D]       on SIGTERM: a last line, D later exit code N
//	testprog fork  [-n N] [-daemon] [-ignore] [-leave [-code N]]
//	testprog flood [-n LINES] [-size BYTES] [-chunk BYTES] [-rate LINES/S] [-hold]
//	testprog raw   tail | nul | utf8 | long | split
//	testprog http  [-addr A] [-ready-after D] [-listen-fds]
//	testprog tcp   [-addr A]
//	testprog self                             arguments, environment, folder, ids as JSON
//	testprog eat   [-bytes N] [-hold]
//	testprog touch FILE [-exit N]             appends "nanoseconds pid" of its first instruction
//	testprog exec  COMMAND ARG…
//	testprog reach PID…                       Linux: tries to get into other processes; says what worked, as JSON
//	testprog lease FILE                       Linux: holds a write lease on a file of its user's, and gives it up to nobody
//	testprog window [-deaf]                   Windows: a hidden window that ends it on WM_CLOSE; deaf to Ctrl+C
//	testprog breakaway                        Windows: tries to start a child outside of its job
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"time"
)

func main() {
	code, err := run(clock(), os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "testprog:", err)
		code = 99 // no verb ends with it unasked
	}
	os.Exit(code)
}

// run does what args ask for and gives the exit code. started is the monotonic clock at the beginning of main.
func run(started int64, args []string) (int, error) {
	if len(args) == 0 {
		return 0, errors.New("a verb is needed; see the source")
	}
	f := flag.NewFlagSet(args[0], flag.ContinueOnError)
	args = args[1:]
	switch f.Name() {
	case "exit":
		return exitAfter(f, args)
	case "hang":
		say("ready")
		hang()
	case "input":
		return input()
	case "ignore-stop":
		return ignoreStop()
	case "grace":
		return grace(f, args)
	case "fork":
		return fork(f, args)
	case "double-fork": // the middle process of fork -daemon
		return doubleFork(args)
	case "flood":
		return flood(f, args)
	case "raw":
		return raw(args)
	case "http":
		return serveHTTP(f, args)
	case "tcp":
		return serveTCP(f, args)
	case "self":
		return self()
	case "eat":
		return eat(f, args)
	case "touch":
		return touch(f, started, args)
	case "exec":
		return execOther(args)
	case "reach":
		return reach(args)
	case "lease":
		return lease(args)
	case "window":
		return window(f, args)
	case "breakaway":
		return breakaway()
	}
	return 0, fmt.Errorf("no verb %q", f.Name())
}

// say writes one line in one write, so that nothing of another process gets in between.
func say(words ...any) { os.Stdout.WriteString(fmt.Sprintln(words...)) }

// input reads what comes, until the end of it.
func input() (int, error) {
	say("ready")
	n, err := io.Copy(io.Discard, os.Stdin)
	say("end of input after", n, "bytes")
	return 0, err
}

// hang does nothing, for good. An empty select would be taken for a deadlock.
func hang() {
	for {
		time.Sleep(time.Hour)
	}
}
