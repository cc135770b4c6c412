package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"time"
)

// identity is what the process sees of itself.
type identity struct {
	PID, PPID int
	UID, GID  int // -1 on Windows
	Groups    []int
	Umask     int // -1 on Windows
	Dir       string
	Args, Env []string
}

func whoAmI() identity {
	id := identity{PID: os.Getpid(), PPID: os.Getppid(), UID: os.Getuid(), GID: os.Getgid(), Umask: umask(),
		Args: os.Args, Env: os.Environ()}
	id.Groups, _ = os.Getgroups() // Windows has none
	id.Dir, _ = os.Getwd()
	return id
}

func self() (int, error) { return 0, json.NewEncoder(os.Stdout).Encode(whoAmI()) }

const maxEat = 1 << 30

// eat takes memory and touches every page of it, at most 1 GiB.
func eat(f *flag.FlagSet, args []string) (int, error) {
	bytes := f.Int("bytes", 64<<20, "how much")
	hold := f.Bool("hold", false, "keep it until ended")
	if err := f.Parse(args); err != nil {
		return 0, err
	}
	if *bytes < 0 || *bytes > maxEat {
		return 0, errors.New("-bytes must be 0 to 1 Gi")
	}
	memory := make([]byte, *bytes)
	sum := byte(0)
	for i := 0; i < len(memory); i += 4096 {
		memory[i] = byte(i>>12) | 1
	}
	say("ready", *bytes)
	if *hold {
		hang()
	}
	for i := 0; i < len(memory); i += 4096 {
		sum += memory[i]
	}
	say("sum", sum)
	return 0, nil
}

// touch appends one line, "NANOSECONDS PID", to FILE in one write and hangs, or exits with -exit.
// started is the monotonic clock, in nanoseconds, at the beginning of main.
func touch(f *flag.FlagSet, started int64, args []string) (int, error) {
	code := f.Int("exit", -1, "exit with this code instead of hanging")
	if len(args) == 0 {
		return 0, errors.New("touch: a file is needed")
	}
	if err := f.Parse(args[1:]); err != nil {
		return 0, err
	}
	file, err := os.OpenFile(args[0], os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o666)
	if err != nil {
		return 0, err
	}
	if _, err := file.WriteString(fmt.Sprintf("%d %d\n", started, os.Getpid())); err != nil {
		return 0, err
	}
	if *code >= 0 {
		return *code, nil
	}
	for {
		time.Sleep(time.Hour)
	}
}
