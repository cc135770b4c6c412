package main

import (
	"flag"
	"os"
	"os/signal"
	"syscall"
	"time"
)

func exitAfter(f *flag.FlagSet, args []string) (int, error) {
	code := f.Int("code", 0, "exit code")
	after := f.Duration("after", 0, "how long to run")
	text := f.String("say", "", "a line to print first")
	if err := f.Parse(args); err != nil {
		return 0, err
	}
	if *text != "" {
		say(*text)
	}
	time.Sleep(*after)
	return *code, nil
}

func ignoreStop() (int, error) {
	ignoreSignals()
	say("ready", os.Getpid())
	hang()
	return 0, nil
}

// grace stops as a good program does, and prints one more line on its way: the one that a careless supervisor loses.
func grace(f *flag.FlagSet, args []string) (int, error) {
	code := f.Int("code", 0, "exit code")
	after := f.Duration("after", 0, "how long stopping takes")
	if err := f.Parse(args); err != nil {
		return 0, err
	}
	asked := make(chan os.Signal, 1)
	signal.Notify(asked, syscall.SIGTERM, os.Interrupt)
	say("ready", os.Getpid())
	say("stopping on", <-asked)
	time.Sleep(*after)
	os.Stdout.WriteString("last line") // without a newline
	return *code, nil
}
