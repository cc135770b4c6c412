package main

import (
	"bufio"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
)

const maxChildren = 10_000

// fork starts n children and prints "child PID" for each once it runs, then "ready".
func fork(f *flag.FlagSet, args []string) (int, error) {
	n := f.Int("n", 1, "children, at most 10,000")
	daemon := f.Bool("daemon", false, "each in a session of its own, its parent gone (double fork)")
	ignore := f.Bool("ignore", false, "the children ignore every signal")
	leave := f.Bool("leave", false, "exit and leave the children")
	code := f.Int("code", 0, "exit code")
	if err := f.Parse(args); err != nil {
		return 0, err
	}
	if *n < 0 || *n > maxChildren {
		return 0, fmt.Errorf("-n must be 0 to %d", maxChildren)
	}
	verb := "hang"
	if *ignore {
		verb = "ignore-stop"
	}
	for range *n {
		pid, err := startChild(verb, *daemon)
		if err != nil {
			return 0, err
		}
		say("child", pid)
	}
	say("ready", os.Getpid())
	if !*leave {
		hang()
	}
	return *code, nil
}

// startChild starts this program again with verb and waits until it is ready. It gives the pid of what stays.
func startChild(verb string, daemon bool) (pid int, err error) {
	exe, err := os.Executable()
	if err != nil {
		return 0, err
	}
	cmd := exec.Command(exe, verb)
	if daemon {
		cmd = exec.Command(exe, "double-fork", verb)
	}
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return 0, err
	}
	if err := cmd.Start(); err != nil {
		return 0, err
	}
	pid = cmd.Process.Pid
	lines := bufio.NewScanner(out)
	if !daemon {
		if !lines.Scan() {
			return 0, errors.New("the child ended before it was ready")
		}
		return pid, nil
	}
	ready := false
	for pid = 0; pid == 0 || !ready; { // the middle process and the child write to the same pipe, in no order
		if !lines.Scan() {
			return 0, errors.New("the middle process or the child said nothing")
		}
		if _, err := fmt.Sscanf(lines.Text(), "child %d", &pid); err != nil {
			ready = true
		}
	}
	return pid, cmd.Wait()
}

// doubleFork starts verb in a new session, says its pid and ends, so that the child's parent is gone.
func doubleFork(args []string) (int, error) {
	exe, err := os.Executable()
	if err != nil || len(args) != 1 {
		return 0, fmt.Errorf("double-fork: %v %v", args, err)
	}
	cmd := exec.Command(exe, args[0])
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	newSession(cmd)
	if err := cmd.Start(); err != nil {
		return 0, err
	}
	say("child", cmd.Process.Pid)
	return 0, nil
}
